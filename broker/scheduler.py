"""What happens by the clock: polls, deadlines, checkpoints of the log, and waking the worker for retries.

APScheduler only ticks. A due run is claimed by a row in the database before it happens, so that it happens once however
many processes tick; a run that was missed while the hub was down is not made up for, because every job looks at what is
due now and not at how often it ran.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, time, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from broker.clock import VIETNAM, Clock
from broker.store.engine import Store
from broker.store.errors import StoreUnavailable

log = structlog.get_logger(__name__)

# A run that takes longer than its interval makes the next tick wait; that is meant, and APScheduler warns of each.
logging.getLogger("apscheduler").setLevel(logging.ERROR)

_LOOK = timedelta(minutes=10)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclasses.dataclass(frozen=True)
class Job:
    """Something that is done every so often. ``shared``: once for all processes together, else in each of them.

    ``at``: the time of day in Vietnam from which a run of each period is due. ``stop``: what makes a long run give up.
    """

    name: str
    every: timedelta
    run: Callable[[], Awaitable[object]]
    shared: bool = True
    at: time | None = None
    stop: Callable[[], None] | None = None

    @property
    def pause(self) -> timedelta:
        """Time between two looks whether a run is due: a daily run must not wait for a process that lives a day."""
        return min(self.every, _LOOK) if self.shared else self.every


class Scheduler:
    """Runs jobs at their intervals while the hub serves."""

    def __init__(self, store: Store, clock: Clock, jobs: Sequence[Job]) -> None:
        """Nothing runs before `start`."""
        self._store = store
        self._clock = clock
        self._jobs = {job.name: job for job in jobs}
        self._ticker = AsyncIOScheduler(timezone=UTC)
        self._runs: dict[str, asyncio.Task[bool]] = {}

    @property
    def jobs(self) -> tuple[Job, ...]:
        """What is scheduled."""
        return tuple(self._jobs.values())

    def start(self) -> None:
        """Begin to tick on the running event loop."""
        for job in self._jobs.values():
            self._ticker.add_job(
                self._fire,
                IntervalTrigger(seconds=job.pause.total_seconds(), timezone=UTC),
                args=[job.name],
                id=job.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._ticker.start()

    async def stop(self) -> None:
        """Tick no more; runs under way finish first, or give up if they take long."""
        for job in self._jobs.values():
            if job.stop is not None:
                job.stop()
        if self._ticker.running:
            self._ticker.shutdown(wait=False)
        await asyncio.gather(*self._runs.values(), return_exceptions=True)

    async def _fire(self, name: str) -> None:
        """Begin a run, unless the last one is still under way. APScheduler would cut it off when it stops."""
        last = self._runs.get(name)
        if last is None or last.done():
            self._runs[name] = asyncio.create_task(self._logged(name))

    async def _logged(self, name: str) -> bool:
        try:
            return await self.tick(name)
        except Exception as error:
            # One failed run must not end the job: the next one looks at what is due then.
            log.error("run failed", job=name, error=type(error).__name__, exc_info=error)
            return False

    async def tick(self, name: str) -> bool:
        """Do the run of ``name`` that is due now, unless another process has it. True if it was done here."""
        job = self._jobs[name]
        try:
            if job.shared and not await self._claim(job):
                return False
            await job.run()
        except StoreUnavailable as error:
            log.warning("store away, run skipped", job=name, reason=str(error))
            return False
        return True

    async def _claim(self, job: Job) -> bool:
        due = due_run(self._clock(), job.every, job.at)
        return await self._store.write(lambda tx: tx.runs.claim(job.name, due))


def due_run(now: datetime, every: timedelta, at: time | None = None) -> datetime:
    """The latest run that is due at ``now``: the name by which processes agree on it.

    Runs are multiples of ``every``, counted from midnight UTC or from ``at`` in Vietnam.
    """
    start = _EPOCH if at is None else datetime.combine(_EPOCH, at, VIETNAM).astimezone(UTC)
    return start + ((now - start) // every) * every
