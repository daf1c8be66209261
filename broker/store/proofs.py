"""What proves entries of the log: the signed head that covers them, its time-stamp and co-signatures; and which entries
belong together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Row, Select, select

from broker.store.erasure import ERASURE
from broker.store.errors import Missing
from broker.store.schema import attempts, log_checkpoints, log_cosignatures, log_timestamps, messages
from broker.store.sql import Repository

_SEVERAL = 50


@dataclasses.dataclass(frozen=True, slots=True)
class StoredToken:
    """A time-stamp on the note of a head; ``independent`` is false for the authority inside the hub."""

    authority: str
    independent: bool
    at: datetime
    token: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class SignedHead:
    """A head as it was signed (``note``), with the lines of the witnesses below it and its time-stamp if it has one."""

    size: int
    at: datetime
    note: str
    cosignatures: tuple[str, ...] = ()
    token: StoredToken | None = None


class Proofs(Repository):
    """Signed heads with what others say of them, and entries that belong together."""

    __slots__ = ()

    def covering(self, index: int) -> SignedHead | None:
        """The head that proves entry ``index`` best: time-stamped by an independent authority if there is one, else by
        our own, else not; among those co-signed ones first, then the earliest. None if none covers it yet.
        """
        query = _stamped().where(log_timestamps.c.size > index).order_by(log_timestamps.c.size)
        for independent in (True, False):
            rows = self._conn.execute(
                query.where(log_timestamps.c.independent == independent).limit(_SEVERAL)
            )
            heads = [self._head(row, stamped=True) for row in rows]
            if heads:
                return min(heads, key=_merit)
        plain = select(log_checkpoints).where(log_checkpoints.c.size > index).order_by(log_checkpoints.c.size)
        heads = [self._head(row, stamped=False) for row in self._conn.execute(plain.limit(_SEVERAL))]
        return min(heads, key=_merit, default=None)

    def since(self, at: datetime, size: int, *, stamped: bool) -> SignedHead | None:
        """The first head of more than ``size`` entries that was signed at that time or later; with a time-stamp if
        ``stamped``.
        """
        heads = _stamped() if stamped else select(log_checkpoints)
        wanted = heads.where(log_checkpoints.c.at >= at, log_checkpoints.c.size > size)
        return self._first(wanted, stamped=stamped)

    def before(self, at: datetime) -> SignedHead | None:
        """The last head that was signed before that time."""
        query = select(log_checkpoints).where(log_checkpoints.c.at < at)
        row = self._conn.execute(query.order_by(log_checkpoints.c.id.desc()).limit(1)).one_or_none()
        return None if row is None else self._head(row, stamped=False)

    def at_size(self, size: int) -> SignedHead | None:
        """The head over the first ``size`` entries, with its best time-stamp; None if that size was never signed."""
        best = log_timestamps.c.independent.desc()
        row = self._conn.execute(
            _stamped().where(log_checkpoints.c.size == size).order_by(best, log_timestamps.c.id).limit(1)
        ).one_or_none()
        if row is not None:
            return self._head(row, stamped=True)
        return self._first(select(log_checkpoints).where(log_checkpoints.c.size == size))

    def time_of(self, index: int) -> datetime:
        """When entry ``index`` happened. Raises Missing."""
        query = select(messages.c.at).where(messages.c.idx == index)
        at: datetime | None = self._conn.execute(query).scalar_one_or_none()
        if at is None:
            raise Missing(f"no entry {index}")
        return at

    def exchange(self, message_id: str) -> list[int]:
        """Entries of the exchange that the message belongs to: the request with all its attempts, and what answered
        each, in the order of the log. Raises Missing.
        """
        found = self._attempts({self._root(message_id)})
        fresh = set(found)
        while fresh:
            query = select(messages.c.id).where(messages.c.related_id.in_(fresh))
            fresh = set(self._conn.execute(query).scalars()) - found
            found |= fresh
        query = select(messages.c.idx).where(messages.c.id.in_(found)).order_by(messages.c.idx)
        return list(self._conn.execute(query).scalars())

    def erasures(self, indexes: Collection[int]) -> list[int]:
        """Entries that say that the bodies of some of ``indexes`` were erased."""
        query = select(messages.c.erased_at).where(
            messages.c.idx.in_(indexes), messages.c.erased_at.is_not(None)
        )
        times = set(self._conn.execute(query).scalars())
        said = select(messages.c.idx).where(messages.c.kind == ERASURE, messages.c.at.in_(times))
        return sorted(self._conn.execute(said).scalars())

    def erased(self, start: int, stop: int) -> list[int]:
        """Entries from ``start`` to before ``stop`` whose bodies are not there any more."""
        query = select(messages.c.idx).where(messages.c.idx >= start, messages.c.idx < stop)
        return list(
            self._conn.execute(query.where(messages.c.body.is_(None)).order_by(messages.c.idx)).scalars()
        )

    def _root(self, message_id: str) -> str:
        """The message that began the exchange."""
        seen: set[str] = set()
        while message_id not in seen:
            seen.add(message_id)
            query = select(messages.c.related_id).where(messages.c.id == message_id)
            row = self._conn.execute(query).one_or_none()
            if row is None and len(seen) == 1:
                raise Missing(f"no message {message_id}")
            if row is None or row.related_id is None:
                break
            message_id = row.related_id
        return message_id

    def _attempts(self, sent: set[str]) -> set[str]:
        """The messages of all attempts of the deliveries that ``sent`` are attempts of."""
        of = select(attempts.c.delivery_id).where(attempts.c.message_id.in_(sent))
        query = select(attempts.c.message_id).where(attempts.c.delivery_id.in_(of))
        return sent | set(self._conn.execute(query).scalars())

    def _first(self, query: Select[tuple[object, ...]], *, stamped: bool = False) -> SignedHead | None:
        row = self._conn.execute(query.order_by(log_checkpoints.c.id).limit(1)).one_or_none()
        return None if row is None else self._head(row, stamped=stamped)

    def _head(self, row: Row[tuple[object, ...]], *, stamped: bool) -> SignedHead:
        query = select(log_cosignatures.c.line).where(log_cosignatures.c.size == row.size)
        lines = self._conn.execute(query.order_by(log_cosignatures.c.witness)).scalars()
        token = (
            StoredToken(row.authority, row.independent, row.stamped_at, bytes(row.token)) if stamped else None
        )
        return SignedHead(row.size, row.at, row.note, tuple(lines), token)


def _merit(head: SignedHead) -> tuple[bool, int]:
    return (not head.cosignatures, head.size)


def _stamped() -> Select[tuple[object, ...]]:
    """Heads joined with their time-stamps. A note says the same whenever a size is signed, so the size joins them."""
    tokens = log_timestamps.c
    return select(
        log_checkpoints,
        tokens.authority,
        tokens.independent,
        tokens.at.label("stamped_at"),
        tokens.token,
    ).join(log_timestamps, log_timestamps.c.size == log_checkpoints.c.size)
