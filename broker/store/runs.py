"""Scheduled runs: each happens once, however many processes tick."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from broker.store.schema import runs
from broker.store.sql import Repository


class Runs(Repository):
    """Which runs were taken."""

    __slots__ = ()

    def claim(self, job: str, due_at: datetime) -> bool:
        """Take the run of ``job`` that is due then; True for exactly one caller."""
        return self._tx.insert_new(runs, job=job, due_at=due_at, claimed_at=self._tx.clock())

    def last(self, job: str) -> datetime | None:
        """When the newest run that was taken was due."""
        query = select(func.max(runs.c.due_at)).where(runs.c.job == job)
        last: datetime | None = self._conn.execute(query).scalar_one()
        return last
