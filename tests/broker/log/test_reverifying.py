"""The whole log is verified by the clock: signed results, a person called, and nothing half done."""

from __future__ import annotations

import asyncio
import threading
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from broker.log.logbook import Logbook
from broker.log.reverifying import JOB, LOOK, Reverification
from broker.store.engine import Store
from broker.store.verifications import State, Verification
from signing.errors import SignatureInvalid
from signing.log.note import NoteSigner, open_checkpoint, open_note
from signing.vault import Vault
from tests.broker.rig import Rig
from tests.broker.store.samples import message
from tests.clock import ManualClock
from tests.vaults import NEW, OLD

DAY = timedelta(days=1)
NIGHT = time(2, 30)


def made(store: Store, folder: Path, clock: ManualClock, **options: Any) -> Reverification:
    """A re-verification of the log in ``store`` that takes all the time there is."""
    signer = NoteSigner("lienthong.example/log", bytes(32))
    logbook = Logbook(store, folder, clock, signer)
    return Reverification(store, logbook, signer, "truc-he-thong", clock, **{"share": 1.0} | options)


def fill(store: Store, entries: int) -> None:
    """A log of so many entries."""
    store.write_sync(lambda tx: [tx.messages.add(message(f"m{n}")) for n in range(entries)])


def change(store: Store, statement: str) -> None:
    """Change the database itself, as somebody with its password could."""
    with store._writing.begin() as conn:
        conn.execute(text(statement))


def state(store: Store, index: int) -> State:
    """How far an entry is proven."""
    return store.read(lambda tx: tx.verifications.states([index]))[index]


async def test_result_is_signed_and_kept(store: Store, tmp_path: Path, clock: ManualClock) -> None:
    """A log in order: all entries become verified, nobody is called, and the note opens with the log's key."""
    fill(store, 600)
    again = made(store, tmp_path, clock)
    assert state(store, 0) is State.PENDING
    result = await again.run()
    assert result is not None
    assert (result.ok, result.size, result.findings) == (True, 600, 0)
    assert store.read(lambda tx: tx.verifications.last()) == result
    assert store.read(lambda tx: tx.work.list()).items == []
    assert (state(store, 599), state(store, 600)) == (State.VERIFIED, State.PENDING)
    report = open_note(result.report, [again._signer.verifier])
    assert "nguyên vẹn" in report
    assert report.splitlines()[0] == "lienthong.example/log/verification"


async def test_no_result_passes_for_a_head(store: Store, tmp_path: Path, clock: ManualClock) -> None:
    """The signed report is no checkpoint of the log, though the same key signed it."""
    fill(store, 3)
    again = made(store, tmp_path, clock)
    result = await again.run()
    assert result is not None
    with pytest.raises(SignatureInvalid, match="of the log"):
        open_checkpoint(result.report, again._signer.verifier)


@pytest.mark.parametrize(
    ("statement", "broken", "told"),
    [
        ("UPDATE messages SET leaf_hash = salt WHERE idx = 300", 300, "hash"),
        ("UPDATE messages SET body = salt WHERE idx = 299", 299, "body"),
        ("UPDATE messages SET agency = 'khác' WHERE idx = 4", 4, "agency"),
        ("UPDATE messages SET at = 'hôm qua' WHERE idx = 4", 4, "cannot be read"),
        (
            "UPDATE messages SET body = CAST(x'01ffffffff' || substr(body, 6) AS BLOB) WHERE idx = 4",
            4,
            "be opened",
        ),
        ("UPDATE messages SET body = NULL, salt = NULL WHERE idx = 5", 5, "no entry says who"),
        ("DELETE FROM messages WHERE idx = 7", 7, "missing"),
        ("UPDATE log_head SET size = 599", None, "head"),
    ],
)
async def test_what_was_changed_is_found(
    sqlite_url: str,
    open_store: Any,
    tmp_path: Path,
    clock: ManualClock,
    statement: str,
    broken: int,
    told: str,
) -> None:
    """Bodies, hashes, rows, gaps and the head: found, shown beside the entry, and the owner is called once."""
    store = open_store(sqlite_url)
    fill(store, 600)
    change(store, statement)
    again = made(store, tmp_path, clock)
    for _ in range(2):
        result = await again.run()
        assert result is not None
        assert not result.ok
    assert "KHÔNG" in result.report
    [item] = store.read(lambda tx: tx.work.list()).items
    assert (item.kind, item.owner) == ("log", "truc-he-thong")
    assert told in result.report
    if broken is not None:
        assert state(store, broken) is State.BROKEN
    assert state(store, 100) is not State.VERIFIED


