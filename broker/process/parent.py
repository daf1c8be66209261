"""The state of a dossier, derived from its phase and its steps and never stored (domain: parent rule)."""

from __future__ import annotations

from collections.abc import Iterable

from broker.model import DossierState, Phase, Step, StepState
from broker.process.states import DONE, FINAL

_BEFORE_OPEN = {
    Phase.CHECKING: DossierState.CHECKING,
    Phase.ASKING: DossierState.SUPPLEMENT,
    Phase.REFUSED: DossierState.REJECTED,
}


def derive(phase: Phase, steps: Iterable[Step]) -> DossierState:
    """What the whole dossier is.

    What needs a person comes first, then what is under way. When all steps have ended: completed if all have
    a result, partially completed if some have (a birth stays registered when the residence is refused), else
    rejected if an agency refused, else withdrawn. A dossier whose further procedures are being checked is under way.
    """
    states = {step.state for step in steps}
    if phase in _BEFORE_OPEN and not states:
        return _BEFORE_OPEN[phase]
    if StepState.STUCK in states:
        return DossierState.STUCK
    if not states <= FINAL or not states or phase in _BEFORE_OPEN:
        return _under_way(phase, states)
    if states <= DONE:
        return DossierState.COMPLETED
    if states & DONE:
        return DossierState.PARTIAL
    return DossierState.REJECTED if StepState.REJECTED in states else DossierState.WITHDRAWN


def _under_way(phase: Phase, states: set[StepState]) -> DossierState:
    if phase == Phase.WITHDRAWN:
        return DossierState.WITHDRAWN
    asked = phase == Phase.ASKING or StepState.SUPPLEMENT in states
    return DossierState.SUPPLEMENT if asked else DossierState.PROCESSING
