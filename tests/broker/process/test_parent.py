"""The derived state of a dossier."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from broker.model import DossierState, Phase, Step, StepState
from broker.process.parent import derive

D, P, S = DossierState, Phase, StepState


def steps(*states: StepState) -> list[Step]:
    """Steps in these states."""
    return [Step(str(n), "agency", state, datetime(2026, 9, 7, tzinfo=UTC)) for n, state in enumerate(states)]


@pytest.mark.parametrize(
    ("phase", "state"),
    [(P.CHECKING, D.CHECKING), (P.ASKING, D.SUPPLEMENT), (P.REFUSED, D.REJECTED), (P.WITHDRAWN, D.WITHDRAWN)],
)
def test_before_there_are_steps_the_phase_decides(phase: Phase, state: DossierState) -> None:
    """A dossier that never opened has the state of its phase."""
    assert derive(phase, []) == state


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((S.SENDING, S.PLANNED), D.PROCESSING),
        ((S.COMPLETED, S.PLANNED), D.PROCESSING),
        ((S.COMPLETED, S.SUPPLEMENT, S.PROCESSING), D.SUPPLEMENT),
        ((S.COMPLETED, S.STUCK, S.SUPPLEMENT), D.STUCK),
        ((S.COMPLETED, S.RETURNED), D.COMPLETED),
        ((S.COMPLETED, S.REJECTED, S.PROCESSING), D.PROCESSING),
        ((S.COMPLETED, S.REJECTED, S.COMPLETED), D.PARTIAL),
        ((S.COMPLETED, S.CANCELLED), D.PARTIAL),
        ((S.REJECTED, S.CANCELLED, S.CANCELLED), D.REJECTED),
        ((S.WITHDRAWN, S.CANCELLED), D.WITHDRAWN),
    ],
)
def test_steps_decide_once_the_dossier_is_open(states: tuple[StepState, ...], expected: DossierState) -> None:
    """What needs a person first, then what is under way, then the sum of the ends."""
    assert derive(P.OPEN, steps(*states)) == expected


def test_a_withdrawal_leaves_the_birth_registered() -> None:
    """Results that existed when the citizen withdrew stay; without one the dossier is withdrawn."""
    assert derive(P.WITHDRAWN, steps(S.COMPLETED, S.WITHDRAWN)) == D.PARTIAL
    assert derive(P.WITHDRAWN, steps(S.PROCESSING, S.CANCELLED)) == D.WITHDRAWN
