"""What agencies say they have, kept page by page until it has been compared with ours. Codes only, no people."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from sqlalchemy import delete, insert, select

from broker.model import Listed, StepState
from broker.store.schema import listed
from broker.store.sql import Repository


class Lists(Repository):
    """The lines of each run."""

    __slots__ = ()

    def add(self, run: str, lines: Iterable[Listed]) -> None:
        """Keep one page."""
        rows = [{"run": run, **dataclasses.asdict(line)} for line in lines]
        if rows:
            self._conn.execute(insert(listed), rows)

    def of(self, run: str) -> list[Listed]:
        """All lines of a run, as they came."""
        query = select(listed).where(listed.c.run == run).order_by(listed.c.id)
        return [
            Listed(row.code, row.key, row.agency_code, row.state and StepState(row.state), row.at)
            for row in self._conn.execute(query)
        ]

    def forget(self, run: str) -> None:
        """Drop what has been compared."""
        self._conn.execute(delete(listed).where(listed.c.run == run))
