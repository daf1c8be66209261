"""What a simulated day comes to, as a table for people and as figures."""

from __future__ import annotations

import collections
import statistics
from collections.abc import Iterator
from typing import Any

from bench.day.cases import by_fate
from bench.day.judge import drained
from bench.day.run import DOWN, Day
from broker.model import StepState


def figures(day: Day, problems: list[str]) -> dict[str, Any]:
    """Everything as plain values; durations in hours."""
    states = collections.Counter(state.value for state, _ in day.ended.values())
    hours = sorted(
        (ended - day.arrivals[code].at).total_seconds() / 3600 for code, (_, ended) in day.ended.items()
    )
    late = _late(day)
    waiting = drained(day)
    return {
        "dossiers": len(day.arrivals),
        "ended": len(day.ended),
        "states": dict(states),
        "fates": {fate.value: count for fate, count in by_fate(list(day.arrivals.values())) if count},
        "repeated_submissions": day.repeats,
        "hours_to_end": {"median": _at(hours, 50), "p90": _at(hours, 90), "longest": _at(hours, 100)},
        "steps_late": late,
        "exchanges": {name: sum(office.requests.values()) for name, office in sorted(day.offices.items())},
        "refused_while_down": {DOWN: day.offices[DOWN].refused},
        "most_waiting": max((depth for _, depth in day.waiting), default=0),
        "drained_hours_after_peak": None if waiting is None else round(waiting.total_seconds() / 3600, 2),
        "sent_again": {
            name: _again(office.taken) for name, office in sorted(day.offices.items()) if office.taken
        },
        "log_entries": day.hub.store.read(lambda tx: tx.log.head().size),
        "simulated_days": round(day.simulated.total_seconds() / 86_400, 1),
        "wall_seconds": round(day.seconds, 1),
        "problems": problems,
    }


def text(values: dict[str, Any]) -> str:
    """The figures for a terminal."""
    return "\n".join(_lines(values))


def _lines(values: dict[str, Any]) -> Iterator[str]:
    yield f"{values['dossiers']:,} dossiers of one Monday, {values['ended']:,} ended"
    for state, count in sorted(values["states"].items(), key=lambda pair: -pair[1]):
        yield f"  {state:<22} {count:>7,}"
    hours = values["hours_to_end"]
    yield f"from submission to the end: median {hours['median']} h, p90 {hours['p90']} h, longest {hours['longest']} h"
    yield f"steps past their deadline: {values['steps_late']}"
    yield "exchanges: " + ", ".join(
        f"{name} {count:,}" for name, count in values["exchanges"].items() if count
    )
    yield (
        f"{DOWN} down for two hours: {values['refused_while_down'][DOWN]:,} attempts in vain, at most "
        f"{values['most_waiting']:,} waiting, gone {values['drained_hours_after_peak']} h after the peak"
    )
    yield f"{sum(values['sent_again'].values())} messages arrived again after an unanswered attempt, none had effect"
    yield f"{values['log_entries']:,} log entries, verified"
    yield f"{values['simulated_days']} days in {values['wall_seconds']} s"
    problems = values["problems"]
    yield f"{len(problems)} problems" + (":" if problems else "")
    yield from (f"  {problem}" for problem in problems[:50])


def _late(day: Day) -> int:
    """Steps that have their result after their due date."""
    count = 0
    for code in day.arrivals:
        dossier = day.hub.store.read(lambda tx, code=code: tx.dossiers.by_code(code))  # type: ignore[misc]
        assert dossier is not None, "it was acknowledged"
        done = (step for step in dossier.steps if step.state is StepState.COMPLETED and step.due is not None)
        count += sum(step.since > step.due for step in done)
    return count


def _again(taken: collections.Counter[str]) -> int:
    return sum(count - 1 for count in taken.values())


def _at(values: list[float], percent: int) -> float:
    if not values:
        return 0.0
    if percent == 100 or len(values) == 1:
        return round(values[-1], 1)
    return round(statistics.quantiles(values, n=100)[percent - 1], 1)
