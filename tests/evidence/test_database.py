"""Somebody with the database changes the log in it, on SQLite and on PostgreSQL: verification says what, and where.

What the thief can do grows from test to test: change a row, make rows fit each other again, remove the signed heads
too, and at last set everything back to an older copy. The last takes a witness to be noticed.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from broker.log.logbook import Logbook
from broker.store.engine import Store, Tx
from signing.log import merkle
from signing.log.note import Checkpoint, sign_checkpoint
from signing.log.witness import AddCheckpoint, Memory, Witness, WitnessRefusal
from signing.verifier.logcheck import LogReport
from tests.broker.store.samples import message
from tests.clock import START
from tests.evidence.building import LOG, ORIGIN, STAMPED, WITNESS, token

SIZE, FIRST = 300, 100  # more than a tile; the heads of both sizes are signed, stamped and co-signed


@dataclasses.dataclass
class World:
    """A log and what stands around it."""

    store: Store
    logbook: Logbook
    folder: Path

    def fill(self, start: int, stop: int) -> None:
        """Requests and answers, each answer bound to its request."""

        def add(tx: Tx) -> None:
            for number in range(start, stop):
                answers = {"kind": "reply", "related_id": f"m{number - 1}"} if number % 2 else {}
                tx.messages.add(message(f"m{number}", **answers))

        self.store.write_sync(add)

    async def sign(self) -> None:
        """A signed head, with a time-stamp and a co-signature."""
        size = await self.logbook.checkpoint()
        assert size is not None
        kept = self.store.read(lambda tx: tx.log.last_checkpoint())
        assert kept is not None
        line = WITNESS.cosignature_line(kept.note.rpartition("\n\n")[0] + "\n", STAMPED).rstrip("\n")
        stamp = token(kept.note.encode())

        def keep(tx: Tx) -> None:
            tx.timestamps.add(size, "ngoai", STAMPED, stamp, independent=True)
            tx.cosignatures.add(size, WITNESS.name, STAMPED, line)

        self.store.write_sync(keep)

    def sql(self, statement: str, **values: Any) -> None:
        """Run a statement behind the hub's back."""
        self.store.write_sync(lambda tx: tx.log._conn.execute(text(statement), values))

    def value(self, statement: str, **values: Any) -> Any:
        """One value from the database."""
        return self.store.read(lambda tx: tx.log._conn.execute(text(statement), values).scalar_one())

    def verify(self) -> LogReport:
        """What `lienthong log verify` does."""
        return self.logbook.verify(LOG.verifier)


@pytest.fixture
async def world(store: Store, tmp_path: Path) -> World:
    """A log of 300 entries, on both databases."""
    made = World(
        store,
        Logbook(store, tmp_path, lambda: START, LOG, [WITNESS.verifier]),
        tmp_path,  # type: ignore[list-item]
    )
    made.fill(0, FIRST)
    await made.sign()
    made.fill(FIRST, SIZE)
    await made.sign()
    return made


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    """Somebody else, who has seen no head of the log yet."""
    with closing(Memory(tmp_path / "witness")) as memory:
        yield Witness(WITNESS, {ORIGIN: [LOG.verifier]}, memory, lambda: STAMPED)


def errors(report: LogReport) -> set[tuple[int | None, str]]:
    """Entry and place of every error."""
    return {(found.index, found.place) for found in report.findings if found.severity == "error"}


HEADS = {(None, "head"), (None, "checkpoint 1"), (None, "checkpoint 2")}


