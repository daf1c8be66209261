"""Figures of the demo."""

from __future__ import annotations

import pytest

from broker.model import StepState
from lienthong.demo.report import StepTime, percentile, step_ms


@pytest.mark.parametrize(("values", "expected"), [([], 0.0), ([7.0], 7.0), ([1.0, 2.0, 3.0], 2.0)])
def test_percentile(values: list[float], expected: float) -> None:
    """Half of the values lie below the fiftieth; none and one are cases of their own."""
    assert percentile(values, 50) == expected


def test_only_steps_that_ended_are_timed() -> None:
    """A step that was never sent has no time."""
    done = StepTime("registration", "hotich", StepState.COMPLETED, 12.0)
    waiting = StepTime("card", "bhxh", StepState.PLANNED, None)
    assert step_ms({"one": [done, waiting], "two": [done]}) == {"registration": [12.0, 12.0]}
