"""Where a worker gets its deliveries from.

The truth is in the store: a delivery is queued in the transaction that owes it, and its end is written in the
transaction that knows it (`broker.store.deliveries`). A queue only decides which worker gets which delivery,
and when to look again. So losing a queue loses nothing, and another one (tickets over a message broker) needs
no other worker.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from broker.model import Delivery
from broker.store.engine import Store


class Queue(Protocol):
    """Hands deliveries to workers. Safe to use from many tasks of one event loop.

    Obligations: a delivery is leased to one worker at a time; deliveries of a lane go one after the other, in
    order; a lease that runs out is handed out again, ambiguous if an attempt was under way; no agency waits
    for another one. All methods raise `broker.store.errors.StoreUnavailable` when the store is away, and work
    again when it is back.
    """

    async def claim(
        self,
        now: datetime,
        owner: str,
        lease: timedelta,
        limit: int,
        *,
        exclude: Collection[str] = (),
        limits: Mapping[str, int] | None = None,
    ) -> Sequence[Delivery]:
        """Lease up to ``limit`` due deliveries to ``owner`` for ``lease``.

        Agencies in ``exclude`` get none; ``limits`` is how many of an agency may be leased at one time in
        all.
        """

    async def extend(self, held: Iterable[Delivery], until: datetime) -> frozenset[str]:
        """Hold deliveries longer; says the ids of those that are still held."""

    async def release(self, owner: str) -> int:
        """Give back all that ``owner`` holds, when it stops; says how many."""

    async def next_due(self, now: datetime) -> datetime | None:
        """When a claim may next find something; None if nothing is waiting."""

    def wake(self) -> None:
        """A transaction that queued something was committed here: end a `wait`."""

    async def wait(self, seconds: float) -> None:
        """Return when something may have become claimable, at the latest after ``seconds``."""


class SqlQueue:
    """A queue that is nothing but the rows of the store.

    Other processes' new rows are seen at the next claim.
    """

    def __init__(self, store: Store) -> None:
        """Uses ``store``, which stays its owner's."""
        self._store = store
        self._woken = asyncio.Event()

    async def claim(
        self,
        now: datetime,
        owner: str,
        lease: timedelta,
        limit: int,
        *,
        exclude: Collection[str] = (),
        limits: Mapping[str, int] | None = None,
    ) -> Sequence[Delivery]:
        """See `Queue.claim`."""
        return await self._store.write(
            lambda tx: tx.deliveries.claim(now, owner, lease, limit, exclude=exclude, limits=limits)
        )

    async def extend(self, held: Iterable[Delivery], until: datetime) -> frozenset[str]:
        """See `Queue.extend`."""
        leased = tuple(held)
        return await self._store.write(lambda tx: tx.deliveries.extend_lease(leased, until))

    async def release(self, owner: str) -> int:
        """See `Queue.release`."""
        return await self._store.write(lambda tx: tx.deliveries.release(owner))

    async def next_due(self, now: datetime) -> datetime | None:
        """See `Queue.next_due`."""
        return await self._store.aread(lambda tx: tx.deliveries.next_due(now))

    def wake(self) -> None:
        """See `Queue.wake`."""
        self._woken.set()

    async def wait(self, seconds: float) -> None:
        """See `Queue.wait`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        self._woken.clear()
