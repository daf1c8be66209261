"""What commands make of a dossier, and what they leave in its history."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime

from broker.model import WHOLE, DeliveryKind, Dossier, Step, StepState, Transition
from broker.process import commands as c
from broker.process import states, texts


def apply(dossier: Dossier, commands: Iterable[c.Command]) -> Dossier:
    """The dossier after ``commands``. Raises KeyError for a step that it does not have."""
    for command in commands:
        dossier = _apply(dossier, command)
    return dossier


def _apply(dossier: Dossier, command: c.Command) -> Dossier:
    if isinstance(command, c.SetPhase):
        return dataclasses.replace(dossier, phase=command.phase, reason=command.reason)
    if isinstance(command, c.SetDue) and command.step is None:
        return dataclasses.replace(dossier, due=command.due)
    if isinstance(command, c.Reappoint) and command.step is None:
        return dataclasses.replace(dossier, due=command.due, missed=dossier.missed or command.missed)
    if isinstance(command, c.Plan):
        return dataclasses.replace(dossier, steps=(*dossier.steps, command.new))
    if command.step is None:
        return dossier
    old = dossier.step(command.step)
    new = _changed(old, command)
    return dataclasses.replace(dossier, steps=tuple(new if step is old else step for step in dossier.steps))


def _changed(step: Step, command: c.Command) -> Step:
    match command:
        case c.Move():
            return _moved(step, command)
        case c.Cancel():
            return dataclasses.replace(
                step,
                state=StepState.CANCELLED,
                since=command.at,
                reason=command.why,
                poll_at=None,
                supplement_due=None,
                ended_at=command.at,
            )
        case c.Send():
            return _sent(step, command)
        case c.SetResult():
            return dataclasses.replace(step, result=command.xml)
        case c.Replace():
            times = step.corrections + 1
            return dataclasses.replace(step, result=command.xml, result_at=command.at, corrections=times)
        case c.Corrected():
            return dataclasses.replace(step, correction=command.state, correction_note=command.note)
        case c.SetAgencyCode():
            return dataclasses.replace(step, agency_code=command.code)
        case c.SetDue():
            return dataclasses.replace(step, due=command.due)
        case c.AskCitizen():
            return dataclasses.replace(step, reason=command.what, supplement_due=command.due)
        case c.Reappoint():
            return dataclasses.replace(step, due=command.due, missed=step.missed or command.missed)
        case c.Watch():
            return dataclasses.replace(step, alarm_at=command.at)
        case c.SchedulePoll():
            return dataclasses.replace(step, poll_at=command.at)
        case c.Wait():
            return dataclasses.replace(step, reason=command.reason)
        case _:
            return step


def _moved(step: Step, move: c.Move) -> Step:
    started = step.started_at or (move.at if move.state == StepState.SENDING else None)
    ended = step.ended_at or (move.at if move.state in states.FINAL else None)
    return dataclasses.replace(
        step,
        state=move.state,
        since=move.at,
        reason=move.note,
        supplement_due=None,
        started_at=started,
        ended_at=ended,
    )


def _sent(step: Step, send: c.Send) -> Step:
    if send.kind != DeliveryKind.SUPPLEMENT:
        return step
    # Without a date the citizen's silence cannot be counted against them while the supplement is on its way.
    return dataclasses.replace(step, version=send.version, reason=texts.SUPPLEMENT_SENT, supplement_due=None)


def transitions(dossier: Dossier, commands: Iterable[c.Command], now: datetime) -> tuple[Transition, ...]:
    """The lines that ``commands`` add to the history of ``dossier``, which is as it was before them.

    Late and contradicting reports are lines too: they keep the state that the step has and say in the note
    what came.
    """
    lines: list[Transition] = []
    for command in commands:
        line = _line(dossier, command, now)
        if line is not None:
            lines.append(line)
        dossier = _apply(dossier, command)
    return tuple(lines)


def _line(dossier: Dossier, command: c.Command, now: datetime) -> Transition | None:
    match command:
        case c.Move(step, state, at, source, inferred, note):
            return Transition(step, state, at, now, source, inferred, note)
        case c.Cancel(step, why, at):
            return Transition(step, StepState.CANCELLED, at, now, "hub", note=why)
        case c.Reappoint(step, _, _, at, source, note):
            state = dossier.step(step).state if step is not None else StepState.RECEIVED
            return Transition(step or WHOLE, state, at, now, source, note=note)
        case c.Plan(new):
            return Transition(new.id, new.state, new.since, now, "hub", note=texts.RESUMED)
        case c.Replace(step, _, at, source, note) | c.Corrected(step, _, at, source, note):
            return Transition(step, dossier.step(step).state, at, now, source, note=note)
        case c.Late(step, _, at, source, note) | c.Contradiction(step, note, at, source):
            return Transition(step, dossier.step(step).state, at, now, source, note=note)
        case _:
            return None
