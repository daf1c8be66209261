"""Missed appointments are excused once each, and steps that stand still are named once."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime

from broker.calendar import Deadline
from broker.model import WHOLE, Dossier, ReportItem, Step
from broker.model import StepState as S
from broker.process import appointments, texts
from broker.process import commands as c
from broker.process.apply import apply, transitions
from tests.broker.process.births import ENGINE, Case, at, report

RULES, CALENDAR = ENGINE.rules, ENGINE.calendar
HOP = Deadline.parse("4 working hours")


def tick(dossier: Dossier, now: datetime) -> tuple[c.Command, ...]:
    """What the clock says of appointments."""
    return tuple(appointments.overdue(dossier, RULES, CALENDAR, now))


def excuses(commands: tuple[c.Command, ...]) -> list[tuple[str | None, datetime]]:
    """Step and new appointment of every apology."""
    return [(found.step, found.due) for found in commands if isinstance(found, c.Reappoint)]


def test_a_missed_appointment_is_excused_once() -> None:
    """T22, T37: the new appointment is as long as the first; nothing is said again before it is missed too."""
    case = Case("registration")
    late = at("2026-09-08 08:00")
    said = tick(case.dossier, late)
    assert excuses(said) == [("registration", at("2026-09-08 17:00"))]
    after = apply(case.dossier, said)
    assert after.step("registration").missed == at("2026-09-07 17:00")
    assert tick(after, late) == ()
    again = tick(after, at("2026-09-09 08:00"))
    assert excuses(again) == [("registration", at("2026-09-09 17:00"))]
    assert apply(after, again).step("registration").missed == at("2026-09-07 17:00")


def test_the_whole_gets_an_appointment_behind_its_parts() -> None:
    """The dossier's own new appointment is never before that of a step."""
    case = Case("registration")
    late = at("2026-09-11 08:00")
    said = dict(excuses(tick(case.dossier, late)))
    assert said[None] >= said["registration"]
    assert apply(case.dossier, tick(case.dossier, late)).missed == at("2026-09-10 17:00")


def test_nobody_apologises_while_the_citizen_has_to_act() -> None:
    """The office's clock stands still; the dossier is named to staff all the same."""
    case = Case("registration")
    case.say("registration", report(S.SUPPLEMENT))
    said = tick(case.dossier, at("2026-09-11 08:00"))
    assert said == (c.Overdue(None, at("2026-09-10 17:00")),)


def test_the_new_appointment_stands_in_the_history() -> None:
    """With the state that the step has, or received for the dossier as a whole."""
    case = Case("registration")
    now = at("2026-09-11 08:00")
    said = tick(case.dossier, now)
    lines = transitions(case.dossier, said, now)
    assert [line.step for line in lines] == ["registration", WHOLE]
    assert lines[1].note == texts.reappointed("17:00 16/09/2026")
    assert lines[0].state == case.dossier.step("registration").state


def test_the_agency_s_own_appointment_wins() -> None:
    """A later one is an apology even before the first has passed; it replaces the hub's whatever that was."""
    case = Case("registration")
    said = case.say(
        "registration", dataclasses.replace(report(S.RECEIVED), new_appointment=date(2026, 9, 14))
    )
    assert excuses(said) == [("registration", at("2026-09-14 17:00"))]
    said = case.say("registration", ReportItem(report(S.RECEIVED).outcome, new_appointment=date(2026, 9, 11)))
    assert excuses(said) == [("registration", at("2026-09-11 17:00"))]


def test_a_step_without_an_appointment_gets_its_first() -> None:
    """There is nothing to excuse."""
    step = Step("registration", "hotich", S.RECEIVED, at("2026-09-07 08:00"))
    due = at("2026-09-08 17:00")
    assert appointments.of_agency(step, due, due, "hotich") == c.SetDue("registration", due)


def test_a_step_that_stands_still_is_named_once() -> None:
    """T1: the alarm is set when the step comes to a place, and is over when it rings or the step moves on."""
    rules = RULES.model_copy(update={"hops": {"sending": HOP}})
    case = Case("registration")
    before = dataclasses.replace(case.dossier, steps=())
    (watch,) = appointments.watch(before, case.dossier, rules, CALENDAR)
    assert watch.at is not None
    watched = apply(case.dossier, [watch])
    assert tuple(appointments.stalled(watched, case.now)) == ()
    rung = tuple(appointments.stalled(watched, watch.at))
    step = watched.step("registration")
    assert rung == (c.Stalled(step.id, S.SENDING, step.since), c.Watch(step.id, None))
    assert tuple(appointments.stalled(apply(watched, rung), watch.at)) == ()
    moved = apply(watched, [c.Move(step.id, S.RECEIVED, case.now, "hotich")])
    assert list(appointments.watch(watched, moved, rules, CALENDAR)) == [c.Watch(step.id, None)]
