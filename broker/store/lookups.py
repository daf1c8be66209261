"""Who looked up whom: every look-up of a citizen, found again by a keyed hash of the personal number."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select

from broker.store.rows import Lookup
from broker.store.schema import lookups
from broker.store.sql import Repository

_SHOWN = [lookups.c[field.name] for field in dataclasses.fields(Lookup)]


class Lookups(Repository):
    """Look-ups, each added in the transaction that logs the question."""

    __slots__ = ()

    def add(self, number: str, lookup: Lookup) -> None:
        """Note that ``lookup`` asks about the citizen who has that personal number."""
        row = {"subject": self._tx.vault.tag(number), "tagged_by": self._tx.vault.newest}
        self._conn.execute(insert(lookups), row | dataclasses.asdict(lookup))

    def of_person(self, number: str, *, limit: int = 1000) -> list[Lookup]:
        """Who looked up the citizen with that personal number, newest first."""
        return self._found(lookups.c.subject.in_(self._tx.vault.tags(number)), limit)

    def of_dossier(self, dossier_id: str, *, limit: int = 1000) -> list[Lookup]:
        """The look-ups that were made for a dossier, newest first."""
        return self._found(lookups.c.dossier_id == dossier_id, limit)

    def purge(self, before: datetime, limit: int) -> int:
        """Forget up to ``limit`` look-ups from before that time; says how many."""
        old = select(lookups.c.id).where(lookups.c.at < before).order_by(lookups.c.id).limit(limit)
        return self._conn.execute(delete(lookups).where(lookups.c.id.in_(old))).rowcount

    def tagged(self) -> dict[str, int]:
        """Data key → look-ups that are found with it."""
        query = select(lookups.c.tagged_by, func.count()).group_by(lookups.c.tagged_by)
        return {row[0]: row[1] for row in self._conn.execute(query)}

    def _found(self, condition: Any, limit: int) -> list[Lookup]:
        query = select(*_SHOWN).where(condition).order_by(lookups.c.id.desc()).limit(limit)
        rows: Iterable[Any] = self._conn.execute(query)
        return [Lookup(**row._mapping) for row in rows]
