"""Jobs at their intervals, each run once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from broker.scheduler import Job, Scheduler, due_run
from broker.store.engine import Store
from broker.store.errors import StoreUnavailable
from tests.clock import ManualClock


async def test_once_for_two_processes(
    database_url: str, open_store: Callable[..., Store], clock: ManualClock
) -> None:
    """Two processes tick at one time: each run happens once, and the next one as well."""
    runs: list[str] = []

    async def run() -> None:
        runs.append("run")

    jobs = [Job("poll", timedelta(seconds=30), run)]
    both = [Scheduler(open_store(database_url), clock, jobs) for _ in range(2)]
    for expected in (1, 2, 3):
        done = await asyncio.gather(*(one.tick("poll") for one in both))
        assert sorted(done) == [False, True]
        assert len(runs) == expected
        clock.advance(seconds=30)


async def test_in_each_process(sqlite_url: str, open_store: Callable[..., Store], clock: ManualClock) -> None:
    """A job that is not shared runs in every process, at every tick."""
    runs: list[str] = []

    async def run() -> None:
        runs.append("run")

    jobs = [Job("wake", timedelta(seconds=1), run, shared=False)]
    both = [Scheduler(open_store(sqlite_url), clock, jobs) for _ in range(2)]
    assert [await one.tick("wake") for one in both] == [True, True]
    assert len(runs) == 2


async def test_store_away(sqlite_url: str, open_store: Callable[..., Store], clock: ManualClock) -> None:
    """A run that finds the store away is skipped, and the next one happens."""
    ways = iter([StoreUnavailable("locked"), None])

    async def run() -> None:
        if (error := next(ways)) is not None:
            raise error

    scheduler = Scheduler(open_store(sqlite_url), clock, [Job("poll", timedelta(seconds=30), run)])
    assert await scheduler.tick("poll") is False
    clock.advance(seconds=30)
    assert await scheduler.tick("poll") is True


async def test_ticks(sqlite_url: str, open_store: Callable[..., Store], clock: ManualClock) -> None:
    """A started scheduler ticks by itself until it is stopped."""
    ran = asyncio.Event()

    async def run() -> None:
        ran.set()

    scheduler = Scheduler(
        open_store(sqlite_url), clock, [Job("wake", timedelta(milliseconds=20), run, False)]
    )
    scheduler.start()
    await asyncio.wait_for(ran.wait(), 20)
    await scheduler.stop()
    await scheduler.stop()


@pytest.mark.parametrize(("second", "due"), [(0, 0), (29, 0), (30, 30), (59, 30)])
def test_due_run(second: int, due: int) -> None:
    """Processes name a run by the latest multiple of its interval."""
    at = datetime(2026, 9, 1, 1, 0, second, tzinfo=UTC)
    assert due_run(at, timedelta(seconds=30)) == at.replace(second=due)


def test_a_daily_run_does_not_wait_for_a_process_that_lives_a_day() -> None:
    """A shared job is looked at every few minutes, and claimed once; one of each process keeps its own pace."""

    async def run() -> None:
        """Nothing."""

    assert Job("retention", timedelta(days=1), run).pause == timedelta(minutes=10)
    assert Job("poll", timedelta(seconds=30), run).pause == timedelta(seconds=30)
    assert Job("keys", timedelta(hours=1), run, False).pause == timedelta(hours=1)


async def test_a_long_run_gives_up_when_the_hub_stops(
    sqlite_url: str, open_store: Callable[..., Store], clock: ManualClock
) -> None:
    """A run that would hold up the end is told to stop, and waited for."""
    told, ended = asyncio.Event(), []

    async def run() -> None:
        await told.wait()
        ended.append("given up")

    job = Job("reverify", timedelta(milliseconds=20), run, False, stop=told.set)
    scheduler = Scheduler(open_store(sqlite_url), clock, [job])
    scheduler.start()
    await scheduler._fire("reverify")
    await scheduler.stop()
    assert ended == ["given up"]
