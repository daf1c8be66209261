"""How the nightly comparison with agencies is made: `reconciliation` in config/hub.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pydantic import Field

from broker.config.base import Duration, Frozen
from broker.model import StepState


class Reconciling(Frozen):
    """What is compared, and what counts as a difference."""

    days: Duration = timedelta(days=3)
    """How far back each comparison looks; further while older differences are open."""
    longest: Duration = timedelta(days=31)
    """How far back it looks at most."""
    grace: Duration = timedelta(hours=1)
    """What changed so recently may still be on its way."""
    due_days: int = Field(default=3, ge=1, le=60)
    """Working days in which the owner settles a difference."""
    untouched: Mapping[StepState, Duration] = {
        StepState.PLANNED: timedelta(days=60),
        StepState.SENDING: timedelta(days=2),
        StepState.STUCK: timedelta(days=3),
        StepState.RECEIVED: timedelta(days=15),
        StepState.SUPPLEMENT: timedelta(days=20),
        StepState.ACCEPTED: timedelta(days=30),
        StepState.PROCESSING: timedelta(days=45),
    }
    """State of a step → how long it may stand there before somebody is told that nobody touches it."""
    unchecked: Duration = timedelta(days=2)
    """How long a dossier may wait for the population register before somebody is told. One that waits for its citizen
    has a date of its own, after which it is closed."""
