"""What may be erased, and what stays of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from broker.model import Phase, StepState, Transition
from broker.store.engine import Store, Tx
from broker.store.errors import Conflict, Missing
from broker.store.invariants import check
from broker.store.rows import Check
from tests.broker.store.samples import delivery, dossier, message, step, work_item
from tests.clock import START

LATER = START + timedelta(days=10)


def add(store: Store, dossier_id: str = "d1", state: StepState = StepState.COMPLETED, **changes: Any) -> None:
    """A dossier of one step, with a history."""
    steps = (step("registration", state=state, result=b"<r/>", reason="Nguyễn", poll_at=LATER),)
    new = dossier(dossier_id, **{"steps": steps, "reason": "Nguyễn"} | changes)

    def write(tx: Tx) -> None:
        tx.dossiers.add(new)
        if new.steps:
            line = Transition("registration", state, START, START, "hotich", note="Nguyễn")
            tx.dossiers.add_transition(dossier_id, line)

    store.write_sync(write)


def settled(store: Store) -> list[str]:
    """What is ready to be erased."""
    return list(store.read(lambda tx: tx.erasure.settled(LATER, 10)))


@pytest.mark.parametrize(
    ("changes", "ready"),
    [
        ({}, True),
        ({"state": StepState.REJECTED}, True),
        ({"state": StepState.PROCESSING}, False),
        ({"state": StepState.STUCK}, False),
        ({"steps": (), "phase": Phase.REFUSED}, True),
        ({"steps": (), "phase": Phase.WITHDRAWN}, True),
        ({"steps": (), "phase": Phase.ASKING}, False),
        ({"steps": (), "phase": Phase.CHECKING}, False),
        ({"received_at": LATER}, False),
    ],
)
def test_only_what_has_ended(store: Store, changes: dict[str, Any], ready: bool) -> None:
    """A dossier is ready when nothing in it can still move, and its time is over."""
    add(store, **changes)
    assert settled(store) == (["d1"] if ready else [])


def test_what_is_under_way_or_owned_or_held_stays(store: Store) -> None:
    """A delivery that is not done, an open work item and a hold each keep a dossier."""
    add(store)
    store.write_sync(lambda tx: tx.deliveries.enqueue(delivery("v1", dossier_id="d1")))
    assert settled(store) == []
    store.write_sync(lambda tx: tx.deliveries.cancel_all("d1", START, "test"))
    assert settled(store) == ["d1"]
    store.write_sync(lambda tx: tx.work.add(work_item("w1", dossier_id="d1")))
    assert settled(store) == []
    store.write_sync(lambda tx: tx.work.close("w1", "ops", "done"))
    store.write_sync(lambda tx: tx.erasure.set_hold("d1", "court"))
    assert settled(store) == []
    assert store.read(lambda tx: tx.erasure.hold("d1")) == "court"
    with pytest.raises(Missing):
        store.write_sync(lambda tx: tx.erasure.set_hold("d9", "court"))


def test_no_text_of_a_dossier_is_left(store: Store) -> None:
    """Every column that may hold somebody's words is empty; states, times and codes stay, and the store is sound."""
    add(store)

    def write(tx: Tx) -> None:
        tx.messages.add(message("m1", dossier="H01-d1", body="Nguyễn".encode()))
        tx.messages.add(message("m2", dossier="H01-d2", body="Nguyễn".encode()))
        tx.deliveries.enqueue(
            delivery("v1", dossier_id="d1", payload="Nguyễn".encode(), context={"a": "Nguyễn"})
        )
        tx.deliveries.cancel("v1", START, "Nguyễn")
        tx.dossiers.add_checks("d1", [Check("Mother", "Name", "differs", "Nguyễn")])
        tx.work.add(work_item("w1", dossier_id="d1", reason="Nguyễn"))
        tx.work.close("w1", "ops", "Nguyễn")

    store.write_sync(write)
    assert store.write_sync(lambda tx: tx.erasure.dossier("d1", "H01-d1", LATER, "hub")) == [0]
    dumped = store.read(
        lambda tx: {
            name: tx.log._conn.exec_driver_sql(f"SELECT * FROM {name}").all()
            for name in ("dossiers", "steps", "transitions", "deliveries", "attempts", "work_items", "checks")
        }
    )
    assert "Nguyễn" not in repr(dumped)
    assert dumped["checks"] == []
    found = store.read(lambda tx: tx.dossiers.get("d1"))
    assert found.steps[0].poll_at is None, "nobody is asked about it any more"
    assert (found.declaration, found.code, found.steps[0].state) == (b"", "H01-d1", StepState.COMPLETED)
    assert store.read(lambda tx: tx.messages.body("m1")) == b""
    assert store.read(lambda tx: tx.messages.body("m2")) == "Nguyễn".encode()
    assert store.read(lambda tx: tx.erasure.erased_at("d1")) == LATER
    assert check(store) == []


def test_what_comes_after_an_erasure_is_erased_again(store: Store) -> None:
    """A late report fills a step once more: the dossier is ready again when its time is over."""
    add(store)
    store.write_sync(lambda tx: tx.erasure.dossier("d1", "H01-d1", START, "hub"))
    assert settled(store) == []
    late = START + timedelta(days=1)
    line = Transition("registration", StepState.COMPLETED, late, late, "hotich")
    store.write_sync(lambda tx: tx.dossiers.add_transition("d1", line))
    assert settled(store) == ["d1"]


def test_messages_of_no_dossier(store: Store) -> None:
    """Old bodies of no dossier go, so many at once, but never the entries that say what was erased."""

    def write(tx: Tx) -> None:
        for number in range(3):
            tx.messages.add(message(f"m{number}"))
        tx.messages.add(message("e1", kind="erasure"))
        tx.messages.add(message("m4", at=LATER))
        tx.messages.add(message("m5", dossier="H01-d1"))

    store.write_sync(write)
    assert len(store.write_sync(lambda tx: tx.erasure.bodies(LATER, LATER, 2))) == 2
    assert len(store.write_sync(lambda tx: tx.erasure.bodies(LATER, LATER, 2))) == 1
    assert store.write_sync(lambda tx: tx.erasure.bodies(LATER, LATER, 2)) == []
    assert check(store) == []


def test_what_is_on_the_wire_cannot_be_cancelled(store: Store) -> None:
    """An order to erase waits for the answer of what has left."""
    add(store)

    def send(tx: Tx) -> None:
        tx.messages.add(message("m1"))
        tx.deliveries.enqueue(delivery("v1", dossier_id="d1"))
        (held,) = tx.deliveries.claim(START, "w", timedelta(minutes=1), 1)
        tx.deliveries.begin_attempt(held, "m1", START)

    store.write_sync(send)
    with pytest.raises(Conflict, match="has left the hub"):
        store.write_sync(lambda tx: tx.deliveries.cancel_all("d1", START, "order"))
