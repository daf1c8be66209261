"""How the nightly comparison is set up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from broker.config.reconciliation import Reconciling
from broker.model import StepState
from broker.process.states import FINAL


def test_every_state_that_is_not_an_end_has_its_limit() -> None:
    """Nothing can stand still for ever without somebody being told."""
    assert set(Reconciling().untouched) == set(StepState) - FINAL


def test_times_are_written_as_elsewhere() -> None:
    """A state may be given another limit; what is no state, or no working day, is refused."""
    read = Reconciling.model_validate({"untouched": {"received": "2d"}, "grace": "30m"})
    assert read.untouched == {StepState.RECEIVED: timedelta(days=2)}
    assert read.grace == timedelta(minutes=30)
    for wrong in ({"untouched": {"lost": "2d"}}, {"due_days": 0}):
        with pytest.raises(ValidationError):
            Reconciling.model_validate(wrong)
