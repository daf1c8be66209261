"""Somebody with access to the database changes the message log of a completed dossier: each change is found."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from broker.log.logbook import Logbook
from broker.store.engine import Store
from broker.store.salt import new_salt
from lienthong.demo.world import HUB_KEY
from signing.log.note import load_note_key
from signing.vault import load_vault
from signing.verifier.logcheck import LogReport
from tests.clock import ManualClock
from tests.worlds import birth, stage

Tamper = Callable[[sqlite3.Connection], object]


@pytest.fixture(scope="module")
def completed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a world in which one dossier has been completed, and the head of the log signed twice."""
    folder = tmp_path_factory.mktemp("completed")

    async def run() -> None:
        async with stage(folder) as world:
            code = await world.submit(birth())
            await world.settle()
            await world.hub.log.book.checkpoint()
            await world.finish(code)
            await world.hub.log.book.checkpoint()

    asyncio.run(run())
    return folder


@pytest.fixture
def hub_folder(completed: Path, tmp_path: Path) -> Path:
    """A copy of it to tamper with."""
    return Path(shutil.copytree(completed, tmp_path / "hub"))


@contextmanager
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    """The hub's database as its thief sees it: plain SQL."""
    with closing(sqlite3.connect(folder / "hub.sqlite3")) as connection, connection:
        yield connection


def verified(folder: Path) -> LogReport:
    """What the hub says about its log."""
    url = f"sqlite:///{folder / 'hub.sqlite3'}"
    vault = load_vault(folder / "keys")
    store = Store.open(url, clock=ManualClock(), new_id=lambda: "id", salt=new_salt, vault=vault)
    with closing(store):
        logbook = Logbook(store, folder / "data", ManualClock())
        return logbook.verify(load_note_key(folder / "keys", HUB_KEY).verifier)


def errors(report: LogReport) -> set[tuple[int | None, str]]:
    """Entry and place of every error."""
    return {(found.index, found.place) for found in report.findings if found.severity == "error"}


def test_untouched(hub_folder: Path) -> None:
    """A log that nobody touched verifies, every body of it, and a signed head covers all of it."""
    report = verified(hub_folder)
    assert report.ok
    assert report.findings == []
    assert report.bodies == report.entries > 50


def test_one_byte_of_a_body(hub_folder: Path) -> None:
    """A changed byte of a message is found at that message."""
    with database(hub_folder) as sql:
        (body,) = sql.execute("SELECT body FROM messages WHERE idx = 7").fetchone()
        changed = body[:-2] + bytes([body[-2] ^ 1]) + body[-1:]
        sql.execute("UPDATE messages SET body = ? WHERE idx = 7", (changed,))
    assert errors(verified(hub_folder)) == {(7, "body")}


def test_a_leaf(hub_folder: Path) -> None:
    """Who sent a message, to whom and when is in its leaf: a changed leaf is found at that message."""
    with database(hub_folder) as sql:
        (leaf,) = sql.execute("SELECT leaf FROM messages WHERE idx = 7").fetchone()
        sql.execute("UPDATE messages SET leaf = ? WHERE idx = 7", (leaf.replace(b"2026", b"2025"),))
    found = errors(verified(hub_folder))
    assert (7, "leaf") in found
    assert {place for _, place in found} > {"leaf"}, "the signed heads contradict it too"


def test_a_leaf_with_its_hash(hub_folder: Path) -> None:
    """A leaf that was changed together with its stored hash is contradicted by every signed head that covers it."""
    with database(hub_folder) as sql:
        (leaf,) = sql.execute("SELECT leaf FROM messages WHERE idx = 7").fetchone()
        leaf = leaf.replace(b"2026", b"2025")
        hashed = hashlib.sha256(b"\0" + leaf).digest()
        sql.execute("UPDATE messages SET leaf = ?, leaf_hash = ? WHERE idx = 7", (leaf, hashed))
    assert errors(verified(hub_folder)) >= {(None, "head"), (None, "checkpoint 1"), (None, "checkpoint 2")}


def test_two_entries_swapped(hub_folder: Path) -> None:
    """The order of messages is part of what was signed."""
    with database(hub_folder) as sql:
        for old, new in ((7, -1), (8, 7), (-1, 8)):
            sql.execute("UPDATE messages SET idx = ? WHERE idx = ?", (new, old))
    assert errors(verified(hub_folder)) >= {(None, "head"), (None, "checkpoint 1"), (None, "checkpoint 2")}


def test_one_entry_deleted(hub_folder: Path) -> None:
    """A missing message is found by its number."""
    with database(hub_folder) as sql:
        sql.execute("DELETE FROM messages WHERE idx = 7")
    assert (7, "index") in errors(verified(hub_folder))


def test_the_tail_cut_off(hub_folder: Path) -> None:
    """Messages deleted from the end contradict the head, even if the head is set back and its signature deleted."""
    with database(hub_folder) as sql:
        (size,) = sql.execute("SELECT size FROM log_checkpoints ORDER BY id LIMIT 1").fetchone()
        sql.execute("DELETE FROM messages WHERE idx > ?", (size,))
        sql.execute("DELETE FROM log_checkpoints WHERE size > ?", (size,))
    report = verified(hub_folder)
    places = {place for _, place in errors(report)}
    assert places == {"head", "checkpoint 2"}
    assert any("the tail was cut off" in found.text for found in report.findings)


def test_signed_heads_deleted_from_the_database(hub_folder: Path) -> None:
    """The file beside the database still has them, so a forger of the database alone is found out."""
    with database(hub_folder) as sql:
        sql.execute("DELETE FROM log_checkpoints")
        (leaf,) = sql.execute("SELECT leaf FROM messages WHERE idx = 7").fetchone()
        leaf = leaf.replace(b"2026", b"2025")
        hashed = hashlib.sha256(b"\0" + leaf).digest()
        sql.execute("UPDATE messages SET leaf = ?, leaf_hash = ? WHERE idx = 7", (leaf, hashed))
    assert (None, "checkpoint 1") in errors(verified(hub_folder))


def test_the_file_of_signed_heads_deleted(hub_folder: Path) -> None:
    """Without the file, the heads in the database still hold the log; without both, verification says so."""
    (hub_folder / "data" / "checkpoints.txt").unlink()
    assert verified(hub_folder).ok
    with database(hub_folder) as sql:
        sql.execute("DELETE FROM log_checkpoints")
    report = verified(hub_folder)
    assert [(found.severity, found.place) for found in report.findings] == [("warning", "checkpoints")]


def test_a_forged_signed_head(hub_folder: Path) -> None:
    """A head that the log's key has not signed is not believed, and reported."""
    file = hub_folder / "data" / "checkpoints.txt"
    notes = file.read_text(encoding="utf-8")
    first = notes.splitlines()[1]
    file.write_text(notes.replace(first, str(int(first) + 1), 1), encoding="utf-8")
    assert not verified(hub_folder).ok
