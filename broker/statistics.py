"""Statistics per commune, province, agency or step: how many, how they stand, on time or late, how long. Pure sums."""

from __future__ import annotations

import dataclasses
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from broker.model import StepState
from broker.process.states import DONE, FINAL
from broker.store.statistics import Counted

_UNKNOWN = "-"


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """The figures of one unit. Durations run from when a step was sent to its result."""

    unit: str
    dossiers: int
    steps: int
    states: dict[str, int]
    on_time: int
    late: int
    rejected: int
    supplements: int
    median: timedelta | None
    p90: timedelta | None

    def as_json(self) -> dict[str, Any]:
        """The line as plain values; durations in seconds."""
        values = dataclasses.asdict(self)
        for name in ("median", "p90"):
            duration = values.pop(name)
            values[f"{name}_seconds"] = None if duration is None else round(duration.total_seconds())
        return values


def lines(rows: Iterable[Counted], now: datetime) -> list[Line]:
    """One line for every unit, in the order of their codes."""
    grouped: dict[str, list[Counted]] = defaultdict(list)
    for row in rows:
        grouped[row.unit or _UNKNOWN].append(row)
    return [_line(unit, grouped[unit], now) for unit in sorted(grouped)]


def _line(unit: str, rows: list[Counted], now: datetime) -> Line:
    done = [row for row in rows if row.state in DONE]
    late = [row for row in rows if _late(row, now)]
    durations = sorted(
        row.ended_at - row.started_at
        for row in done
        if row.ended_at is not None and row.started_at is not None
    )
    return Line(
        unit=unit,
        dossiers=len({row.dossier_id for row in rows}),
        steps=len(rows),
        states=dict(sorted(Counter(row.state.value for row in rows).items())),
        on_time=sum(not _late(row, now) for row in done),
        late=len(late),
        rejected=sum(row.state is StepState.REJECTED for row in rows),
        supplements=sum(row.version - 1 + (row.state is StepState.SUPPLEMENT) for row in rows),
        median=_middle(durations),
        p90=durations[max(0, -(-len(durations) * 9 // 10) - 1)] if durations else None,
    )


def _late(row: Counted, now: datetime) -> bool:
    """An appointment was missed, by a result that came after it or by none that came yet."""
    if row.missed is not None:
        return True
    if row.due is None or row.state in FINAL - DONE:
        return False
    return (row.ended_at or now) > row.due


def _middle(durations: list[timedelta]) -> timedelta | None:
    if not durations:
        return None
    return timedelta(seconds=statistics.median(duration.total_seconds() for duration in durations))
