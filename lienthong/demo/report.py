"""What the demo found, as figures for programs; `lienthong.demo.tables` shows it to people."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from broker.model import DeliveryKind, DeliveryState, Dossier, Step, StepState, Transition
from broker.store.engine import Tx
from broker.store.rows import DeliveryFilter
from lienthong.demo.portal import Finding, Journey
from lienthong.demo.world import World
from signing.verifier.logcheck import LogReport

_DONE = {StepState.COMPLETED, StepState.REJECTED}
_TAKEN = ("completed", "partially-completed")


@dataclasses.dataclass(frozen=True)
class StepTime:
    """One step of one dossier; ``ms`` from sending to its end, None if it has not come to one."""

    id: str
    agency: str
    state: StepState
    ms: float | None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The end of a demo. ``steps``: code of a dossier → its steps in order; ``review``: of a declaration never sent."""

    journeys: Sequence[Journey]
    steps: Mapping[str, Sequence[StepTime]]
    review: Sequence[Finding]
    log: LogReport
    work: Sequence[Any]
    figures: dict[str, Any]

    @property
    def ok(self) -> bool:
        """True if every declaration ended as it should and the log is as it was signed."""
        return self.figures["failed"] == 0 and self.log.ok


@dataclasses.dataclass(frozen=True)
class Seen:
    """What was seen from outside: the declarations, for how long all of them took, mails in the mailboxes, a review."""

    journeys: Sequence[Journey]
    seconds: float
    mails: int
    review: Sequence[Finding]


def outcome(world: World, seen: Seen, log: LogReport) -> Outcome:
    """Count and time what happened in ``world``."""
    journeys = seen.journeys
    steps, counts, work = world.hub.store.read(lambda tx: (_steps(tx, journeys), _counts(tx), _work(tx)))
    times = [journey.seconds * 1000 for journey in journeys if journey.code]
    groups = sorted({journey.case.group for journey in journeys})
    figures = {
        **_ends(journeys),
        "groups": {group: _ends(one for one in journeys if one.case.group == group) for group in groups},
        "steps": sum(step.ms is not None for found in steps.values() for step in found),
        **counts,
        "mails": seen.mails,
        "seconds": round(seen.seconds, 2),
        "per_dossier_ms": _spread(times),
        "per_step_ms": {step: _spread(found) for step, found in step_ms(steps).items()},
        "log": {"entries": log.entries, "verified": log.ok},
    }
    return Outcome(journeys, steps, seen.review, log, work, figures)


def step_ms(steps: Mapping[str, Sequence[StepTime]]) -> dict[str, list[float]]:
    """Step → milliseconds of each dossier in which it came to an end."""
    found: dict[str, list[float]] = {}
    for step in (one for several in steps.values() for one in several):
        if step.ms is not None:
            found.setdefault(step.id, []).append(step.ms)
    return found


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which ``percent`` of the values lie, in the values' unit; 0 of none."""
    if not values:
        return 0.0
    if len(values) == 1:
        return round(values[0], 1)
    return round(statistics.quantiles(sorted(values), n=100, method="inclusive")[percent - 1], 1)


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"p50": percentile(values, 50), "p99": percentile(values, 99)}


def _ends(journeys: Iterable[Journey]) -> dict[str, int]:
    """How the declarations ended; what ended otherwise than it should is failed, whatever its state."""
    found = list(journeys)
    states = [journey.state for journey in found if journey.as_it_should]
    completed = [state for state in states if state in _TAKEN]
    return {
        "dossiers": len(found),
        "completed": len(completed),
        "partially_completed": completed.count("partially-completed"),
        "refused": len(states) - len(completed),
        "failed": len(found) - len(states),
    }


def _steps(tx: Tx, journeys: Sequence[Journey]) -> dict[str, list[StepTime]]:
    dossiers = [tx.dossiers.by_code(journey.code) for journey in journeys if journey.code]
    return {found.code: _timed(tx, found) for found in dossiers if found is not None}


def _timed(tx: Tx, dossier: Dossier) -> list[StepTime]:
    history = tx.dossiers.transitions(dossier.id)
    return [StepTime(step.id, step.agency, step.state, _ms(step, history)) for step in dossier.steps]


def _ms(step: Step, history: Sequence[Transition]) -> float | None:
    began, ended = step.started_at, _ended(history, step.id)
    return None if began is None or ended is None else (ended - began).total_seconds() * 1000


def _ended(history: Sequence[Transition], step: str) -> datetime | None:
    return next((line.recorded_at for line in history if line.step == step and line.state in _DONE), None)


def _counts(tx: Tx) -> dict[str, int]:
    """How many messages the hub sent, and how many results the citizens' store confirmed."""
    filed = DeliveryFilter(kind=DeliveryKind.RESULT, state=DeliveryState.DONE)
    return {
        "exchanges": sum(1 for _ in _requests(tx)),
        "results_filed": len(tx.deliveries.list(filed, limit=100_000).items),
    }


def _requests(tx: Tx) -> Any:
    after = None
    while True:
        page = tx.messages.search(limit=500, after=after)
        yield from (row for row in page.items if row.kind == "request")
        after = page.after
        if after is None:
            return


def _work(tx: Tx) -> Sequence[Any]:
    return tx.work.list(limit=100).items
