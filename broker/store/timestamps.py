"""Time-stamps of the log's heads: one token speaks for all entries below the size of its head."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, select

from broker.store.rows import Page, StoredTimestamp, Uncovered
from broker.store.schema import log_head, log_timestamps, messages
from broker.store.sql import Repository


class Timestamps(Repository):
    """Tokens (RFC 3161) that authorities gave for signed heads."""

    __slots__ = ()

    def add(self, size: int, authority: str, at: datetime, token: bytes, *, independent: bool) -> None:
        """Keep the ``token`` of the head of ``size`` entries; ``at`` is the time in it."""
        row = {"size": size, "authority": authority, "at": at, "token": token, "independent": independent}
        self._conn.execute(insert(log_timestamps), row)

    def covering(self, index: int, *, independent: bool = False) -> StoredTimestamp | None:
        """The earliest token that speaks for the entry at ``index``, None if there is none yet.

        ``independent``: only of an authority outside the hub.
        """
        query = _tokens(independent).where(log_timestamps.c.size > index)
        return self._first(query.order_by(log_timestamps.c.size, log_timestamps.c.id))

    def newest(self, *, independent: bool = False) -> StoredTimestamp | None:
        """The token that speaks for the most entries."""
        return self._first(
            _tokens(independent).order_by(log_timestamps.c.size.desc(), log_timestamps.c.id.desc())
        )

    def of(self, size: int) -> list[StoredTimestamp]:
        """All tokens of the head of that size, oldest first."""
        query = select(log_timestamps).where(log_timestamps.c.size == size).order_by(log_timestamps.c.id)
        return [_timestamp(row) for row in self._conn.execute(query)]

    def list(self, *, limit: int = 50, after: str | None = None) -> Page[StoredTimestamp]:
        """Tokens, newest first. ``after`` is the previous page's; raises ValueError if it is not."""
        query = select(log_timestamps).order_by(log_timestamps.c.id.desc()).limit(limit + 1)
        if after is not None:
            query = query.where(log_timestamps.c.id < int(after))
        found = [_timestamp(row) for row in self._conn.execute(query)]
        return Page(found[:limit], str(found[limit - 1].id) if len(found) > limit else None)

    def uncovered(self, *, independent: bool = False) -> Uncovered:
        """How many entries no token speaks for, and since when the oldest of them has been waiting."""
        covered = _tokens(independent).with_only_columns(func.coalesce(func.max(log_timestamps.c.size), 0))
        start = int(self._conn.execute(covered).scalar_one())
        size = int(self._conn.execute(select(log_head.c.size).where(log_head.c.id == 1)).scalar_one())
        if start >= size:
            return Uncovered(0, None)
        since = self._conn.execute(select(messages.c.at).where(messages.c.idx == start)).scalar_one_or_none()
        return Uncovered(size - start, since)

    def _first(self, query: Select[Any]) -> StoredTimestamp | None:
        row = self._conn.execute(query.limit(1)).one_or_none()
        return None if row is None else _timestamp(row)


def _tokens(independent: bool) -> Select[Any]:
    query = select(log_timestamps)
    return query.where(log_timestamps.c.independent) if independent else query


def _timestamp(row: Any) -> StoredTimestamp:
    return StoredTimestamp(row.id, row.size, row.authority, row.independent, row.at, row.token)
