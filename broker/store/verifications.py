"""What verifications of the whole log found, and how far each entry is proven by now."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, insert, select

from broker.store.leaf import differing
from broker.store.log import stored_body
from broker.store.message_people import pieces
from broker.store.message_search import position
from broker.store.rows import Head, Page
from broker.store.schema import (
    log_checkpoints,
    log_findings,
    log_head,
    log_timestamps,
    log_verifications,
    messages,
)
from broker.store.sql import Repository
from signing.errors import KeyProblem
from signing.log.tiles import WIDTH
from signing.vault import key_of
from signing.verifier.entries import Entry
from signing.verifier.findings import Finding


class State(StrEnum):
    """How far an entry is proven; each word includes those below it."""

    BROKEN = "broken"  # the last verification of the log found it wrong
    VERIFIED = "verified"  # the last verification of the log covered it, and the log was as it was signed
    STAMPED = "stamped"  # a signed head that covers it has a time-stamp
    SIGNED = "signed"  # a signed head covers it
    PENDING = "pending"  # it is in the tree, and no head that covers it was signed yet


@dataclasses.dataclass(frozen=True, slots=True)
class Verification:
    """One verification of the whole log: ``size`` entries were read, ``report`` is the signed note."""

    at: datetime
    size: int
    ok: bool
    findings: int
    report: str


@dataclasses.dataclass(frozen=True, slots=True)
class Piece:
    """Entries as stored, where their rows say something else, and the head in the same snapshot."""

    entries: Sequence[Entry]
    findings: Sequence[Finding]
    head: Head
    last: bool


_FOUND = select(log_findings).where(log_findings.c.idx.in_(bindparam("entries", expanding=True)))
_SIZE = select(log_head).where(log_head.c.id == 1)


class Verifications(Repository):
    """Verifications of the whole log, the newest of which counts."""

    __slots__ = ()

    def add(self, made: Verification, found: Mapping[tuple[int, str], str]) -> None:
        """Keep a verification; ``found``, text by entry and place, replaces what the one before found."""
        self._conn.execute(insert(log_verifications), dataclasses.asdict(made))
        self._conn.execute(delete(log_findings))
        rows = [{"idx": idx, "place": place, "text": text} for (idx, place), text in found.items()]
        if rows:
            self._conn.execute(insert(log_findings), rows)

    def last(self) -> Verification | None:
        """The newest verification."""
        return next(iter(self.made(limit=1).items), None)

    def made(self, *, limit: int = 50, after: str | None = None) -> Page[Verification]:
        """Verifications, newest first. ``after`` is the previous page's; raises ValueError if it is not."""
        query = select(log_verifications).order_by(log_verifications.c.id.desc()).limit(limit + 1)
        if after is not None:
            query = query.where(log_verifications.c.id < position(after))
        rows = self._conn.execute(query).all()
        more = str(rows[limit - 1].id) if len(rows) > limit else None
        return Page([_verification(row) for row in rows[:limit]], more)

    def found(self, entries: Collection[int]) -> Mapping[int, Sequence[str]]:
        """What the newest verification found wrong with these entries: place and text, by entry."""
        told: dict[int, list[str]] = {}
        for piece in pieces(sorted(entries)):
            for row in self._conn.execute(_FOUND, {"entries": piece}):
                told.setdefault(row.idx, []).append(f"{row.place}: {row.text}")
        return told

    def states(self, entries: Collection[int]) -> dict[int, State]:
        """How far each of these entries is proven."""
        last = self.last()
        reached = (
            (last.size if last is not None and last.ok else 0, State.VERIFIED),
            (self._largest(log_timestamps.c.size), State.STAMPED),
            (self._largest(log_checkpoints.c.size), State.SIGNED),
        )
        broken = self.found(entries)
        return {
            index: State.BROKEN
            if index in broken
            else next((state for size, state in reached if index < size), State.PENDING)
            for index in entries
        }

    def piece(self, start: int) -> Piece:
        """The entries of one tile from ``start`` on; the last piece holds whatever stands behind it."""
        row = self._conn.execute(_SIZE).one()
        head = Head(row.size, row.root, row.frontier)
        last = start + WIDTH >= head.size
        found: list[Finding] = []
        rows = self._rows(start, None if last else start + WIDTH, found)
        entries = [self._entry(row, found) for row in rows]
        return Piece(entries, [*found, *_lies(rows)], head, last)

    def entry(self, index: int) -> tuple[Sequence[Entry], Sequence[Finding]]:
        """One entry as stored, none if its row cannot be read; and where the row says something else."""
        found: list[Finding] = []
        row = self._row(index, found)
        rows = [] if row is None else [row]
        return [self._entry(each, found) for each in rows], [*found, *_lies(rows)]

    def _rows(self, start: int, stop: int | None, found: list[Finding]) -> Sequence[Row[Any]]:
        """The rows as they are. One of which a column cannot be read is found, and does not hide the others."""
        within = messages.c.idx >= start if stop is None else messages.c.idx.between(start, stop - 1)
        try:
            return self._conn.execute(select(messages).where(within).order_by(messages.c.idx)).all()
        except ValueError:
            return [row for index in self._positions(within) if (row := self._row(index, found)) is not None]

    def _positions(self, within: ColumnElement[bool]) -> Sequence[int]:
        return (
            self._conn.execute(select(messages.c.idx).where(within).order_by(messages.c.idx)).scalars().all()
        )

    def _row(self, index: int, found: list[Finding]) -> Row[Any] | None:
        try:
            return self._conn.execute(select(messages).where(messages.c.idx == index)).one()
        except ValueError as error:
            found.append(Finding("error", index, "row", f"the row cannot be read: {error}", "leaf"))
            return None

    def _entry(self, row: Row[Any], found: list[Finding]) -> Entry:
        """The entry of a row. A body that bears another key than its row says is found, and taken as it is stored.

        Raises KeyProblem if a data key is lost: then nobody can tell.
        """
        try:
            body = stored_body(row, self._tx.vault)
        except KeyProblem as error:
            if key_of(bytes(row.body)) == row.sealed_by:
                raise
            found.append(Finding("error", row.idx, "sealed", f"the body cannot be opened: {error}", "body"))
            body = bytes(row.body)
        return Entry(row.idx, row.leaf, row.leaf_hash, row.salt, body)

    def _largest(self, column: Any) -> int:
        return int(self._conn.execute(select(func.max(column))).scalar_one() or 0)


def _lies(rows: Iterable[Row[Any]]) -> Iterable[Finding]:
    """Where the columns, by which messages are found and shown, say something else than what was hashed."""
    for row in rows:
        try:
            leaf = json.loads(row.leaf)
        except (ValueError, RecursionError):
            continue  # whoever verifies the entry says so
        names = differing(row, leaf) if isinstance(leaf, dict) else []
        if names:
            text = f"the row says otherwise than the leaf: {', '.join(names)}"
            yield Finding("error", row.idx, "row", text, "leaf")


def _verification(row: Row[Any]) -> Verification:
    return Verification(row.at, row.size, row.ok, row.findings, row.report)
