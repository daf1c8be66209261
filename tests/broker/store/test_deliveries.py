"""A delivery's life: queued once, tried under a lease, ended once, and its lane follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from broker.model import Delivery, DeliveryKind, DeliveryState
from broker.store.engine import Store
from broker.store.errors import Conflict, LeaseLost, Missing
from broker.store.invariants import check
from broker.store.rows import DeliveryFilter
from tests.broker.store.samples import delivery, dossier, message
from tests.clock import START

LEASE = timedelta(minutes=1)


def enqueue(store: Store, *new: Delivery) -> None:
    """Queue deliveries in one unit."""
    store.write_sync(lambda tx: [tx.deliveries.enqueue(one) for one in new])


def claim(store: Store, now=START, limit: int = 10, owner: str = "w1"):  # type: ignore[no-untyped-def]
    """What a worker gets."""
    return store.write_sync(lambda tx: tx.deliveries.claim(now, owner, LEASE, limit))


def begin(store: Store, held: Delivery, message_id: str) -> Delivery:
    """Log the request and begin the attempt, as a worker does."""

    def unit(tx):  # type: ignore[no-untyped-def]
        tx.messages.add(message(message_id))
        return tx.deliveries.begin_attempt(held, message_id, START)

    return store.write_sync(unit)


def finish(store: Store, held: Delivery, message_id: str) -> None:
    """Log the answer and finish, as a worker does."""

    def unit(tx):  # type: ignore[no-untyped-def]
        tx.messages.add(message(f"{message_id}-reply", direction="in", kind="reply", related_id=message_id))
        tx.deliveries.finish(held, START)

    store.write_sync(unit)


def bury(store: Store, delivery_id: str) -> None:
    """Let the agency refuse a delivery."""
    enqueue(store, delivery(delivery_id))
    (held,) = claim(store)
    begun = begin(store, held, f"m-{delivery_id}")
    store.write_sync(lambda tx: tx.deliveries.bury(begun, "rejected", "no such unit", START))


def test_a_delivery_comes_back_as_it_was(store: Store) -> None:
    """Every field survives, and the lane gives the number."""
    queued = delivery(
        "d1",
        kind=DeliveryKind.POLL,
        context={"officer": "Trần", "purpose": "x"},
        items=(("1", "registration"), ("2", "residence")),
        dossier_id="1",
        step="registration",
    )
    store.write_sync(lambda tx: tx.dossiers.add(dossier("1")))
    enqueue(store, queued)
    got = store.read(lambda tx: tx.deliveries.get("d1"))
    assert got.seq == 1
    assert got == delivery(
        "d1",
        seq=1,
        kind=queued.kind,
        context=queued.context,
        items=queued.items,
        dossier_id="1",
        step="registration",
    )


def test_a_key_is_delivered_once(store: Store) -> None:
    """Queuing the same key again gives the first delivery and has no other effect."""
    first = store.write_sync(lambda tx: tx.deliveries.enqueue(delivery("d1", key="k")))
    again = store.write_sync(lambda tx: tx.deliveries.enqueue(delivery("d2", key="k")))
    assert again == first
    with pytest.raises(Missing):
        store.read(lambda tx: tx.deliveries.get("d2"))


def test_numbers_of_a_lane_only_grow(store: Store) -> None:
    """A number at or before the lane's last is refused: what stands there may have gone."""
    enqueue(store, delivery("d1", lane="a", seq=5), delivery("d2", lane="a"))
    assert store.read(lambda tx: tx.deliveries.get("d2")).seq == 6
    with pytest.raises(Conflict):
        enqueue(store, delivery("d3", lane="a", seq=6))


def test_a_lane_goes_in_order(store: Store) -> None:
    """The second of a lane is claimable only when the first is done."""
    enqueue(store, delivery("d1", lane="a"), delivery("d2", lane="a"), delivery("d3"))
    held = claim(store)
    assert [one.id for one in held] == ["d1", "d3"]
    assert claim(store) == ()
    finish(store, begin(store, held[0], "m1"), "m1")
    assert [one.id for one in claim(store)] == ["d2"]
    assert check(store) == []


