"""Simulated time: moments in order, sleepers woken, nothing skipped."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from bench.day.simulated import SimulatedTime

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SOON = timedelta(seconds=30)


async def test_moments_come_in_order() -> None:
    """The agenda is done by time, whatever the order in which it was written."""
    time, seen = SimulatedTime(START), []

    def note(name: str) -> None:
        async def act() -> None:
            seen.append((name, time()))

        time.at(START + timedelta(minutes={"a": 1, "b": 2, "c": 3}[name]), act)

    for name in ("c", "a", "b"):
        note(name)
    while await time.step(START + timedelta(hours=1)):
        pass
    assert [name for name, _ in seen] == ["a", "b", "c"]
    assert time() == seen[-1][1] > START + timedelta(minutes=3) - SOON


async def test_nothing_after_the_end() -> None:
    """Time does not pass beyond its end."""
    time = SimulatedTime(START)
    time.at(START + timedelta(days=2), lambda: asyncio.sleep(0))
    assert not await time.step(START + timedelta(days=1))
    assert time() == START


async def test_a_sleeper_wakes_in_its_time() -> None:
    """Time stands while a task works and passes while it sleeps."""
    time = SimulatedTime(START)

    async def work() -> datetime:
        await asyncio.sleep(0)
        await time.sleep(SOON)
        return time()

    task = asyncio.create_task(work())
    await time.quiet(lambda: set() if task.done() else {task})  # type: ignore[arg-type]
    assert task in time.sleepers
    assert await time.step(START + timedelta(hours=1))
    assert START + SOON <= await task <= START + 2 * SOON
