"""Steps, their history, and what the clock asks about them."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from broker.model import StepState, Transition
from broker.store.engine import Store
from broker.store.errors import Conflict, Missing
from tests.broker.store.samples import dossier, step
from tests.clock import START

HOUR = timedelta(hours=1)


def test_steps_keep_their_order(store: Store) -> None:
    """Steps that are added later stand behind the first."""
    store.write_sync(lambda tx: tx.dossiers.add(dossier("1", steps=(step("z"),))))
    store.write_sync(lambda tx: tx.dossiers.add_steps("1", [step("b"), step("a")]))
    assert [s.id for s in store.read(lambda tx: tx.dossiers.get("1")).steps] == ["z", "b", "a"]


def test_a_step_is_there_once(store: Store) -> None:
    """A second step with the same id is refused."""
    store.write_sync(lambda tx: tx.dossiers.add(dossier("1")))
    with pytest.raises(Conflict):
        store.write_sync(lambda tx: tx.dossiers.add_steps("1", [step("registration")]))


def test_every_field_of_a_step_changes(store: Store) -> None:
    """An update stores the step as given, and nothing else of the dossier."""
    store.write_sync(lambda tx: tx.dossiers.add(dossier("1")))
    changed = dataclasses.replace(
        step("registration", agency="bhxh"),
        state=StepState.SUPPLEMENT,
        since=START + HOUR,
        due=START + 2 * HOUR,
        version=3,
        agency_code="HT-1",
        reason="thiếu giấy",
        supplement_due=START + 3 * HOUR,
        result=b"<r/>",
        poll_at=START + 4 * HOUR,
        started_at=START,
    )
    store.write_sync(lambda tx: tx.dossiers.update_step("1", changed))
    assert store.read(lambda tx: tx.dossiers.get("1")).steps == (changed, dossier("1").steps[1])


def test_an_unknown_step(store: Store) -> None:
    """Updating a step that the dossier does not have is an error."""
    store.write_sync(lambda tx: tx.dossiers.add(dossier("1")))
    with pytest.raises(Missing):
        store.write_sync(lambda tx: tx.dossiers.update_step("1", step("other")))


def test_history_is_in_the_order_of_learning(store: Store) -> None:
    """Transitions come back as recorded, also when an earlier event was learnt of later."""
    store.write_sync(lambda tx: tx.dossiers.add(dossier("1")))
    history = [
        Transition("registration", StepState.ACCEPTED, START + HOUR, START + HOUR, "hotich", message_id="m1"),
        Transition(
            "registration", StepState.RECEIVED, START, START + HOUR, "hotich", inferred=True, note="late"
        ),
    ]
    for one in history:
        store.write_sync(lambda tx, one=one: tx.dossiers.add_transition("1", one))
    assert store.read(lambda tx: tx.dossiers.transitions("1")) == history


def test_polls_that_are_due(store: Store) -> None:
    """Due polls of one agency, the longest waiting first."""
    for number, (agency, minutes) in enumerate([("hotich", 2), ("hotich", 1), ("cutru", 0), ("hotich", 9)]):
        waiting = step("s", agency=agency, poll_at=START + timedelta(minutes=minutes))
        added = dossier(f"{number}", steps=(waiting,))
        store.write_sync(lambda tx, added=added: tx.dossiers.add(added))
    now = START + timedelta(minutes=2)
    due = store.read(lambda tx: tx.dossiers.to_poll("hotich", now, 10))
    assert [ref.dossier_id for ref in due] == ["1", "0"]
    assert len(store.read(lambda tx: tx.dossiers.to_poll("hotich", now, 1))) == 1


def test_deadlines_that_are_over(store: Store) -> None:
    """An open step past its deadline is found; one that ended or has time left is not."""
    for number, (state, due) in enumerate(
        [(StepState.PROCESSING, START), (StepState.COMPLETED, START), (StepState.PROCESSING, START + HOUR)]
    ):
        added = dossier(f"{number}", steps=(step("s", state=state, due=due),))
        store.write_sync(lambda tx, added=added: tx.dossiers.add(added))
    assert [ref.dossier_id for ref in store.read(lambda tx: tx.dossiers.past_due(START, 10))] == ["0"]
    assert store.read(lambda tx: tx.dossiers.past_due(START, 10, since=START)) == []


def test_supplements_that_did_not_come(store: Store) -> None:
    """A step whose citizen or relatives were waited for beyond the last day is found, one that waits for nobody not."""
    for number, due in enumerate([START, None]):
        added = dossier(f"{number}", steps=(step("s", state=StepState.SUPPLEMENT, supplement_due=due),))
        store.write_sync(lambda tx, added=added: tx.dossiers.add(added))
    assert store.read(lambda tx: tx.dossiers.past_supplement_due(START - HOUR, 10)) == []
    found = store.read(lambda tx: tx.dossiers.past_supplement_due(START, 10))
    assert [(ref.dossier_id, ref.step.id) for ref in found] == [("0", "s")]
