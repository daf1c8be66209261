"""Troubles of the database come out as StoreUnavailable, and the store is back when the database is."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, exc

from broker.store import connect
from broker.store.engine import Store
from broker.store.errors import Conflict, StoreError, StoreUnavailable
from broker.store.invariants import check
from tests.broker.store.samples import message


@pytest.mark.parametrize(
    ("url", "complaint"),
    [("mysql://x/y", "mysql"), ("sqlite://", "needs a file"), ("sqlite:///:memory:", "needs a file")],
)
def test_databases_that_would_lose_data_are_refused(url: str, complaint: str) -> None:
    """Only what the promises were tested on is accepted."""
    with pytest.raises(StoreError, match=complaint):
        connect.database_url(url)


def test_sqlite_is_durable(sqlite_url: str) -> None:
    """The writer's connection syncs every commit and checks references."""
    with connect.writer_engine(sqlite_url).connect() as conn:
        settings = {
            name: conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_postgresql_is_durable(postgres_url: str) -> None:
    """A server that would answer COMMIT too early is told not to, for our connections."""
    name = psycopg.conninfo.conninfo_to_dict(postgres_url)["dbname"]
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    engine = connect.writer_engine(postgres_url)
    with engine.connect() as conn:
        assert conn.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"
    engine.dispose()


def test_a_locked_database(open_store: Callable[..., Store], sqlite_url: str) -> None:
    """A lock held elsewhere for too long is reported; when it is gone, writing goes on."""
    store = open_store(sqlite_url, busy_timeout=0.01)
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        store.write_sync(lambda tx: tx.messages.add(message("m1")))
    holder.execute("ROLLBACK")
    holder.close()
    store.write_sync(lambda tx: tx.messages.add(message("m1")))
    assert check(store) == []


@pytest.fixture
def disk() -> Iterator[dict[str, int]]:
    """Bounds the size of SQLite databases, in pages; 0 is no bound."""
    bound = {"pages": 0}

    def apply(conn: Any, *_: Any) -> None:
        if isinstance(conn, sqlite3.Connection):
            conn.execute(f"PRAGMA max_page_count={bound['pages'] or 2**30}")

    event.listen(Engine, "checkout", apply)
    yield bound
    event.remove(Engine, "checkout", apply)


async def test_a_full_disk(open_store: Callable[..., Store], sqlite_url: str, disk: dict[str, int]) -> None:
    """On a full disk every waiter is told and nothing is stored; when there is room again it works."""
    store = open_store(sqlite_url)
    disk["pages"] = 1
    units = [lambda tx, n=n: tx.messages.add(message(f"m{n}", body=b"x" * 100_000)) for n in range(5)]
    results = await asyncio.gather(*map(store.write, units), return_exceptions=True)
    assert {type(result) for result in results} == {StoreUnavailable}
    disk["pages"] = 0
    await asyncio.gather(*map(store.write, units))
    assert store.read(lambda tx: tx.log.head()).size == 5
    assert check(store) == []


def test_lost_connections(open_store: Callable[..., Store], postgres_url: str) -> None:
    """When the server drops the connections, writing and reading go on over new ones."""
    store = open_store(postgres_url)
    store.write_sync(lambda tx: tx.messages.add(message("m1")))
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert store.read(lambda tx: tx.log.head()).size == 1
    store.write_sync(lambda tx: tx.messages.add(message("m2")))
    assert store.read(lambda tx: tx.log.head()).size == 2


def test_a_connection_lost_in_the_middle(open_store: Callable[..., Store], postgres_url: str) -> None:
    """A connection lost while a unit runs: nothing is stored, and the next write succeeds."""
    store = open_store(postgres_url)

    def dropped(tx):  # type: ignore[no-untyped-def]
        tx.messages.add(message("m1"))
        tx.log._conn.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(StoreUnavailable):
        store.write_sync(dropped)
    assert store.read(lambda tx: tx.log.head()).size == 0
    store.write_sync(lambda tx: tx.messages.add(message("m1")))
    assert check(store) == []


def test_a_server_away_and_back(open_store: Callable[..., Store], postgres_url: str) -> None:
    """While nobody can connect, writes and reads are unavailable; afterwards the same store works."""
    store = open_store(postgres_url)
    info = psycopg.conninfo.conninfo_to_dict(postgres_url)
    other = psycopg.conninfo.make_conninfo(postgres_url, dbname="postgres")
    with psycopg.connect(other, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {info['dbname']} ALLOW_CONNECTIONS false")
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [info["dbname"]]
        )
        with pytest.raises(StoreUnavailable):
            store.write_sync(lambda tx: tx.messages.add(message("m1")))
        with pytest.raises(StoreUnavailable):
            store.read(lambda tx: tx.log.head())
        admin.execute(f"ALTER DATABASE {info['dbname']} ALLOW_CONNECTIONS true")
    store.write_sync(lambda tx: tx.messages.add(message("m1")))
    assert store.read(lambda tx: tx.log.head()).size == 1


def test_errors_in_the_words_of_the_store() -> None:
    """Each kind of trouble has its class; what is not the database's is left alone."""
    refused = exc.IntegrityError("INSERT", {}, sqlite3.IntegrityError("UNIQUE"))
    wrong = exc.ProgrammingError("SELEC", {}, sqlite3.ProgrammingError("syntax"))
    full = exc.OperationalError("INSERT", {}, sqlite3.OperationalError("disk is full"))
    mine = KeyError("x")
    assert [type(connect.translated(error)) for error in (refused, wrong, full)] == [
        Conflict,
        StoreError,
        StoreUnavailable,
    ]
    assert connect.translated(mine) is mine
