"""Corrections of results: who is told, and how they take it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from broker.model import CorrectionState, DeliveryKind, Outcome, ReportItem, StepState
from broker.process import commands as c
from broker.process import texts
from tests.broker.process.births import ABILITIES, ENGINE, Case, registered, registration, report

S, State = StepState, CorrectionState
CORRECTED = report(S.COMPLETED, result=registration(name="NGUYỄN ÂN"))


def corrected(case: Case) -> tuple[c.Command, ...]:
    """Civil status corrects the child's name the day after."""
    return case.say("registration", CORRECTED, after=timedelta(days=1))


def told(commands: tuple[c.Command, ...]) -> list[tuple[str, int]]:
    """Steps whose agency gets the correction, and its number."""
    return [
        (command.step, command.version)
        for command in commands
        if isinstance(command, c.Send) and command.kind is DeliveryKind.CORRECTION
    ]


def test_every_agency_that_built_on_it_is_told_with_what_was_before() -> None:
    """Those under way and those that are done; the step itself keeps its state."""
    case = Case("registration", "residence", "card", "identity-card")
    case.say("registration", registered())
    case.say("card", report(S.COMPLETED))
    commands = corrected(case)
    assert told(commands) == [("residence", 1), ("card", 1), ("identity-card", 1)]
    sent = next(command for command in commands if isinstance(command, c.Send))
    assert sent.before == registration()
    assert case.state("registration") == S.COMPLETED
    assert {case.dossier.step(step).correction for step in ("residence", "card")} == {State.PENDING}


def test_a_step_not_sent_yet_simply_uses_the_corrected_result() -> None:
    """Nothing was built on the earlier one there, nor at an agency that has refused."""
    case = Case("registration", "residence", "card")
    case.say("registration", registered(None))
    assert told(corrected_without_number(case)) == []
    other = Case("registration", "residence")
    other.say("registration", registered())
    other.say("residence", report(S.REJECTED))
    assert told(corrected(other)) == []


def corrected_without_number(case: Case) -> tuple[c.Command, ...]:
    """A correction before the personal number has come."""
    item = report(S.COMPLETED, result=registration(None, name="NGUYỄN ÂN"))
    return case.say("registration", item, after=timedelta(days=1))


def test_a_second_correction_is_told_as_another_one() -> None:
    """Each has its own key, and what was before it."""
    case = Case("registration", "residence")
    case.say("registration", registered())
    corrected(case)
    again = case.say("registration", report(S.COMPLETED, result=registration(name="NGUYỄN ẤN")))
    assert told(again) == [("residence", 2)]


@pytest.mark.parametrize(
    ("outcome", "state", "owned"),
    [
        (Outcome.OK, State.ACCEPTED, False),
        (Outcome.DUPLICATE, State.ACCEPTED, False),
        (Outcome.FAILED, State.REFUSED, True),
        (Outcome.DATA_ERROR, State.REFUSED, True),
    ],
)
def test_how_the_agency_takes_it_is_kept(outcome: Outcome, state: CorrectionState, owned: bool) -> None:
    """T7: a refusal is shown and a person has to settle it by a date; the step does not move."""
    case = Case("registration", "residence")
    case.say("registration", registered())
    corrected(case)
    receipt = ReportItem(outcome, reason="Dữ liệu dân cư đã khóa")
    (command,) = case.run(
        ENGINE.on_sent(case.dossier, "residence", DeliveryKind.CORRECTION, receipt, case.now, "cutru")
    )
    assert isinstance(command, c.Corrected)
    assert (command.due is not None) == owned
    step = case.dossier.step("residence")
    assert (step.correction, step.state) == (state, S.SENDING)


def test_a_correction_that_does_not_arrive_needs_a_person() -> None:
    """The delivery was given up: the step stays where it is."""
    case = Case("registration", "residence")
    case.say("registration", registered())
    corrected(case)
    (command,) = case.run(
        ENGINE.on_failed(case.dossier, "residence", DeliveryKind.CORRECTION, "no answer", case.now)
    )
    assert isinstance(command, c.Corrected)
    assert (command.state, command.due is not None) == (State.REFUSED, True)


def test_an_agency_that_takes_no_corrections_is_called_by_a_person() -> None:
    """The correction stays pending, with a date by which somebody has called."""
    abilities = ABILITIES | {"cutru": dataclasses.replace(ENGINE.abilities["hotich"], correct=False)}
    engine = dataclasses.replace(ENGINE, abilities=abilities)
    case = Case("registration", "residence")
    case.say("registration", registered())
    commands = engine.on_report(
        case.dossier, "registration", CORRECTED, case.now + timedelta(days=1), "hotich"
    )
    assert told(commands) == []
    (judged,) = [command for command in commands if isinstance(command, c.Corrected)]
    assert (judged.state, judged.note, judged.due is not None) == (State.PENDING, texts.NO_CORRECTION, True)


def test_a_result_that_others_rest_on_is_asked_for_later_too() -> None:
    """Where agencies only answer, corrections are heard of by asking now and then, and not for ever."""
    can = dataclasses.replace(
        ENGINE.abilities["hotich"], later=timedelta(days=1), later_for=timedelta(days=30)
    )
    engine = dataclasses.replace(ENGINE, abilities=ABILITIES | {"hotich": can})
    case = Case("registration", "residence")
    commands = case.run(engine.on_report(case.dossier, "registration", registered(), case.now, "hotich"))
    assert c.SchedulePoll("registration", case.now + timedelta(days=1)) in commands
    late = case.now + timedelta(days=31)
    last = engine.on_report(case.dossier, "registration", registered(), late, "hotich")
    assert last == (c.SchedulePoll("registration", None),)
