"""What happens by the clock: config/schedule.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta

from pydantic import field_validator

from broker.config.base import Duration, Frozen, Name


class JobConfig(Frozen):
    """One recurring job."""

    every: Duration
    """Pause between two runs."""
    at: time | None = None
    """Time of day in Vietnam from which a run of each period is due; without one, periods count from 07:00."""
    enabled: bool = True
    """Whether it runs at all."""

    @field_validator("every")
    @classmethod
    def _not_too_often(cls, value: timedelta) -> timedelta:
        if value < timedelta(milliseconds=10):
            raise ValueError("is more often than every 10ms")
        return value


class Schedule(Frozen):
    """Recurring jobs by name."""

    jobs: Mapping[Name, JobConfig] = {}
    """Name of the job → when it runs."""

    def every(self, job: str, default: timedelta) -> timedelta | None:
        """The pause between two runs of ``job``; None if it is switched off."""
        config = self.jobs.get(job)
        if config is None:
            return default
        return config.every if config.enabled else None

    def at(self, job: str) -> time | None:
        """The time of day from which ``job`` is due, None if it has none."""
        config = self.jobs.get(job)
        return None if config is None else config.at
