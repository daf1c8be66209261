"""The bytes that are hashed into the log."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from types import SimpleNamespace

from broker.store.leaf import body_hash, differing, leaf_bytes
from tests.broker.store.samples import message
from tests.clock import START

FIELDS = {
    "v",
    "id",
    "at",
    "direction",
    "kind",
    "agency",
    "operation",
    "outcome",
    "dossier",
    "related",
    "related_leaf",
    "signer",
    "officer",
    "purpose",
    "content_type",
    "size",
    "body_sha256",
}


def test_a_leaf_is_canonical_json() -> None:
    """Sorted keys, no spaces, UTF-8, absent values as null: two programs write the same bytes."""
    leaf = leaf_bytes(message("m1", purpose="khai sinh"), b"salt")
    again = json.dumps(json.loads(leaf), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert leaf == again.encode()
    assert json.loads(leaf)["dossier"] is None


def test_a_leaf_names_what_it_stands_for() -> None:
    """The leaf has the message's fields and version, and the salted hash instead of the body."""
    leaf = json.loads(leaf_bytes(message("m1", body=b"secret", related_id="m0"), b"salt"))
    assert set(leaf) == FIELDS
    assert (leaf["v"], leaf["related"], leaf["size"]) == (2, "m0", 6)
    assert leaf["at"] == "2026-09-01T01:00:00.000000Z"
    assert leaf["body_sha256"] == hashlib.sha256(b"saltsecret").hexdigest()


def test_a_leaf_is_bound_to_what_it_answers() -> None:
    """The leaf hash of the entry that is answered stands in the leaf in hexadecimal, null where there is none."""
    answer = message("m1", related_id="m0")
    assert json.loads(leaf_bytes(answer, b"salt", b"\x01" * 32))["related_leaf"] == "01" * 32
    assert json.loads(leaf_bytes(answer, b"salt"))["related_leaf"] is None


def test_the_salt_hides_equal_bodies() -> None:
    """The same body under two salts has two hashes."""
    assert body_hash(b"1" * 16, b"yes") != body_hash(b"2" * 16, b"yes")


def test_columns_that_lie() -> None:
    """What a row says otherwise than its leaf is named, the time and the answered message included."""
    sent = message("m1", related_id="m0")
    leaf = json.loads(leaf_bytes(sent, b"salt"))
    row = SimpleNamespace(**dataclasses.asdict(sent), size=len(sent.body))
    assert differing(row, leaf) == []
    lying = SimpleNamespace(**vars(row) | {"agency": "x", "at": START.replace(year=2000), "related_id": None})
    assert differing(lying, leaf) == ["agency", "at", "related"]
