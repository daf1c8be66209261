"""Which archives of the log there are, by period, and which were taken elsewhere."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from broker.store.errors import Missing
from broker.store.schema import log_archives
from broker.store.sql import Repository


@dataclasses.dataclass(frozen=True, slots=True)
class StoredArchive:
    """An archive of entries ``start`` to before ``stop``; ``sha256`` of its file in hexadecimal."""

    period: str
    start: int
    stop: int
    at: datetime
    file: str
    sha256: str
    transferred_at: datetime | None = None


class Archives(Repository):
    """Archives that were written and verified."""

    __slots__ = ()

    def add(self, archive: StoredArchive) -> None:
        """Record an archive. Raises Conflict if its period has one."""
        self._conn.execute(insert(log_archives), dataclasses.asdict(archive))

    def all(self) -> list[StoredArchive]:
        """All archives, oldest first."""
        return [
            _archive(row) for row in self._conn.execute(select(log_archives).order_by(log_archives.c.start))
        ]

    def last(self) -> StoredArchive | None:
        """The newest archive."""
        query = select(log_archives).order_by(log_archives.c.start.desc()).limit(1)
        row = self._conn.execute(query).one_or_none()
        return None if row is None else _archive(row)

    def of(self, period: str) -> StoredArchive:
        """The archive of a period. Raises Missing."""
        row = self._conn.execute(select(log_archives).where(log_archives.c.period == period)).one_or_none()
        if row is None:
            raise Missing(f"there is no archive of {period}")
        return _archive(row)

    def before(self, start: int) -> StoredArchive | None:
        """The archive that ends where ``start`` begins."""
        row = self._conn.execute(select(log_archives).where(log_archives.c.stop == start)).one_or_none()
        return None if row is None else _archive(row)

    def waiting(self) -> list[StoredArchive]:
        """Archives that were not taken elsewhere yet, oldest first."""
        query = select(log_archives).where(log_archives.c.transferred_at.is_(None))
        return [_archive(row) for row in self._conn.execute(query.order_by(log_archives.c.start))]

    def transferred(self, period: str, at: datetime) -> None:
        """The archive was taken elsewhere."""
        query = update(log_archives).where(log_archives.c.period == period)
        self._conn.execute(query, {"transferred_at": at})

    def rewritten(self, period: str, sha256: str, at: datetime) -> None:
        """The file was written again, without bodies that were erased; it has to be taken elsewhere again."""
        query = update(log_archives).where(log_archives.c.period == period)
        self._conn.execute(query, {"sha256": sha256, "at": at, "transferred_at": None})


def _archive(row: Row[Any]) -> StoredArchive:
    return StoredArchive(row.period, row.start, row.stop, row.at, row.file, row.sha256, row.transferred_at)
