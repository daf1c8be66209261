"""Group commit: sharing a transaction changes nothing but its cost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from broker.store.engine import Store
from broker.store.errors import Conflict
from broker.store.invariants import check
from broker.store.tx import Tx
from tests.broker.store.samples import delivery, dossier, message


async def test_units_that_arrive_together_share_a_commit(store: Store) -> None:
    """While one unit is at work the others gather, and then see each other's changes in one transaction."""
    gate = threading.Event()
    first = asyncio.ensure_future(store.write(lambda tx: gate.wait(10)))
    await asyncio.sleep(0)
    transactions: list[int] = []
    rest = [asyncio.ensure_future(store.write(lambda tx: transactions.append(id(tx)))) for _ in range(20)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *rest)
    assert len(set(transactions)) == 1


async def test_a_batch_is_bounded(open_store: Callable[..., Store], database_url: str) -> None:
    """No more units than asked for share a commit."""
    store = open_store(database_url, batch=3)
    gate = threading.Event()
    first = asyncio.ensure_future(store.write(lambda tx: gate.wait(10)))
    await asyncio.sleep(0)
    sessions: list[Tx] = []
    rest = [asyncio.ensure_future(store.write(lambda tx: sessions.append(tx))) for _ in range(7)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *rest)
    assert max(sum(tx is other for other in sessions) for tx in sessions) <= 3


async def test_one_taken_id_does_not_hurt_the_batch(store: Store) -> None:
    """A message id that turns out taken fails its own unit; the rest of the batch is committed."""
    await store.write(lambda tx: tx.messages.add(message("m5")))
    units = [lambda tx, n=n: tx.messages.add(message(f"m{n}")) for n in range(10)]
    results = await asyncio.gather(*map(store.write, units), return_exceptions=True)
    assert [number for number, result in enumerate(results) if isinstance(result, Conflict)] == [5]
    assert store.read(lambda tx: tx.log.head()).size == 10
    assert check(store) == []


def test_a_refused_row_is_a_conflict(store: Store) -> None:
    """A constraint of the database comes out in the store's words, with the driver's as its cause."""
    store.write_sync(lambda tx: tx.dossiers.add(dossier("1")))
    with pytest.raises(Conflict) as refused:
        store.write_sync(lambda tx: tx.dossiers.add(dossier("1")))
    assert refused.value.__cause__ is not None


def test_a_deadlock_is_run_again(open_store: Callable[..., Store], postgres_url: str) -> None:
    """Two processes that lock two dossiers crosswise both succeed: the one that is undone runs again."""
    one, other = open_store(postgres_url), open_store(postgres_url)
    one.write_sync(lambda tx: [tx.dossiers.add(dossier(name)) for name in ("1", "2")])
    meeting = threading.Barrier(2)
    runs: list[str] = []

    def crosswise(first: str, second: str) -> Callable[[Tx], None]:
        def unit(tx: Tx) -> None:
            runs.append(first)
            tx.dossiers.lock(first)
            if runs.count(first) == 1:
                meeting.wait(10)
            tx.dossiers.lock(second)

        return unit

    pairs = ((one, crosswise("1", "2")), (other, crosswise("2", "1")))
    done = [store._writer.submit_sync(unit) for store, unit in pairs]
    for future in done:
        future.result(30)
    assert len(runs) > 2


def test_a_failing_unit_gives_up_its_lane(store: Store) -> None:
    """What a failed unit queued is gone: the next delivery of that lane is its head."""

    def fails(tx: Tx) -> None:
        tx.deliveries.enqueue(delivery("d1", lane="a"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write_sync(fails)
    store.write_sync(lambda tx: tx.deliveries.enqueue(delivery("d2", lane="a")))
    assert check(store) == []