def test_a_finished_delivery(store: Store) -> None:
    """It is done, tells when, and its attempt is closed."""
    enqueue(store, delivery("d1"))
    (held,) = claim(store)
    finish(store, begin(store, held, "m1"), "m1")
    done = store.read(lambda tx: tx.deliveries.get("d1"))
    assert (done.state, done.done_at, done.attempts, done.lease_owner) == (DeliveryState.DONE, START, 1, None)
    (attempt,) = store.read(lambda tx: tx.deliveries.attempts("d1"))
    assert (attempt.message_id, attempt.outcome, attempt.ended_at) == ("m1", "done", START)
    assert check(store) == []


def test_a_retry_waits(store: Store) -> None:
    """Given back, it is not claimable before its time, says why, and keeps the count of its attempts."""
    enqueue(store, delivery("d1"))
    begun = begin(store, claim(store)[0], "m1")
    later = START + timedelta(minutes=5)
    store.write_sync(
        lambda tx: tx.deliveries.retry(begun, later, "ambiguous", "no answer; asks at 08:05", ambiguous=True)
    )
    assert claim(store) == ()
    (again,) = claim(store, later)
    assert (again.attempts, again.ambiguous, again.error_class) == (1, True, "ambiguous")
    assert again.reason == "no answer; asks at 08:05"
    assert check(store) == []


def test_asking_is_an_attempt_too(store: Store) -> None:
    """A question before sending again is on record, and ends when the next attempt begins."""
    enqueue(store, delivery("d1"))
    (held,) = claim(store)
    begin(store, held, "ask")
    finish(store, begin(store, held, "send"), "send")
    tries = store.read(lambda tx: tx.deliveries.attempts("d1"))
    assert [(one.number, one.message_id, one.outcome) for one in tries] == [
        (1, "ask", "answered"),
        (2, "send", "done"),
    ]


def test_a_dead_delivery_stops_its_lane(store: Store) -> None:
    """Behind a dead delivery nothing leaves until somebody decides."""
    bury(store, "d1")
    enqueue(store, delivery("d2", lane="lane-d1"))
    assert claim(store) == ()
    assert store.read(lambda tx: tx.deliveries.depth())["hotich"].dead == 1
    store.write_sync(lambda tx: tx.deliveries.cancel("d1", START, "withdrawn"))
    assert [one.id for one in claim(store)] == ["d2"]
    assert check(store) == []


def test_replay_begins_a_new_life(store: Store, clock: Callable[..., object]) -> None:
    """A dead delivery is tried again at once, with its count at zero; who wanted it is on record."""
    bury(store, "d1")
    later = START + timedelta(days=9)
    replayed = store.write_sync(lambda tx: tx.deliveries.replay("d1", later, "lan", "unit code mended"))
    assert (replayed.state, replayed.attempts, replayed.next_at) == (DeliveryState.QUEUED, 0, later)
    assert store.read(lambda tx: tx.deliveries.since("d1")) == later
    begin(store, claim(store, later)[0], "m2")
    assert [one.number for one in store.read(lambda tx: tx.deliveries.attempts("d1"))] == [1, 2]
    (act,) = store.read(lambda tx: tx.acts.of("d1"))
    assert (act.who, act.act, act.why) == ("lan", "replay", "unit code mended")
    assert check(store) == []


def test_only_the_dead_are_replayed(store: Store) -> None:
    """Replaying what is queued or unknown is refused."""
    enqueue(store, delivery("d1"))
    with pytest.raises(Conflict, match="queued"):
        store.write_sync(lambda tx: tx.deliveries.replay("d1", START, "lan", "x"))
    with pytest.raises(Missing):
        store.write_sync(lambda tx: tx.deliveries.replay("d2", START, "lan", "x"))