async def test_untouched(world: World) -> None:
    """Nothing is found; every answer is bound to its request."""
    report = world.verify()
    assert (report.findings, report.entries, report.bound) == ([], SIZE, SIZE // 2)


def changed(column: str, at: int = 7) -> Callable[[World], None]:
    """One byte of a column of an entry."""

    def change(world: World) -> None:
        value = bytes(world.value(f"SELECT {column} FROM messages WHERE idx = :at", at=at))
        other = value[:-2] + bytes([value[-2] ^ 1]) + value[-1:]
        world.sql(f"UPDATE messages SET {column} = :other WHERE idx = :at", other=other, at=at)

    return change


def does(*statements: str, **values: Any) -> Callable[[World], None]:
    """Statements of SQL."""

    def change(world: World) -> None:
        for statement in statements:
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            world.sql(statement, **used)

    return change


def forge(world: World, index: int = 7) -> None:
    """Change a leaf and its hash together."""
    leaf = bytes(world.value("SELECT leaf FROM messages WHERE idx = :at", at=index))
    leaf = leaf.replace(b'"outcome":"ok"', b'"outcome":"no"')
    values = {"leaf": leaf, "hash": merkle.leaf_hash(leaf), "at": index}
    world.sql("UPDATE messages SET leaf = :leaf, leaf_hash = :hash, outcome = 'no' WHERE idx = :at", **values)


def rebuild(world: World) -> None:
    """Make head and tiles fit the entries again."""
    hashes = [merkle.leaf_hash(entry.leaf) for entry in world.store.read(lambda tx: list(tx.log.entries()))]
    frontier = merkle.Frontier()
    frontier.extend(hashes)
    values = {"size": frontier.size, "root": frontier.root, "frontier": frontier.to_bytes()}
    world.sql("UPDATE log_head SET size = :size, root = :root, frontier = :frontier", **values)
    world.sql("DELETE FROM log_tiles")
    for number in range(len(hashes) // 256):
        tile = hashes[number * 256 : number * 256 + 256]
        put = "INSERT INTO log_tiles (level, idx, hashes) VALUES (:level, :idx, :hashes)"
        world.sql(put, level=0, idx=number, hashes=b"".join(tile))
        world.sql(put, level=1, idx=0, hashes=merkle.tree_root(tile))


Expected = set[tuple[int | None, str]]
TAMPERED: Mapping[str, tuple[Callable[[World], None], Expected]] = {
    "body": (changed("body"), {(7, "body")}),
    "salt": (changed("salt"), {(7, "body")}),
    "hash": (changed("leaf_hash"), {(7, "leaf_hash")}),
    "body removed": (does("UPDATE messages SET body = NULL, salt = NULL WHERE idx = 7"), {(7, "body")}),
    "body of another": (
        does("UPDATE messages SET body = (SELECT body FROM messages WHERE idx = 8) WHERE idx = 7"),
        {(7, "body")},
    ),
    "column": (does("UPDATE messages SET agency = 'bhxh' WHERE idx = 7"), {(7, "row")}),
    "time": (
        does("UPDATE messages SET at = (SELECT max(at) FROM log_timestamps) WHERE idx = 7"),
        {(7, "row")},
    ),
    "delete": (does("DELETE FROM messages WHERE idx = 7"), {(7, "index")} | HEADS),
    "delete many": (does("DELETE FROM messages WHERE idx BETWEEN 7 AND 280"), {(7, "index")} | HEADS),
    "insert": (
        does(
            "UPDATE messages SET idx = idx + 1000 WHERE idx > 7",
            "UPDATE messages SET idx = idx - 999 WHERE idx > 1000",
        ),
        {(8, "index")} | HEADS,
    ),
    "swap": (
        does(
            "UPDATE messages SET idx = -1 WHERE idx = 7",
            "UPDATE messages SET idx = 7 WHERE idx = 8",
            "UPDATE messages SET idx = 8 WHERE idx = -1",
        ),
        HEADS,
    ),
    "truncate": (does("DELETE FROM messages WHERE idx >= 290"), {(None, "head"), (None, "checkpoint 2")}),
    "forge": (forge, HEADS),
    "head": (does("UPDATE log_head SET root = :root", root=bytes(32)), {(None, "head")}),
    "head set back": (does("UPDATE log_head SET size = 299"), {(None, "head")}),
    "tile": (
        does("UPDATE log_tiles SET hashes = :zero WHERE level = 0", zero=bytes(8192)),
        {(None, "tile 0/0")},
    ),
    "tile above": (
        does("UPDATE log_tiles SET hashes = :zero WHERE level = 1", zero=bytes(32)),
        {(None, "tile 1/0")},
    ),
    "tile beyond": (
        does("INSERT INTO log_tiles (level, idx, hashes) VALUES (0, 9, :zero)", zero=bytes(8192)),
        {(None, "tile 0/9")},
    ),
    "checkpoint": (
        does("UPDATE log_checkpoints SET note = replace(note, '100', '101') WHERE size = 100"),
        {(None, "checkpoint 1"), (None, "time-stamp of 100"), (None, "cosignature of 100")},
    ),
    "checkpoint removed": (
        does("DELETE FROM log_checkpoints WHERE size = 100"),
        {(None, "time-stamp of 100"), (None, "cosignature of 100")},
    ),
    "time-stamp": (
        does("UPDATE log_timestamps SET token = :token WHERE size = 100", token=token(b"other")),
        {(None, "time-stamp of 100")},
    ),
    "time beside the time-stamp": (
        does("UPDATE log_timestamps SET at = (SELECT at FROM messages WHERE idx = 0) WHERE size = 100"),
        {(None, "time-stamp of 100")},
    ),
    "time-stamp of another head": (
        does("UPDATE log_timestamps SET size = 300"),
        {(None, "time-stamp of 300")},
    ),
    "cosignature": (
        does(
            "DELETE FROM log_cosignatures WHERE size = 300",
            "UPDATE log_cosignatures SET size = 300 WHERE size = 100",
        ),
        {(None, "cosignature of 300")},
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
async def test_tampered_with(world: World, name: str) -> None:
    """Each change is found at its place."""
    tamper, expected = TAMPERED[name]
    tamper(world)
    report = world.verify()
    assert not report.ok
    assert errors(report) >= expected, errors(report)


async def test_only_the_place(world: World) -> None:
    """A change of one entry that fits nothing else is found at that entry and nowhere else."""
    changed("body", at=150)(world)
    assert errors(world.verify()) == {(150, "body")}


async def test_everything_made_to_fit(world: World) -> None:
    """Leaf, hash, tree and head rewritten together still contradict every signed head that covers the entry."""
    forge(world, 150)
    rebuild(world)
    report = world.verify()
    assert errors(report) == {(None, "checkpoint 2"), (151, "leaf")}, "and its answer holds another hash"
    assert any("the first 100 agree" in found.text for found in report.findings)


async def test_signed_heads_removed_too(world: World) -> None:
    """The file beside the database still has the signed heads."""
    forge(world)
    rebuild(world)
    for table in ("log_checkpoints", "log_timestamps", "log_cosignatures"):
        world.sql(f"DELETE FROM {table}")
    assert errors(world.verify()) == {(None, "checkpoint 1"), (None, "checkpoint 2")}


async def test_set_back_to_an_older_copy(world: World) -> None:
    """A database that was set back is shorter than the heads in the file say."""
    back(world)
    report = world.verify()
    assert errors(report) == {(None, "checkpoint 2")}
    assert any("the tail was cut off" in found.text for found in report.findings)


async def test_set_back_with_its_file(world: World, witness: Witness) -> None:
    """If the file is set back too, all here fits together: the witness remembers better, and signs nothing."""
    for size in (FIRST, SIZE):
        witness.add_checkpoint(asked(world, 0 if size == FIRST else FIRST, size))
    back(world)
    file = world.folder / "checkpoints.txt"
    file.write_text(file.read_text(encoding="utf-8").split("\f\n")[0] + "\f\n", encoding="utf-8")
    assert world.verify().ok
    world.fill(FIRST, FIRST + 50)
    await world.sign()
    with pytest.raises(WitnessRefusal) as refused:
        witness.add_checkpoint(asked(world, FIRST, FIRST + 50))
    assert (refused.value.status, refused.value.known) == (409, SIZE)
    world.fill(FIRST + 50, SIZE + 50)
    await world.sign()
    with pytest.raises(WitnessRefusal) as refused:
        witness.add_checkpoint(asked(world, SIZE, SIZE + 50))
    assert refused.value.status == 422, "the new history has as many entries, and others"


async def test_forged_with_the_key(world: World, witness: Witness) -> None:
    """Whoever has the log's key as well can sign another history: not the witness's memory of the first."""
    witness.add_checkpoint(asked(world, 0, SIZE))
    forge(world)
    rebuild(world)
    for table in ("log_checkpoints", "log_timestamps", "log_cosignatures"):
        world.sql(f"DELETE FROM {table}")
    (world.folder / "checkpoints.txt").unlink()
    await world.logbook.checkpoint()
    assert world.verify().ok, "nothing here remembers the first history"
    with pytest.raises(WitnessRefusal) as refused:
        witness.add_checkpoint(asked(world, SIZE, SIZE))
    assert refused.value.status == 422


def back(world: World) -> None:
    """Set the database back to when it had a hundred entries."""
    world.sql("DELETE FROM messages WHERE idx >= 100")
    for table in ("log_checkpoints", "log_timestamps", "log_cosignatures"):
        world.sql(f"DELETE FROM {table} WHERE size > 100")
    rebuild(world)


def asked(world: World, old: int, size: int) -> bytes:
    """What the hub asks a witness about its log of ``size`` entries."""
    root, path = world.store.read(lambda tx: (tx.log.root(size), tx.log.consistency(old, size)))
    note = sign_checkpoint(Checkpoint(ORIGIN, size, root), LOG)
    return AddCheckpoint(old, tuple(path), note).text.encode()


async def test_an_answer_exchanged_by_the_hub(world: World) -> None:
    """An entry that names one request and holds the hash of another is found, though it was chained so."""
    leaf = bytes(world.value("SELECT leaf FROM messages WHERE idx = 299"))
    own = world.value("SELECT leaf_hash FROM messages WHERE idx = 298")
    assert bytes(own).hex().encode() in leaf
    other = hashlib.sha256(b"another").hexdigest().encode()
    leaf = leaf.replace(bytes(own).hex().encode(), other)
    values = {"leaf": leaf, "hash": merkle.leaf_hash(leaf)}
    world.sql("UPDATE messages SET leaf = :leaf, leaf_hash = :hash WHERE idx = 299", **values)
    assert (299, "leaf") in errors(world.verify())
