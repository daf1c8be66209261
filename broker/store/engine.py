"""The store: durable group-committed writes and snapshot reads over SQLite or PostgreSQL.

What `Store.write` has returned from survives ``kill -9`` and loss of power; what it raised has left no trace,
except that after a connection lost during COMMIT nobody knows (`StoreUnavailable`). A *unit* is a function of
a `Tx`. It may be run again when the database undoes a transaction, so its effects are in its result and in
the `Tx` alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, Engine, exc

from broker.store.connect import BUSY_TIMEOUT, reader_engine, translated, writer_engine
from broker.store.errors import StoreError
from broker.store.migrations import require_head
from broker.store.sql import Session
from broker.store.tx import Tx
from broker.store.writer import Writer
from signing.vault import Vault

T = TypeVar("T")
Unit = Callable[[Tx], T]

__all__ = ["Store", "Tx", "Unit"]

_READERS = 4


class Store:
    """The database of one hub process. Open it with `Store.open`, close it when done."""

    def __init__(
        self, writing: Engine, reading: Engine, writer: Writer, new_session: Callable[..., Session]
    ) -> None:
        """Takes over both engines and the writer; see `open`."""
        self._writing = writing
        self._reading = reading
        self._writer = writer
        self._new_session = new_session
        self._threads = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")

    @classmethod
    def open(
        cls,
        url: str,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        salt: Callable[[], bytes],
        vault: Vault,
        batch: int = 200,
        linger: float = 0.002,
        busy_timeout: float = BUSY_TIMEOUT,
    ) -> Store:
        """Open a database that exists and is at the revision of this program.

        ``salt`` gives 16 random bytes per message, ``vault`` seals personal data. ``linger`` (seconds) is how
        long a busy writer waits for company, ``batch`` the most units in one COMMIT, ``busy_timeout`` (seconds) how
        long to wait for another process's lock. Raises WrongRevision, StoreUnavailable.
        """
        reading = reader_engine(url, busy_timeout=busy_timeout)
        try:
            require_head(reading)
        except StoreError:
            reading.dispose()
            raise
        new_session = partial(Session, clock=clock, new_id=new_id, salt=salt, vault=vault)
        writing = writer_engine(url, busy_timeout=busy_timeout)
        writer = Writer(writing, partial(new_session, writable=True), batch=batch, linger=linger)
        return cls(writing, reading, writer, new_session)

    async def write(self, unit: Unit[T]) -> T:
        """Run ``unit`` and return its result after the COMMIT that contains it.

        Raises what the unit raised (then nothing of it is stored), Conflict, StoreUnavailable.
        """
        return await self._writer.submit(unit)

    def write_sync(self, unit: Unit[T]) -> T:
        """As `write`, for programs without an event loop."""
        return self._writer.submit_sync(unit).result()

    def read(self, query: Unit[T]) -> T:
        """Run ``query`` on a snapshot that cannot write.

        Blocks: in a coroutine use `aread`. Raises StoreUnavailable.
        """
        try:
            return self._read(query)
        except exc.SQLAlchemyError as error:
            if not (isinstance(error, exc.DBAPIError) and error.connection_invalidated):
                raise translated(error) from error
        try:  # the connection was stale, for example because the server was restarted: a new one may do
            return self._read(query)
        except exc.SQLAlchemyError as error:
            raise translated(error) from error

    async def aread(self, query: Unit[T]) -> T:
        """As `read`, in a thread of the store."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.read, query)

    def close(self) -> None:
        """Commit what was queued and close all connections. Idempotent."""
        self._writer.close()
        self._threads.shutdown()
        self._writing.dispose()
        self._reading.dispose()

    def _read(self, query: Unit[T]) -> T:
        with self._reading.connect() as conn, conn.begin():
            return query(Tx(self._session(conn)))

    def _session(self, conn: Connection) -> Session:
        return self._new_session(conn, writable=False)
