"""Who gets which delivery, for how long, and whom a paused agency hurts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from broker.model import Delivery
from broker.store.engine import Store
from broker.store.invariants import check
from tests.broker.store.samples import delivery, message
from tests.clock import START, ManualClock

LEASE = timedelta(minutes=1)


def enqueue(store: Store, *new: Delivery) -> None:
    """Queue deliveries in one unit."""
    store.write_sync(lambda tx: [tx.deliveries.enqueue(one) for one in new])


def claim(store: Store, now: datetime = START, limit: int = 10, owner: str = "w1", **more: Any) -> list[str]:
    """The ids that a worker gets."""
    return [d.id for d in store.write_sync(lambda tx: tx.deliveries.claim(now, owner, LEASE, limit, **more))]


def held(store: Store, delivery_id: str) -> Delivery:
    """The delivery as its holder knows it."""
    return store.read(lambda tx: tx.deliveries.get(delivery_id))


def send(store: Store, delivery_id: str) -> None:
    """Begin an attempt under the present lease."""

    def unit(tx):  # type: ignore[no-untyped-def]
        tx.messages.add(message(f"m-{delivery_id}"))
        tx.deliveries.begin_attempt(tx.deliveries.get(delivery_id), f"m-{delivery_id}", START)

    store.write_sync(unit)


def test_only_what_is_due(store: Store) -> None:
    """Deliveries before their time stay, the longest due goes first."""
    times = {"d1": 2, "d2": 1, "d3": 61}
    enqueue(store, *(delivery(i, next_at=START + timedelta(seconds=s)) for i, s in times.items()))
    assert claim(store) == []
    assert claim(store, START + timedelta(seconds=60)) == ["d2", "d1"]


def test_agencies_take_turns(store: Store) -> None:
    """A large backlog of one agency does not fill the claim."""
    enqueue(store, *(delivery(f"a{n}", agency="a") for n in range(5)), delivery("b0", agency="b"))
    assert claim(store, limit=3) == ["a0", "b0", "a1"]


def test_excluded_agencies(store: Store) -> None:
    """Agencies that the worker does not want now are left alone."""
    enqueue(store, delivery("a", agency="a"), delivery("b", agency="b"))
    assert claim(store, exclude={"a"}) == ["b"]


def test_limits_count_all_workers(store: Store) -> None:
    """No more of an agency are leased at a time than its limit, whoever holds them."""
    enqueue(store, *(delivery(f"d{n}") for n in range(5)))
    assert claim(store, owner="w1", limits={"hotich": 2}) == ["d0", "d1"]
    assert claim(store, owner="w2", limits={"hotich": 3}) == ["d2"]
    assert claim(store, owner="w2", limits={"hotich": 3}) == []
    assert claim(store, owner="w2", limits={"cutru": 1}) == ["d3", "d4"]


def test_a_paused_agency_hurts_nobody_else(store: Store) -> None:
    """Deliveries to a paused agency stay and others go; resumed, they go as well; both acts are on record."""
    enqueue(store, delivery("a", agency="a"), delivery("b", agency="b"))
    store.write_sync(lambda tx: tx.deliveries.pause("a", "token refused", START))
    assert claim(store) == ["b"]
    (pause,) = store.read(lambda tx: tx.deliveries.pauses(START))
    assert (pause.agency, pause.reason, pause.since, pause.until) == ("a", "token refused", START, None)
    store.write_sync(lambda tx: tx.deliveries.resume("a", START, "lan", "new token"))
    assert store.read(lambda tx: tx.deliveries.pauses(START)) == ()
    assert claim(store) == ["a"]
    acts = store.read(lambda tx: tx.acts.of("a"))
    assert [(act.who, act.act) for act in acts] == [("hub", "pause"), ("lan", "resume")]


def test_a_pause_with_an_end(store: Store) -> None:
    """A pause ends by itself when its time is over."""
    until = START + timedelta(minutes=5)
    enqueue(store, delivery("d1"))
    store.write_sync(lambda tx: tx.deliveries.pause("hotich", "slow down", START, until))
    assert claim(store, until - timedelta(seconds=1)) == []
    assert claim(store, until) == ["d1"]


def test_a_lease_that_ran_out_unsent(store: Store) -> None:
    """A delivery whose worker died before sending is handed out again, and is not ambiguous: nothing left."""
    enqueue(store, delivery("d1"))
    assert claim(store) == ["d1"]
    assert claim(store, START + LEASE - timedelta(seconds=1)) == []
    assert claim(store, START + LEASE) == ["d1"]
    assert held(store, "d1").ambiguous is False


def test_a_lease_that_ran_out_on_the_wire(store: Store) -> None:
    """A delivery whose worker died after sending is ambiguous, and its attempt is closed as lost."""
    enqueue(store, delivery("d1"))
    claim(store)
    send(store, "d1")
    assert claim(store, START + LEASE, owner="w2") == ["d1"]
    now = held(store, "d1")
    assert (now.ambiguous, now.error_class) == (True, "ambiguous")
    assert [a.outcome for a in store.read(lambda tx: tx.deliveries.attempts("d1"))] == ["lost"]
    assert check(store) == []


def test_a_lease_is_extended_while_held(store: Store) -> None:
    """An extended lease runs longer; one that was lost is not extended."""
    enqueue(store, delivery("d1"), delivery("d2"))
    claim(store)
    mine = [held(store, "d1"), held(store, "d2")]
    store.write_sync(lambda tx: tx.deliveries.settle("d2", START, "reported"))
    extended = store.write_sync(lambda tx: tx.deliveries.extend_lease(mine, START + 3 * LEASE))
    assert extended == {"d1"}
    assert claim(store, START + 2 * LEASE) == []
    assert claim(store, START + 3 * LEASE, owner="w2") == ["d1"]
    assert store.write_sync(lambda tx: tx.deliveries.extend_lease(mine, START + 9 * LEASE)) == frozenset()


def test_release_gives_back_only_ones_own(store: Store) -> None:
    """A worker that stops gives back what it holds; what it had sent comes back ambiguous."""
    enqueue(store, delivery("d1"), delivery("d2"), delivery("d3"))
    assert claim(store, limit=2, owner="w") == ["d1", "d2"]
    assert claim(store, owner="w2") == ["d3"]
    send(store, "d1")
    assert store.write_sync(lambda tx: tx.deliveries.release("w")) == 2
    assert sorted(claim(store, owner="w3")) == ["d1", "d2"]
    assert [held(store, name).ambiguous for name in ("d1", "d2", "d3")] == [True, False, False]
    assert check(store) == []


def test_a_name_that_could_be_anothers(store: Store) -> None:
    """A worker's name may not contain the mark that separates it from the number of its claim."""
    with pytest.raises(ValueError, match="#"):
        claim(store, owner="w#1")


