"""Opening, reading and writing: what a caller of the store may rely on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from broker.store.connect import writer_engine
from broker.store.engine import Store
from broker.store.errors import StoreError, StoreUnavailable, WrongRevision
from tests.broker.store.samples import dossier, message


def test_a_missing_database_is_not_created(open_store: Callable[..., Store], empty_sqlite_url: str) -> None:
    """Opening a path that is not there says what to do, and leaves no file behind."""
    with pytest.raises(WrongRevision, match="lienthong db upgrade"):
        open_store(empty_sqlite_url)
    assert not Path(empty_sqlite_url.removeprefix("sqlite:///")).exists()


def test_an_empty_database_is_refused(open_store: Callable[..., Store], empty_postgres_url: str) -> None:
    """A database without tables says what to do."""
    with pytest.raises(WrongRevision, match="lienthong db upgrade"):
        open_store(empty_postgres_url)


def test_another_revision_is_refused(open_store: Callable[..., Store], database_url: str) -> None:
    """A database of another release is not touched."""
    engine = writer_engine(database_url)
    with engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = 'v9999'"))
    engine.dispose()
    with pytest.raises(WrongRevision, match="v9999"):
        open_store(database_url)


def test_a_server_that_is_not_there(open_store: Callable[..., Store]) -> None:
    """A database server that does not answer is unavailable, not an error of the driver."""
    with pytest.raises(StoreUnavailable):
        open_store("postgresql://nobody@127.0.0.1:1/nothing")


async def test_a_write_gives_back_its_result(store: Store) -> None:
    """The result of the unit is the result of the write."""
    assert (
        await store.write(lambda tx: tx.dossiers.next_number("birth", dossier("1").received_at.date())) == 1
    )


async def test_a_failing_unit_hurts_nobody_else(store: Store) -> None:
    """Of units that share a transaction only the failing one leaves no trace, and its caller hears of it."""

    def fails(tx):  # type: ignore[no-untyped-def]
        tx.dossiers.add(dossier("x"))
        tx.messages.add(message("x"))
        raise LookupError("mine")

    units = [lambda tx, n=n: tx.messages.add(message(f"m{n}")) for n in range(9)]
    units.insert(4, fails)
    results = await asyncio.gather(*map(store.write, units), return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [LookupError]
    assert store.read(lambda tx: tx.log.head()).size == 9
    assert store.read(lambda tx: tx.dossiers.list()).items == []


async def test_a_cancelled_waiter_does_not_stop_the_writer(store: Store) -> None:
    """Whoever waits may give up; the unit is done all the same and the next one as well."""
    waiting = asyncio.ensure_future(store.write(lambda tx: tx.messages.add(message("m1"))))
    await asyncio.sleep(0)
    waiting.cancel()
    await store.write(lambda tx: tx.messages.add(message("m2")))
    assert store.read(lambda tx: tx.log.head()).size == 2


def test_a_read_cannot_write(store: Store) -> None:
    """A query that writes is refused by the database itself."""
    with pytest.raises(StoreError):
        store.read(lambda tx: tx.dossiers.add(dossier("1")))
    assert store.read(lambda tx: tx.dossiers.list()).items == []


def test_a_read_is_a_snapshot(store: Store) -> None:
    """What is committed while a read is under way is not seen by it."""

    def query(tx):  # type: ignore[no-untyped-def]
        before = tx.log.head().size
        store.write_sync(lambda tx: tx.messages.add(message("m1")))
        return before, tx.log.head().size

    assert store.read(query) == (0, 0)
    assert store.read(lambda tx: tx.log.head()).size == 1


async def test_reads_in_threads(store: Store) -> None:
    """Many reads at once do not disturb each other."""
    await store.write(lambda tx: tx.messages.add(message("m1")))
    bodies = await asyncio.gather(*(store.aread(lambda tx: tx.messages.body("m1")) for _ in range(20)))
    assert set(bodies) == {message("m1").body}


async def test_close_commits_what_was_queued(open_store: Callable[..., Store], database_url: str) -> None:
    """Closing answers all writers first; afterwards the store refuses, and closing again is harmless."""
    store = open_store(database_url)
    waiting = [store.write(lambda tx, n=n: tx.messages.add(message(f"m{n}"))) for n in range(50)]
    tasks = [asyncio.ensure_future(wait) for wait in waiting]
    await asyncio.sleep(0)
    store.close()
    await asyncio.gather(*tasks)
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.write(lambda tx: None)
    store.close()
    assert open_store(database_url).read(lambda tx: tx.log.head()).size == 50
