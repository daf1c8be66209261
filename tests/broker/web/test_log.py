"""The log as any client of transparency logs reads it, and what is turned away as an entry of it."""

from __future__ import annotations

import base64
import dataclasses
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from broker.canonical.schemas import Schemas
from broker.config.hub import Client
from broker.log.refusals import Refusals
from broker.store.engine import Store
from broker.store.rows import MessageFilter
from broker.web.app import create_app
from broker.web.log import LogRest
from signing.log import merkle
from signing.log.cosignature import CosignatureSigner
from signing.log.note import Checkpoint, NoteSigner, open_checkpoint, sign_checkpoint
from signing.log.proof import Proof
from signing.log.tiles import WIDTH
from tests.broker.store.samples import message
from tests.broker.web.conftest import intake
from tests.broker.web.fakes import KEY, KEYS, NOW, FakeHub
from tests.broker.web.serving import SMALL, Caller, serving
from tests.clock import START

LOG = NoteSigner("lienthong.example/log", bytes(range(32)))
WITNESS = CosignatureSigner("witness.example/w1", bytes(range(1, 33)))
SIZE = WIDTH + 44
SIGNED = 290


def fill(store: Store) -> list[bytes]:
    """A log with two tiles, a head with a co-signature and a newer one without; its leaf hashes."""
    store.write_sync(lambda tx: [tx.messages.add(message(f"m{number}")) for number in range(SIZE)][:0])
    entries = store.read(lambda tx: list(tx.log.entries()))
    for size in (SIGNED, SIZE):
        root = merkle.tree_root(entry.leaf_hash for entry in entries[:size])
        note = sign_checkpoint(Checkpoint(LOG.name, size, root), LOG)
        store.write_sync(lambda tx, note=note, size=size: tx.log.add_checkpoint(note, size, START))
    head = store.read(lambda tx: tx.proofs.at_size(SIGNED))
    assert head is not None
    line = WITNESS.cosignature_line(head.note.partition("\n\n")[0] + "\n", START).rstrip("\n")
    store.write_sync(lambda tx: tx.cosignatures.add(SIGNED, "w1", START, line))
    return [entry.leaf_hash for entry in entries]


