"""Group commit: one thread writes, and units that arrive together share one COMMIT.

Each unit runs inside a savepoint, so that one that fails does not hurt the others; nobody is answered before
COMMIT has returned. Under load the writer waits a little (``linger``) for company; a unit that comes alone is
committed at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from broker.store.connect import is_fatal, may_run_again, translated
from broker.store.errors import StoreUnavailable
from broker.store.messages import append_pending
from broker.store.sql import Session
from broker.store.tx import Tx

T = TypeVar("T")
Unit = Callable[[Tx], T]
NewSession = Callable[[Connection], Session]

_TRIES = 5


@dataclasses.dataclass(slots=True)
class _Job:
    """A unit, who waits for it, and how it ended."""

    unit: Unit[Any]
    waiter: asyncio.Future[Any] | Future[Any]
    value: Any = None
    error: BaseException | None = None


class _RunApart(Exception):
    """The batch cannot be committed as it is; its units are run again, each in a transaction of its own."""


class Writer:
    """The one writer of a process. Units come from any thread or event loop."""

    def __init__(self, engine: Engine, new_session: NewSession, *, batch: int, linger: float) -> None:
        """Start the thread. ``linger`` is in seconds, ``batch`` the most units in one COMMIT."""
        self._engine = engine
        self._new_session = new_session
        self._batch = batch
        self._linger = linger
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, unit: Unit[T]) -> asyncio.Future[T]:
        """Queue a unit from a coroutine. A waiter that is cancelled does not stop it."""
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._put(_Job(unit, waiter))
        return waiter

    def submit_sync(self, unit: Unit[T]) -> Future[T]:
        """Queue a unit from a thread without an event loop."""
        waiter: Future[T] = Future()
        self._put(_Job(unit, waiter))
        return waiter

    def close(self) -> None:
        """Commit what was queued, then stop. Idempotent."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _put(self, job: _Job) -> None:
        with self._closing:
            if self._closed:
                raise StoreUnavailable("the store is closed")
            self._jobs.put(job)

    def _run(self) -> None:
        crowded = False
        while (first := self._jobs.get()) is not None:
            batch, last = self._collect(first, self._linger if crowded else 0.0)
            crowded = len(batch) > 1
            self._commit(batch)
            _answer(batch)
            if last:
                return

    def _collect(self, first: _Job, linger: float) -> tuple[list[_Job], bool]:
        """The jobs of the next batch, and whether the writer is to stop after it."""
        batch = [first]
        until = time.monotonic() + linger
        while len(batch) < self._batch:
            try:
                rest = until - time.monotonic()
                job = self._jobs.get(timeout=rest) if rest > 0 else self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return batch, True
            batch.append(job)
        return batch, False

    def _commit(self, batch: list[_Job]) -> None:
        try:
            self._transact(batch)
        except _RunApart:
            for job in batch:
                self._commit_alone(job)
        except BaseException as error:  # noqa: BLE001 - nothing may leave a waiter without an answer
            _fail(batch, error)

    def _commit_alone(self, job: _Job) -> None:
        for _ in range(_TRIES):
            try:
                return self._transact([job])
            except _RunApart as error:
                job.error = error.__cause__
            except BaseException as error:  # noqa: BLE001 - nothing may leave a waiter without an answer
                return _fail([job], error)
        return _fail([job], job.error or StoreUnavailable("the transaction was undone again and again"))

    def _transact(self, batch: list[_Job]) -> None:
        """Run and commit the batch, leaving in each job how it ended.

        Raises _RunApart, or what hit the whole batch.
        """
        with self._engine.connect() as conn, conn.begin():
            session = self._new_session(conn)
            tx = Tx(session)
            for job in batch:
                _run_unit(session, tx, job)
            try:
                append_pending(session)
            except Exception as error:
                if is_fatal(error) and not may_run_again(error):
                    raise
                if len(batch) > 1 or may_run_again(error):
                    raise _RunApart from error
                raise


def _run_unit(session: Session, tx: Tx, job: _Job) -> None:
    job.value = job.error = None
    _savepoint(session, "SAVEPOINT unit")
    kept = len(session.pending)
    try:
        job.value = job.unit(tx)
    except Exception as error:
        if may_run_again(error):
            raise _RunApart from error
        if is_fatal(error):
            raise
        job.error = error
        _savepoint(session, "ROLLBACK TO SAVEPOINT unit")
        for message_id in list(itertools.islice(session.pending, kept, None)):
            del session.pending[message_id]
    _savepoint(session, "RELEASE SAVEPOINT unit")


def _savepoint(session: Session, command: str) -> None:
    """Straight to the driver: two of these surround every unit, and SQLAlchemy costs ten times as much."""
    cursor = session.conn.connection.cursor()
    try:
        cursor.execute(command)
    except Exception as error:
        raise StoreUnavailable(f"the database lost the transaction: {error}") from error
    finally:
        cursor.close()


def _fail(batch: Sequence[_Job], error: BaseException) -> None:
    for job in batch:
        job.value, job.error = None, error


def _answer(batch: Sequence[_Job]) -> None:
    """Wake the waiters: one call into each event loop for the whole batch."""
    loops: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in batch:
        if isinstance(job.error, Exception):
            original, job.error = job.error, translated(job.error)
            if job.error is not original:
                job.error.__cause__ = original
        if isinstance(job.waiter, Future):
            _settle(job)
        else:
            loops.setdefault(job.waiter.get_loop(), []).append(job)
    for loop, jobs in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle_all, jobs)


def _settle_all(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        if not job.waiter.done():
            _settle(job)


def _settle(job: _Job) -> None:
    if job.error is None:
        job.waiter.set_result(job.value)
    else:
        job.waiter.set_exception(job.error)
