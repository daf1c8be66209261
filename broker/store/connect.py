"""Opening the database and understanding what it says when it fails.

SQLite runs in WAL mode with ``synchronous=FULL``: a commit is on disk before it returns. The writer begins
with BEGIN IMMEDIATE, so it never has to upgrade a read lock; readers get a snapshot and may not write. The
file is opened with ``mode=rw``: a mistyped path is an error, not an empty database.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event, exc, make_url
from sqlalchemy.pool import NullPool, QueuePool

from broker.store.errors import Conflict, StoreError, StoreUnavailable

BUSY_TIMEOUT = 10.0
"""Seconds to wait for another process's lock before the store is called unavailable."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA fullfsync=ON",  # macOS: ask the disk, not only the kernel; no effect elsewhere
    "PRAGMA checkpoint_fullfsync=ON",
    "PRAGMA cache_size=-65536",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA secure_delete=FAST",  # what is erased is overwritten where its page is written anyway
)

# PostgreSQL: serialization failure and deadlock. The transaction did nothing and may simply run again.
_AGAIN = frozenset({"40001", "40P01"})


def database_url(url: str) -> URL:
    """The URL with the driver we use. Raises StoreError for a database that the hub does not run on."""
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if kind == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise StoreError(f"{kind} is not supported: use sqlite:///path or postgresql://…")
    if parsed.database in (None, "", ":memory:"):
        raise StoreError("SQLite needs a file: a log in memory would be lost")
    return parsed


def writer_engine(url: str, *, busy_timeout: float = BUSY_TIMEOUT, create: bool = False) -> Engine:
    """One connection that may write; ``create`` is for the migration alone."""
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, "BEGIN IMMEDIATE", busy_timeout, 1, create=create)
    return _postgres(parsed, busy_timeout, 1)


def reader_engine(url: str, *, busy_timeout: float = BUSY_TIMEOUT, size: int = 8) -> Engine:
    """Connections for reading: each transaction is a snapshot and cannot write."""
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = _sqlite(parsed, "BEGIN", busy_timeout, size, create=False)
        event.listen(engine, "connect", lambda conn, _: conn.execute("PRAGMA query_only=ON"))
        return engine
    engine = _postgres(parsed, busy_timeout, size)
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _sqlite(url: URL, begin: str, busy_timeout: float, size: int, *, create: bool) -> Engine:
    path = Path(str(url.database)).absolute()
    mode = "rwc" if create else "rw"

    def connect() -> sqlite3.Connection:
        conn = sqlite3.connect(
            f"file:{quote(str(path))}?mode={mode}",
            uri=True,
            timeout=busy_timeout,
            isolation_level=None,  # transactions begin where we say
            check_same_thread=False,  # the pool hands a connection to one thread at a time
        )
        for pragma in _PRAGMAS:
            conn.execute(pragma)
        return conn

    pool: dict[str, Any] = {"poolclass": NullPool} if create else {"poolclass": QueuePool, "pool_size": size}
    engine = create_engine("sqlite+pysqlite://", creator=connect, **pool)
    event.listen(engine, "begin", lambda conn: conn.exec_driver_sql(begin))
    return engine


def _postgres(url: URL, busy_timeout: float, size: int) -> Engine:
    wait = int(busy_timeout * 1000)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=size,
        pool_pre_ping=True,  # a restarted server costs a new connection, not a failed batch
        isolation_level="READ COMMITTED",
        connect_args={"connect_timeout": 5, "options": f"-c timezone=UTC -c lock_timeout={wait}"},
    )
    event.listen(engine, "connect", _insist_on_durability)
    return engine


def _insist_on_durability(conn: Any, _: Any) -> None:
    """A server may be set up to answer COMMIT before the disk has it: not for this log."""
    setting = conn.execute("SHOW synchronous_commit").fetchone()[0]
    if setting == "off":
        conn.execute("SET synchronous_commit = on")
    conn.commit()


def may_run_again(error: BaseException) -> bool:
    """Whether the database undid the transaction because of another one, so that it may run again."""
    return isinstance(error, exc.DBAPIError) and getattr(error.orig, "sqlstate", None) in _AGAIN


def is_fatal(error: BaseException) -> bool:
    """Whether the transaction cannot go on.

    The disk is full, the database is locked, the connection is gone.
    """
    if isinstance(error, exc.DBAPIError):
        return error.connection_invalidated or isinstance(error, exc.OperationalError | exc.InterfaceError)
    return isinstance(error, exc.TimeoutError)


def translated(error: Exception) -> Exception:
    """The error in the words of `broker.store.errors`; what is not the database's comes back unchanged."""
    if isinstance(error, exc.IntegrityError):
        return Conflict(f"the database refused the change: {error.orig}")
    if is_fatal(error):
        return StoreUnavailable(f"the database cannot serve now: {getattr(error, 'orig', None) or error}")
    if isinstance(error, exc.SQLAlchemyError):
        return StoreError(f"the database refused the statement: {getattr(error, 'orig', None) or error}")
    return error
