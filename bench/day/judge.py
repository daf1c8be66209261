"""Whether the day went as it must: every dossier, every deadline, every message, from what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bench.day import working
from bench.day.cases import Arrival, Fate
from bench.day.offices import DAYS
from bench.day.run import Day
from broker.model import Dossier, StepState, Transition

_LEGAL = (StepState.RECEIVED, StepState.ACCEPTED, StepState.PROCESSING, StepState.COMPLETED)
_MOVED = frozenset({Fate.SUPPLEMENT, Fate.SILENT, Fate.LATE_CARD})
"""Fates whose deadlines are moved on the way, by the citizen's time or by a new appointment."""


def judge(day: Day) -> list[str]:
    """Everything that is not as it must be, one sentence each."""
    found = list(day.problems)
    for code, arrival in day.arrivals.items():
        found += _dossier(day, code, arrival)
    found += [f"the store contradicts itself: {sentence}" for sentence in day.hub.check()]
    found += [
        f"the log does not verify: {finding}" for finding in day.hub.log.book.verify(day.verifier).findings
    ]
    return found


def _dossier(day: Day, code: str, arrival: Arrival) -> Iterator[str]:
    dossier, transitions = day.hub.store.read(lambda tx: _read(tx, code))
    ended = day.ended.get(code)
    if ended is None:
        yield f"{code} ({arrival.fate}) has not ended"
        return
    if ended[0] is not arrival.end:
        yield f"{code} ({arrival.fate}) ended {ended[0]} instead of {arrival.end}"
    yield from _deadlines(day, dossier, arrival, transitions)
    yield from _once(day, dossier)
    yield from _in_order(dossier, transitions)


def _read(tx: object, code: str) -> tuple[Dossier, list[Transition]]:
    dossier = tx.dossiers.by_code(code)  # type: ignore[attr-defined]
    return dossier, tx.dossiers.transitions(dossier.id)  # type: ignore[attr-defined]


def _deadlines(day: Day, dossier: Dossier, arrival: Arrival, transitions: list[Transition]) -> Iterator[str]:
    """The receipt's date, and each step's: counted again by the judge's own calendar."""
    longest = max((DAYS[step.id] + 1 for step in dossier.steps), default=3)
    wanted = working.due(arrival.at, max(3, longest if longest > 4 else 3))
    if day.promised[dossier.code] != wanted:
        yield f"{dossier.code}: received {arrival.at}, promised {day.promised[dossier.code]}, not {wanted}"
    if arrival.fate in _MOVED:
        return
    for step in dossier.steps:
        begun = next((line for line in transitions if (line.step, line.state) == (step.id, "sending")), None)
        first = step.missed or step.due  # a missed appointment has a new one, set while the day went on
        if begun is None or first is None:
            continue
        from_receipt = step.id == "registration" and dossier.version == 1
        start = dossier.received_at if from_receipt else begun.recorded_at
        if first != (wanted := working.due(start, DAYS[step.id])):
            yield f"{dossier.code}: {step.id} begun {_local(start)} is due {_local(first)}, not {_local(wanted)}"


def _once(day: Day, dossier: Dossier) -> Iterator[str]:
    """Every step that was sent is there once, and none that was not."""
    for step in dossier.steps:
        there = (dossier.code, step.id) in day.offices[step.agency].files
        sent = step.started_at is not None and step.state is not StepState.CANCELLED
        if there != sent and not (there and step.state is StepState.WITHDRAWN):
            yield f"{dossier.code}: {step.id} is {step.state}, and {step.agency} {'has' if there else 'lacks'} it"


def _in_order(dossier: Dossier, transitions: list[Transition]) -> Iterator[str]:
    """No step skips a legal state; what an agency skipped was filled in."""
    for step in dossier.steps:
        seen = [line.state for line in transitions if line.step == step.id and line.state in _LEGAL]
        if StepState.COMPLETED in seen and list(dict.fromkeys(seen)) != list(_LEGAL):
            yield f"{dossier.code}: {step.id} went {' '.join(seen)}"


def drained(day: Day) -> timedelta | None:
    """How long after the outage the last delivery that had waited for it was gone; None if some still wait."""
    worst = max((depth for _, depth in day.waiting), default=0)
    if worst == 0:
        return timedelta()
    peak = next(at for at, depth in day.waiting if depth == worst)
    usual = 20
    return next((at - peak for at, depth in day.waiting if at > peak and depth <= usual), None)


def _local(at: datetime) -> str:
    return f"{at.astimezone(working.HANOI):%a %d/%m %H:%M}"
