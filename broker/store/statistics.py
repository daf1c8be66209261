"""Counts of steps, from indexed columns alone: no document is read, no personal data leaves, history is not scanned."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from broker.model import StepState
from broker.store.schema import steps
from broker.store.sql import Repository

_UNITS = {
    "commune": steps.c.commune,
    "province": steps.c.province,
    "agency": steps.c.agency,
    "step": steps.c.id,
}
KEYS = tuple(_UNITS)
"""What can be counted by."""


@dataclasses.dataclass(frozen=True, slots=True)
class Counted:
    """One step as statistics see it. ``unit`` is None for steps planned before units were kept."""

    unit: str | None
    dossier_id: str
    state: StepState
    opened_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    due: datetime | None
    missed: datetime | None
    version: int


class Statistics(Repository):
    """The rows of a period."""

    __slots__ = ()

    def rows(
        self,
        by: str,
        since: datetime,
        until: datetime,
        *,
        commune: str | None = None,
        province: str | None = None,
    ) -> Iterator[Counted]:
        """Steps planned in ``since`` <= time < ``until``, of one commune or province if named."""
        query = select(
            _UNITS[by].label("unit"),
            steps.c.dossier_id,
            steps.c.state,
            steps.c.opened_at,
            steps.c.started_at,
            steps.c.ended_at,
            steps.c.due,
            steps.c.missed,
            steps.c.version,
        ).where(steps.c.opened_at >= since, steps.c.opened_at < until)
        if commune is not None:
            query = query.where(steps.c.commune == commune)
        if province is not None:
            query = query.where(steps.c.province == province)
        for row in self._conn.execute(query):
            values = row._asdict()
            yield Counted(**{**values, "state": StepState(values["state"])})
