"""Sums over steps: states, lateness, durations."""

from __future__ import annotations

from datetime import timedelta

from broker.model import StepState as S
from broker.statistics import lines
from broker.store.statistics import Counted
from tests.clock import START

DUE = START + timedelta(days=1)


def row(
    state: S, hours: float | None = None, *, dossier: str = "d", missed: bool = False, version: int = 1
) -> Counted:
    """A step of one commune that took ``hours``."""
    ended = START + timedelta(hours=hours) if hours is not None else None
    return Counted("00004", dossier, state, START, START, ended, DUE, DUE if missed else None, version)


def test_figures_of_a_unit() -> None:
    """On time, late by its result, late without one, refused: each is counted where it belongs."""
    rows = [
        row(S.COMPLETED, 2),
        row(S.RETURNED, 4, dossier="e", version=2),
        row(S.COMPLETED, 30),
        row(S.COMPLETED, 6, missed=True),
        row(S.PROCESSING),
        row(S.REJECTED, 1),
    ]
    (line,) = lines(rows, START + timedelta(days=2))
    assert (line.unit, line.dossiers, line.steps) == ("00004", 2, 6)
    assert (line.on_time, line.late, line.rejected, line.supplements) == (2, 3, 1, 1)
    assert (line.median, line.p90) == (timedelta(hours=5), timedelta(hours=30))
    assert line.states == {"completed": 3, "processing": 1, "rejected": 1, "returned": 1}
    assert line.as_json()["median_seconds"] == 5 * 3600


def test_nothing_done_has_no_duration() -> None:
    """Units stand in the order of their codes; steps of unknown units are not lost."""
    unknown = Counted(None, "x", S.SUPPLEMENT, START, None, None, None, None, 1)
    first, second = lines([row(S.SENDING), unknown], START)
    assert (first.unit, first.supplements, first.median) == ("-", 1, None)
    assert (second.unit, second.late, second.p90) == ("00004", 0, None)