async def test_a_lost_key_is_no_broken_log(
    database_url: str, open_store: Any, tmp_path: Path, clock: ManualClock
) -> None:
    """Bodies whose data key is away cannot be compared: a person is told which key, and nothing is called broken."""
    fill(open_store(database_url), 3)
    store = open_store(database_url, vault=Vault([NEW]))
    assert await made(store, tmp_path, clock).run() is None
    [item] = store.read(lambda tx: tx.work.list()).items
    assert f"{OLD.id}.data.key" in item.reason
    assert store.read(lambda tx: tx.verifications.last()) is None


async def test_due_once_a_night_and_again_if_it_died(
    store: Store, tmp_path: Path, clock: ManualClock
) -> None:
    """A run that ended serves until the next night; one that died before its end is made again."""
    fill(store, 3)
    again = made(store, tmp_path, clock)
    assert await again.look(DAY, NIGHT) is not None
    assert await again.look(DAY, NIGHT) is None
    clock.advance(seconds=DAY.total_seconds())
    died = made(store, tmp_path, clock)
    died.stop()
    store.write_sync(lambda tx: [*(tx.messages.add(message(f"x{n}")) for n in range(600))])
    assert await died.look(DAY, NIGHT) is None
    assert await again.look(DAY, NIGHT) is not None
    assert await again.look(DAY, NIGHT) is None


async def test_a_run_holds_the_looks_ahead(store: Store, tmp_path: Path, clock: ManualClock) -> None:
    """While one process verifies, no other takes the next look."""
    fill(store, 300)
    assert await made(store, tmp_path, clock).run() is not None
    held = store.read(lambda tx: tx.runs.last(JOB))
    assert held is not None
    assert clock() < held <= clock() + LOOK


async def test_what_comes_meanwhile_is_read_too(store: Store, tmp_path: Path, clock: ManualClock) -> None:
    """Messages and erasures during a run are no findings, and the run is at work for its share of time only."""
    fill(store, 600)
    at_work = threading.Event()
    ticks = iter(range(10_000))
    later = clock() + DAY

    def stopwatch() -> float:
        at_work.set()
        return next(ticks) / 100_000

    again = made(store, tmp_path, clock, share=0.5, stopwatch=stopwatch)

    async def meanwhile() -> None:
        await asyncio.to_thread(at_work.wait)
        erased = await store.write(lambda tx: tx.erasure.bodies(later, later, 10))
        entry = message("gone", kind="erasure", body=b'{"entries": %s}' % str(erased).encode())
        await store.write(lambda tx: tx.messages.add(entry))

    result, _ = await asyncio.gather(again.run(), meanwhile())
    assert result is not None
    assert result.ok, result.report


async def test_of_a_hub(rig: Rig) -> None:
    """The hub's own job verifies what happened."""
    await rig.opened()
    assert JOB in [job.name for job in rig.hub.scheduler.jobs]
    await rig.hub.log.book.checkpoint()
    assert await rig.hub.scheduler.tick(JOB)
    last = rig.hub.store.read(lambda tx: tx.verifications.last())
    assert isinstance(last, Verification)
    assert last.ok


async def test_nobody_writes_lines_of_the_report(
    sqlite_url: str, open_store: Any, tmp_path: Path, clock: ManualClock
) -> None:
    """What somebody put into the log stays within the line of its finding."""
    store = open_store(sqlite_url)
    fill(store, 3)
    change(store, "UPDATE messages SET at = char(10) || 'kết luận (verdict): nguyên vẹn' WHERE idx = 1")
    result = await made(store, tmp_path, clock).run()
    assert result is not None
    assert not result.ok
    assert "\nkết luận (verdict): nguyên vẹn" not in result.report