def test_when_to_look_again(store: Store, clock: ManualClock) -> None:
    """The next time is that of the first delivery, lease or pause to end; paused deliveries do not count."""

    def next_due():  # type: ignore[no-untyped-def]
        return store.read(lambda tx: tx.deliveries.next_due(START))

    assert next_due() is None
    enqueue(store, delivery("d1", next_at=START + timedelta(hours=2)))
    assert next_due() == START + timedelta(hours=2)
    enqueue(store, delivery("d2"))
    assert claim(store) == ["d2"]
    assert next_due() == START + LEASE
    enqueue(store, delivery("p", agency="cutru"))
    store.write_sync(lambda tx: tx.deliveries.pause("cutru", "x", START, START + timedelta(seconds=9)))
    assert next_due() == START + timedelta(seconds=9)


def test_workers_do_not_share_a_delivery(open_store: Callable[..., Store], database_url: str) -> None:
    """Processes that claim at the same time get each delivery once, and no more than the limit together."""
    stores = [open_store(database_url) for _ in range(3)]
    enqueue(stores[0], *(delivery(f"d{n}") for n in range(60)))
    start, got = threading.Barrier(3), []

    def work(store: Store) -> None:
        start.wait(10)
        for _ in range(5):
            got.extend(claim(store, limit=4, owner=f"w{id(store)}", limits={"hotich": 25}))

    threads = [threading.Thread(target=work, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(got) == len(set(got)) == 25


def test_a_spoilt_delivery_spares_the_others(store: Store) -> None:
    """One whose payload was changed in the database is dead and has an owner; what is beside it is handed out."""
    for name in ("v1", "v2"):
        store.write_sync(lambda tx, n=name: tx.deliveries.enqueue(delivery(n)))
    swap = "UPDATE deliveries SET payload = (SELECT payload FROM deliveries WHERE id = 'v2') WHERE id = 'v1'"
    store.write_sync(lambda tx: tx.deliveries._conn.exec_driver_sql(swap))
    claimed = store.write_sync(lambda tx: tx.deliveries.claim(START, "w", timedelta(minutes=1), 10))
    assert [one.id for one in claimed] == ["v2"]
    (item,) = store.read(lambda tx: tx.work.list().items)
    assert (item.kind, item.delivery_id) == ("dead-letter", "v1")
    assert "deliveries.payload/v1" in item.reason