def test_what_has_left_is_not_cancelled(store: Store) -> None:
    """Claimed but not sent may be cancelled, and its holder learns it; on the wire or done may not."""
    enqueue(store, delivery("d1"), delivery("d2"))
    held, sent = claim(store)
    begun = begin(store, sent, "m1")
    store.write_sync(lambda tx: tx.deliveries.cancel("d1", START, "withdrawn"))
    with pytest.raises(LeaseLost):
        begin(store, held, "m2")
    with pytest.raises(Conflict):
        store.write_sync(lambda tx: tx.deliveries.cancel("d2", START, "withdrawn"))
    finish(store, begun, "m1")
    with pytest.raises(Conflict):
        store.write_sync(lambda tx: tx.deliveries.cancel("d2", START, "withdrawn"))
    store.write_sync(lambda tx: tx.deliveries.cancel("d1", START, "again"))
    assert check(store) == []


@pytest.mark.parametrize("life", ["queued", "sent", "dead"])
def test_settled_by_other_means(store: Store, life: str) -> None:
    """An agency's own report ends a delivery in any state, and its holder loses the lease."""
    if life == "dead":
        bury(store, "d1")
    else:
        enqueue(store, delivery("d1"))
    held = begin(store, claim(store)[0], "m1") if life == "sent" else None
    enqueue(store, delivery("d2", lane="lane-d1"))
    for _ in range(2):
        store.write_sync(lambda tx: tx.deliveries.settle("d1", START, "the agency reported on it"))
    assert store.read(lambda tx: tx.deliveries.get("d1")).state is DeliveryState.DONE
    if held is not None:
        with pytest.raises(LeaseLost):
            store.write_sync(lambda tx: tx.deliveries.retry(held, START, "ambiguous", "x"))
    assert [one.id for one in claim(store)] == ["d2"]
    assert check(store) == []


def test_a_lost_lease_changes_nothing(store: Store) -> None:
    """A worker that was too slow cannot end what another one holds now, even under the same name."""
    enqueue(store, delivery("d1"))
    slow = begin(store, claim(store)[0], "m1")
    (held,) = claim(store, START + LEASE)
    for change in (
        lambda tx: tx.deliveries.finish(slow, START),
        lambda tx: tx.deliveries.retry(slow, START, "unavailable", "x"),
        lambda tx: tx.deliveries.bury(slow, "rejected", "x", START),
    ):
        with pytest.raises(LeaseLost):
            store.write_sync(change)
    finish(store, begin(store, held, "m2"), "m2")
    assert check(store) == []


def test_listing(store: Store) -> None:
    """Deliveries are listed from new to old, by page and by condition."""
    enqueue(store, *(delivery(f"d{n}", created_at=START + timedelta(minutes=n)) for n in range(3)))
    enqueue(store, delivery("d3", agency="cutru", kind=DeliveryKind.POLL))

    def ids(**conditions):  # type: ignore[no-untyped-def]
        return [d.id for d in store.read(lambda tx: tx.deliveries.list(DeliveryFilter(**conditions))).items]

    assert ids(agency="hotich") == ["d2", "d1", "d0"]
    assert ids(kind=DeliveryKind.POLL, state=DeliveryState.QUEUED) == ["d3"]
    assert ids(lane="lane-d1") == ["d1"]
    page = store.read(lambda tx: tx.deliveries.list(limit=3))
    rest = store.read(lambda tx: tx.deliveries.list(limit=3, after=page.after))
    assert [d.id for d in (*page.items, *rest.items)] == ["d2", "d1", "d3", "d0"]
    assert rest.after is None


def test_lanes_of_two_processes(open_store: Callable[..., Store], database_url: str) -> None:
    """One process fills a lane while another empties it: nothing is stuck, nothing overtakes."""
    filler, worker = open_store(database_url), open_store(database_url)
    done: list[str] = []
    for number in range(10):
        queued = filler._writer.submit_sync(
            lambda tx, n=number: tx.deliveries.enqueue(delivery(f"d{n}", lane="a"))
        )
        for held in claim(worker):
            finish(worker, begin(worker, held, f"m-{held.id}"), f"m-{held.id}")
            done.append(held.id)
        queued.result(30)
    while held_now := claim(worker):
        for held in held_now:
            finish(worker, begin(worker, held, f"m-{held.id}"), f"m-{held.id}")
            done.append(held.id)
    assert done == [f"d{n}" for n in range(10)]
    assert check(filler) == []
