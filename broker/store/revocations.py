"""What issuers said about revocation, as it came: kept so that a start needs nobody's answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select

from broker.store.schema_evidence import revocations
from broker.store.sql import Repository


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """A list or an answer; ``source``: its address, for an answer with the certificate's fingerprint behind it."""

    source: str
    kind: str  # crl or ocsp
    fetched_at: datetime
    until: datetime
    answer: bytes


class Revocations(Repository):
    """The newest answer of each source."""

    __slots__ = ()

    def put(self, kept: Kept) -> None:
        """Keep an answer in the place of the last one of its source."""
        row = dataclasses.asdict(kept)
        statement = self._tx.insert(revocations).values(row)
        self._conn.execute(statement.on_conflict_do_update(index_elements=["source"], set_=row))

    def fetched(self) -> dict[str, datetime]:
        """Source → when its answer was fetched."""
        query = select(revocations.c.source, revocations.c.fetched_at)
        return {row.source: row.fetched_at for row in self._conn.execute(query)}

    def of(self, sources: Collection[str]) -> list[Kept]:
        """The answers of these sources."""
        query = select(revocations).where(revocations.c.source.in_(sources)).order_by(revocations.c.source)
        return [Kept(**row._mapping) for row in self._conn.execute(query)]

    def forget(self, before: datetime) -> int:
        """Drop answers that ended before that time; says how many."""
        return self._conn.execute(delete(revocations).where(revocations.c.until < before)).rowcount
