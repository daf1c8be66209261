"""The schedule file."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from broker.config.schedule import Schedule


def test_a_job_runs_as_written_as_usual_or_not_at_all() -> None:
    """What the file does not name runs at its usual pace."""
    schedule = Schedule.model_validate(
        {"jobs": {"poll": {"every": "5s"}, "wake": {"every": "1s", "enabled": "no"}}}
    )
    usual = timedelta(minutes=1)
    assert schedule.every("poll", usual) == timedelta(seconds=5)
    assert schedule.every("deadlines", usual) == usual
    assert schedule.every("wake", usual) is None


def test_a_job_cannot_run_all_the_time() -> None:
    """A pause of nothing would stop everything else."""
    with pytest.raises(ValidationError, match="more often"):
        Schedule.model_validate({"jobs": {"poll": {"every": "0s"}}})