@dataclasses.dataclass(frozen=True)
class Served:
    """A web face over a real log."""

    call: Caller
    store: Store
    leaves: list[bytes]

    def get(self, path: str, key: str | None = None, **fields: str) -> Any:
        """The answer to a GET below /log."""
        return self.call("GET", f"/log/{path}", key=key, **fields)

    def refused(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Agency, outcome and body of what was turned away, oldest first."""
        rows = self.store.read(lambda tx: tx.messages.search(MessageFilter(kind="refused"))).items[::-1]
        read = self.store.read
        return [
            (row.agency, row.outcome, json.loads(read(lambda tx, r=row: tx.messages.body(r.id))))
            for row in rows
        ]


@pytest.fixture
def sqlite_store(sqlite_url: str, open_store: Callable[..., Store]) -> Store:
    """An empty log."""
    return open_store(sqlite_url)


@pytest.fixture
def served(schemas: Schemas, sqlite_store: Store) -> Iterator[Served]:
    """The web face with two clients, of whom one may see the log."""
    ids = map("id-{}".format, itertools.count())
    clients = {
        "dvcqg": Client(id="dvcqg", key="k", may=frozenset({"log"})),
        "other": Client(id="other", key="k"),
    }
    leaves = fill(sqlite_store)
    app = create_app(
        FakeHub(schemas),
        schemas=schemas,
        keys=KEYS,
        new_id=ids.__next__,
        public_url="https://hub.test",
        intake=intake(),
        tree=LogRest(sqlite_store, clients),
        refusals=Refusals(sqlite_store, lambda: NOW, ids.__next__, per_source=20),
        bounds=SMALL,
    )
    with serving(app, bounds=SMALL) as (host, port):
        yield Served(Caller(host, port), sqlite_store, leaves)


def test_the_newest_cosigned_head_is_public(served: Served) -> None:
    """A plain note, which verifies; a newer head that no witness has signed yet is not given out before it."""
    heard = served.get("checkpoint")
    assert heard.headers["content-type"].startswith("text/plain")
    note = heard.body.decode()
    assert open_checkpoint(note, LOG.verifier).size == SIGNED
    assert open_checkpoint(note, WITNESS.verifier, origin=LOG.name).size == SIGNED


def test_a_client_can_compute_the_root_from_tiles(served: Served) -> None:
    """Full tiles and partial ones hold the hashes of the tree, level by level; full ones may be kept for ever."""
    full, rest = served.get("tile/0/000"), served.get(f"tile/0/001.p/{SIGNED - WIDTH}")
    assert full.body + rest.body == b"".join(served.leaves[:SIGNED])
    assert "immutable" in full.headers["cache-control"]
    assert rest.headers["cache-control"] == "no-store"
    above = served.get("tile/1/000.p/1")
    assert above.body == merkle.tree_root(served.leaves[:WIDTH])


ABSENT = [
    "tile/0/002",
    "tile/0/001",
    "tile/0/001.p/150",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/999",
    "tile/0/0",
    "tile/0/x000",
    "tile/8/000",
    "tile/-1/000",
    "tile/1/000",
    "tile/0/x001/000",
    "tile/0/x999/x999/x999/x999/x999/999",
    "proof/inclusion?index=400",
    "proof/inclusion?index=5&size=5",
    "proof/inclusion?index=5&size=401",
    "proof/consistency?old=5&new=401",
    "proof/consistency?old=5&new=4",
]


def test_what_the_log_does_not_have_is_not_found(served: Served) -> None:
    """Tiles beyond the end, widths that a tile cannot have, numbers in another form, proofs of sizes never reached."""
    assert {path: served.get(path).status for path in ABSENT} == dict.fromkeys(ABSENT, 404)


def test_a_question_without_numbers_is_refused(served: Served) -> None:
    """What is missing or no number is named."""
    for asked in ("inclusion", "inclusion?index=-1", "inclusion?index=01", "consistency?old=x"):
        assert served.get(f"proof/{asked}").status == 422


def test_inclusion_is_proven(served: Served) -> None:
    """As JSON for programs, and as tlog-proof, which verifies alone under the co-signed head."""
    for index in (0, 255, 256, 289):
        said = served.get(f"proof/inclusion?index={index}").json()
        assert (said["size"], base64.b64decode(said["leaf"])) == (SIGNED, served.leaves[index])
        path = [base64.b64decode(line) for line in said["hashes"]]
        merkle.verify_inclusion(served.leaves[index], index, SIGNED, path, base64.b64decode(said["root"]))
        text = served.get(f"proof/inclusion?index={index}&size={SIGNED}", accept="text/plain").body.decode()
        proof = Proof.from_text(text)
        assert (proof.index, proof.note) == (index, said["checkpoint"])
        proof.check(served.leaves[index])


def test_a_size_that_was_never_signed_has_no_file(served: Served) -> None:
    """The proof can be had as JSON; a file without a signed head would prove nothing."""
    assert served.get("proof/inclusion?index=1&size=77").json()["checkpoint"] is None
    assert served.get("proof/inclusion?index=1&size=77", accept="text/plain").status == 404


def test_consistency_is_proven(served: Served) -> None:
    """Between any two sizes; without a newer one up to all entries."""
    for old, new in ((0, 5), (7, 290), (256, SIZE), (SIZE, SIZE)):
        said = served.get(f"proof/consistency?old={old}" + (f"&new={new}" if new != SIZE else "")).json()
        roots = [base64.b64decode(said[name]) for name in ("old_root", "new_root")]
        path = [base64.b64decode(line) for line in said["hashes"]]
        merkle.verify_consistency(said["old"], said["new"], *roots, path)
        assert roots == [merkle.tree_root(served.leaves[:size]) for size in (old, new)]


def test_entries_are_for_those_who_may_see_the_log(served: Served) -> None:
    """Each leaf behind its length; nobody and clients without the right get none."""
    bundle = served.call("GET", "/log/tile/entries/001.p/2")
    leaves, rest = [], bundle.body
    while rest:
        length = int.from_bytes(rest[:2], "big")
        leaves.append(rest[2 : 2 + length])
        rest = rest[2 + length :]
    assert [merkle.leaf_hash(leaf) for leaf in leaves] == served.leaves[WIDTH : WIDTH + 2]
    assert served.get("tile/entries/000").status == 401
    assert served.get("tile/entries/000", key="other").status == 403
    assert served.call("GET", "/log/tile/entries/009").status == 404


def test_before_the_first_head_there_is_none(schemas: Schemas, sqlite_store: Store) -> None:
    """A log that has signed nothing says so."""
    ids = map("id-{}".format, itertools.count())
    app = create_app(
        FakeHub(schemas),
        schemas=schemas,
        keys=KEYS,
        new_id=ids.__next__,
        public_url="https://hub.test",
        tree=LogRest(sqlite_store, {}),
    )
    with serving(app) as (host, port):
        assert Caller(host, port)("GET", "/log/checkpoint").status == 404


REFUSED = [
    ("POST", "/api/v1/dossiers", b"{", None, {}, 401, "unauthorized"),
    ("POST", "/soap/intake", b"<x/>", None, {"content_type": "text/xml"}, 401, "unauthorized"),
    (
        "POST",
        "/api/v1/dossiers",
        b"x" * 300_000,
        "dvcqg",
        {"content_type": "application/xml"},
        413,
        "too-large",
    ),
    ("POST", "/api/v1/dossiers", b"x", "dvcqg", {"content_type": "image/png"}, 415, "unsupported-media-type"),
    ("GET", "/api/v1/dossiers/G22.99.08-260915-999999", None, "dvcqg", {}, 404, "not-found"),
    ("DELETE", "/api/v1/dossiers", None, "dvcqg", {}, 405, "method-not-allowed"),
    ("GET", "/nothing", None, None, {}, 404, "not-found"),
    ("GET", "/log/tile/entries/000", None, "other", {}, 403, "forbidden"),
]


@pytest.mark.parametrize(("method", "path", "body", "who", "fields", "status", "outcome"), REFUSED)
def test_what_is_turned_away_is_an_entry(
    served: Served,
    method: str,
    path: str,
    body: bytes | None,
    who: str | None,
    fields: dict[str, str],
    status: int,
    outcome: str,
) -> None:
    """Who, where, why and what, committed before the answer; a body by its beginning, length and hash."""
    key = {"dvcqg": KEY, "other": "other"}.get(who or "")
    assert served.call(method, path, body, key=key, **fields).status == status
    [(agency, why, said)] = served.refused()
    assert (agency, why) == (who or "unknown", outcome)
    assert (said["path"], said["status"], said["method"]) == (path, status, method)
    if body is not None and status != 413:
        assert base64.b64decode(said["body"])[: len(body)] in (body, b"")
