"""What the clock makes of a dossier: appointments that were missed and steps that stand still for too long.

A missed appointment is excused with a new one (decree 118/2025/NĐ-CP: apology letter and new appointment), once for
each that is missed. An agency's own new appointment wins over the hub's. While the citizen has to act, the agency's
clock stands still and nobody apologises.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from broker.calendar import WorkingCalendar
from broker.clock import VIETNAM
from broker.model import Dossier, Phase, Step, StepState
from broker.process import commands as c
from broker.process import states, texts
from broker.process.rules import RuleSet

_HUB = "hub"


def overdue(
    dossier: Dossier, rules: RuleSet, calendar: WorkingCalendar, now: datetime
) -> Iterator[c.Command]:
    """Name what is past its appointment, and make a new one."""
    under_way = [step for step in dossier.steps if step.state not in states.FINAL]
    late = [
        step
        for step in under_way
        if step.due is not None and now > step.due and step.state != StepState.SUPPLEMENT
    ]
    excused = dossier.phase == Phase.OPEN
    latest = now
    for step in late:
        assert step.due is not None, "chosen so above"
        yield c.Overdue(step.id, step.due)
        if excused:
            rule = rules.step(step.id)
            due = calendar.due(now, rule.extension or rule.deadline)
            latest = max(latest, due)
            yield reappointment(step.id, step.due, due, now, _HUB)
    if dossier.due is None or now <= dossier.due or not under_way:
        return
    yield c.Overdue(None, dossier.due)
    if excused and not any(step.state == StepState.SUPPLEMENT for step in under_way):
        extensions = (rules.extension,) if rules.extension else rules.totals([step.id for step in under_way])
        due = max(latest, *(calendar.due(now, extension) for extension in extensions))
        yield reappointment(None, dossier.due, due, now, _HUB)


def of_agency(step: Step, due: datetime, at: datetime, source: str) -> c.Command:
    """The agency names an appointment: a new one if the citizen was given an earlier one, else the first."""
    if step.due is not None and (due > step.due or step.missed is not None):
        return reappointment(step.id, step.due, due, at, source)
    return c.SetDue(step.id, due)


def reappointment(
    step: str | None, missed: datetime, due: datetime, at: datetime, source: str
) -> c.Reappoint:
    """The command, with the words that stand in the history."""
    written = f"{due.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
    return c.Reappoint(step, missed, due, at, source, texts.reappointed(written))


def watch(before: Dossier, after: Dossier, rules: RuleSet, calendar: WorkingCalendar) -> Iterator[c.Watch]:
    """Set the alarm of every step that has come to another place on its way."""
    known = {step.id: step for step in before.steps}
    for step in after.steps:
        old = known.get(step.id)
        if old is not None and (old.state, old.since) == (step.state, step.since):
            continue
        hop = next((limit for place, limit in rules.hops.items() if place == step.state.value), None)
        alarm = calendar.due(step.since, hop) if hop is not None else None
        if alarm != step.alarm_at and (old is not None or alarm is not None):
            yield c.Watch(step.id, alarm)


def stalled(dossier: Dossier, now: datetime) -> Iterator[c.Command]:
    """Name each step that stands still for longer than allowed, once."""
    for step in dossier.steps:
        if step.alarm_at is not None and now >= step.alarm_at and step.state not in states.FINAL:
            yield c.Stalled(step.id, step.state, step.since)
            yield c.Watch(step.id, None)
