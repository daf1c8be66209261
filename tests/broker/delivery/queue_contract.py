"""What every queue must do, whatever carries it. Subclass `QueueContract` and provide the fixture ``queue``.

``store`` is the store over which the queue works: deliveries are owed and settled there, whatever the queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from broker.delivery.queue import Queue
from broker.model import Delivery
from broker.store.engine import Store
from broker.store.invariants import check
from tests.broker.store.samples import delivery, message
from tests.clock import START

LEASE = timedelta(minutes=1)


async def owe(store: Store, queue: Queue, *new: Delivery) -> None:
    """Queue deliveries in one unit, as intake does, and wake the queue."""
    await store.write(lambda tx: [tx.deliveries.enqueue(one) for one in new])
    queue.wake()


async def send(store: Store, held: Delivery) -> Delivery:
    """Log a request and begin its attempt, as a worker does."""

    def unit(tx):  # type: ignore[no-untyped-def]
        tx.messages.add(message(f"m-{held.id}"))
        return tx.deliveries.begin_attempt(held, f"m-{held.id}", START)

    return await store.write(unit)


async def finish(store: Store, held: Delivery) -> None:
    """Send, log the answer and finish, as a worker does."""
    begun = await send(store, held)

    def unit(tx):  # type: ignore[no-untyped-def]
        tx.messages.add(message(f"r-{held.id}", direction="in", kind="reply", related_id=f"m-{held.id}"))
        tx.deliveries.finish(begun, START)

    await store.write(unit)


def ids(claimed: Sequence[Delivery]) -> list[str]:
    """Whose they are."""
    return [one.id for one in claimed]


class QueueContract:
    """The obligations of `broker.delivery.queue.Queue`."""

    @pytest.fixture
    def queue(self, store: Store) -> Queue:
        """The queue under test."""
        raise pytest.UsageError("a contract needs the fixture `queue`")

    async def claim(
        self, queue: Queue, now: datetime = START, limit: int = 10, owner: str = "w1", **more: Any
    ) -> list[str]:
        """Ids that a worker gets."""
        return ids(await queue.claim(now, owner, LEASE, limit, **more))

    async def test_a_delivery_goes_to_one_worker(self, queue: Queue, store: Store) -> None:
        """Workers that claim at the same time share the work without sharing a delivery."""
        await owe(store, queue, *(delivery(f"d{n}") for n in range(20)))
        claims = [self.claim(queue, limit=3, owner=f"w{n}") for n in range(10)]
        got = [one for claimed in await asyncio.gather(*claims) for one in claimed]
        assert sorted(got) == sorted(f"d{n}" for n in range(20))

    async def test_nothing_before_its_time(self, queue: Queue, store: Store) -> None:
        """A delivery is handed out when it is due, and the queue knows when that is."""
        later = START + timedelta(minutes=5)
        await owe(store, queue, delivery("d1", next_at=later))
        assert await self.claim(queue) == []
        assert await queue.next_due(START) == later
        assert await self.claim(queue, later) == ["d1"]

    async def test_a_lane_stays_in_order(self, queue: Queue, store: Store) -> None:
        """The next of a lane is handed out when the one before it is done."""
        await owe(store, queue, delivery("d1", lane="a"), delivery("d2", lane="a"))
        (first,) = await queue.claim(START, "w1", LEASE, 10)
        assert (first.id, await self.claim(queue)) == ("d1", [])
        await finish(store, first)
        assert await self.claim(queue) == ["d2"]

    async def test_a_worker_that_dies_before_sending(self, queue: Queue, store: Store) -> None:
        """Its delivery is handed out again when the lease is over, as if nothing had been."""
        await owe(store, queue, delivery("d1"))
        await self.claim(queue)
        assert await self.claim(queue, owner="w2") == []
        (again,) = await queue.claim(START + LEASE, "w2", LEASE, 10)
        assert (again.id, again.ambiguous) == ("d1", False)

    async def test_a_worker_that_dies_after_sending(self, queue: Queue, store: Store) -> None:
        """Its delivery is handed out again as ambiguous: it may have arrived."""
        await owe(store, queue, delivery("d1"))
        (held,) = await queue.claim(START, "w1", LEASE, 10)
        await send(store, held)
        (again,) = await queue.claim(START + LEASE, "w2", LEASE, 10)
        assert (again.id, again.ambiguous) == ("d1", True)
        assert check(store) == []

    async def test_an_extended_lease(self, queue: Queue, store: Store) -> None:
        """A worker that needs longer keeps its delivery."""
        await owe(store, queue, delivery("d1"))
        held = await queue.claim(START, "w1", LEASE, 10)
        assert await queue.extend(held, START + 3 * LEASE) == {"d1"}
        assert await self.claim(queue, START + 2 * LEASE, owner="w2") == []
        assert await self.claim(queue, START + 3 * LEASE, owner="w2") == ["d1"]

    async def test_a_worker_that_stops(self, queue: Queue, store: Store) -> None:
        """What it gives back is claimable at once, and others keep theirs."""
        await owe(store, queue, delivery("d1"), delivery("d2"))
        await self.claim(queue, limit=1, owner="w1")
        await self.claim(queue, limit=1, owner="w2")
        assert await queue.release("w1") == 1
        assert await self.claim(queue, owner="w3") == ["d1"]

    async def test_no_agency_waits_for_another(self, queue: Queue, store: Store) -> None:
        """Backlog, exclusion, limit or pause of one agency leave the others alone."""
        await owe(
            store, queue, *(delivery(f"a{n}", agency="a") for n in range(9)), delivery("b0", agency="b")
        )
        assert "b0" in await self.claim(queue, limit=2)
        await owe(store, queue, delivery("b1", agency="b"))
        assert await self.claim(queue, exclude={"a"}) == ["b1"]
        await owe(store, queue, delivery("b2", agency="b"))
        assert await self.claim(queue, limits={"a": 1}) == ["b2"]
        await store.write(lambda tx: tx.deliveries.pause("a", "down", START))
        await owe(store, queue, delivery("b3", agency="b"))
        assert await self.claim(queue) == ["b3"]

    async def test_everything_arrives(self, queue: Queue, store: Store) -> None:
        """Several workers together finish all deliveries, each once, every lane in order."""
        lanes = [delivery(f"l{lane}-{n}", lane=f"l{lane}") for n in range(4) for lane in range(5)]
        await owe(store, queue, *lanes)
        finished: list[str] = []

        async def work(owner: str) -> None:
            while len(finished) < len(lanes):
                for held in await queue.claim(START, owner, LEASE, 2):
                    await finish(store, held)
                    finished.append(held.id)

        await asyncio.wait_for(asyncio.gather(work("w1"), work("w2"), work("w3")), 60)
        assert sorted(finished) == sorted(one.id for one in lanes)
        for lane in range(5):
            assert [one for one in finished if one.startswith(f"l{lane}-")] == [
                f"l{lane}-{n}" for n in range(4)
            ]
        assert check(store) == []

    async def test_waiting_ends_when_something_is_owed(self, queue: Queue, store: Store) -> None:
        """A waiting worker is woken by new work, and otherwise returns after its time."""
        await queue.wait(0.001)
        waiting = asyncio.ensure_future(queue.wait(60))
        await asyncio.sleep(0)
        await owe(store, queue, delivery("d1"))
        await asyncio.wait_for(waiting, 30)
