"""Simulated time: it stands still while anything can be done, then jumps to the next moment at which something is."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

Act = Callable[[], Awaitable[object]]

_GRID = timedelta(seconds=5)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class SimulatedTime:
    """A clock, a way to sleep in its time, and an agenda. Moments lie on a grid of seconds."""

    def __init__(self, start: datetime) -> None:
        """Begin at ``start`` (aware)."""
        self._now = start
        self._agenda: list[tuple[datetime, int, Act]] = []
        self._order = itertools.count()
        self.sleepers: set[asyncio.Task[object]] = set()
        self.slept = asyncio.Event()

    def __call__(self) -> datetime:
        """The present moment."""
        return self._now

    def at(self, when: datetime, act: Act) -> None:
        """Put ``act`` on the agenda; what is past happens at the next moment."""
        when = max(when, self._now)
        late = (when - _EPOCH) % _GRID
        heapq.heappush(self._agenda, (when - late + _GRID, next(self._order), act))

    async def sleep(self, pause: timedelta) -> None:
        """Let ``pause`` pass for the task that calls."""
        task = asyncio.current_task()
        assert task is not None, "only a task sleeps"
        over = asyncio.get_running_loop().create_future()

        async def wake() -> None:
            self.sleepers.discard(task)
            if not over.done():
                over.set_result(None)

        self.at(self._now + pause, wake)
        self.sleepers.add(task)
        self.slept.set()
        await over

    async def step(self, until: datetime) -> bool:
        """Jump to the next moment of the agenda and do what it holds; False if there is none before ``until``."""
        if not self._agenda or self._agenda[0][0] > until:
            return False
        self._now = self._agenda[0][0]
        while self._agenda and self._agenda[0][0] == self._now:
            await heapq.heappop(self._agenda)[2]()
        return True

    async def quiet(self, tasks: Callable[[], set[asyncio.Task[None]]]) -> None:
        """Wait until every one of ``tasks`` has ended or sleeps in simulated time."""
        while busy := tasks() - self.sleepers:
            self.slept.clear()
            slept = asyncio.ensure_future(self.slept.wait())
            await asyncio.wait({*busy, slept}, return_when=asyncio.FIRST_COMPLETED)
            slept.cancel()
