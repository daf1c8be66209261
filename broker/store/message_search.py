"""Finding messages in the log, newest first, by any filter and any combination, at any size of the log.

Pages follow the position in the log, which never changes: while entries are appended, no page shifts. Every filter
alone is answered from an index that ends in the position, so a page costs what it shows, not what there is:

- agency, operation, kind, outcome, officer, dossier: their own index with the position behind;
- direction: the positions themselves, since every second entry fits;
- time: the positions between two entries that the index of times finds, which then combine with any other index;
- a citizen, or a code that several dossiers bear: the positions of these dossiers' messages, looked up first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, select

from broker.store.dossiers import PERSONAL_NUMBER
from broker.store.message_people import MessagePeople, pieces
from broker.store.rows import MessageFilter
from broker.store.schema import dossier_codes, dossiers, messages
from broker.store.sql import Session, between, equal

SLACK = timedelta(minutes=10)
"""How far the time in an entry may lie before its commit, clocks of several machines included."""

_EXACT = ("id", "agency", "direction", "kind", "operation", "outcome", "dossier", "officer")
_LARGEST = 2**63 - 1
_OF_DOSSIERS = select(messages.c.idx).where(messages.c.dossier.in_(bindparam("codes", expanding=True)))
_CODES = (
    select(dossiers.c.code)
    .join(dossier_codes, dossier_codes.c.dossier_id == dossiers.c.id)
    .where(dossier_codes.c.value == bindparam("wanted"), dossier_codes.c.system != PERSONAL_NUMBER)
)


def find(
    session: Session, columns: Sequence[Any], wanted: MessageFilter, *, limit: int, after: str | None
) -> list[Row[Any]]:
    """Up to ``limit`` rows that fit, newest first, behind the position ``after``. Raises ValueError if it is none."""
    low, high = _range(session, wanted, after)
    conditions = equal(messages, ((name, getattr(wanted, name)) for name in _EXACT))
    conditions += between(messages.c.at, wanted.since, wanted.until)
    entries = None if wanted.person is None else _of_person(session, wanted.person)
    if wanted.code is not None:
        codes = sorted(set(session.conn.execute(_CODES, {"wanted": wanted.code}).scalars())) or [wanted.code]
        if len(codes) == 1:
            conditions.append(messages.c.dossier == codes[0])
        else:
            named = _of_dossiers(session, codes)
            entries = named if entries is None else entries & named
    query = select(*columns).where(*conditions).order_by(messages.c.idx.desc())
    if entries is None:
        bounded = query.where(*_between_positions(low, high)).limit(limit)
        return list(session.conn.execute(bounded))
    fitting = sorted((index for index in entries if low <= index < high), reverse=True)
    return _among(session, query, fitting, limit)


def _among(session: Session, query: Select[Any], entries: Sequence[int], limit: int) -> list[Row[Any]]:
    found: list[Row[Any]] = []
    for piece in pieces(entries):
        found += session.conn.execute(query.where(messages.c.idx.in_(piece)).limit(limit - len(found)))
        if len(found) == limit:
            break
    return found


def _of_person(session: Session, number: str) -> set[int]:
    """Messages of the dossiers that the person stands in, and those of no dossier that brought the number."""
    people = MessagePeople(session)
    return _of_dossiers(session, people.dossiers(number)) | set(people.entries(number))


def _of_dossiers(session: Session, codes: Sequence[str]) -> set[int]:
    return {
        index
        for piece in pieces(codes)
        for index in session.conn.execute(_OF_DOSSIERS, {"codes": piece}).scalars()
    }


def _range(session: Session, wanted: MessageFilter, after: str | None) -> tuple[int, int]:
    """Positions between which everything lies that can fit, the upper one outside."""
    low = 0 if wanted.since is None else _position_before(session, wanted.since - SLACK)
    high = _LARGEST if wanted.until is None else _position_from(session, wanted.until + SLACK)
    return low, high if after is None else min(high, position(after))


def position(after: str) -> int:
    """The position that a page's cursor names. Raises ValueError if it names none."""
    if not (after.isascii() and after.isdigit()) or int(after) > _LARGEST:
        raise ValueError(f"{after!r} is not a page cursor")
    return int(after)


def _position_before(session: Session, at: datetime) -> int:
    """Behind an entry as old as that: what stands before it was committed before, and is older."""
    query = select(messages.c.idx).where(messages.c.at <= at).order_by(messages.c.at.desc()).limit(1)
    found = session.conn.execute(query).scalar_one_or_none()
    return 0 if found is None else int(found) + 1


def _position_from(session: Session, at: datetime) -> int:
    """An entry as young as that: what stands behind it was committed later."""
    query = select(messages.c.idx).where(messages.c.at >= at).order_by(messages.c.at).limit(1)
    found = session.conn.execute(query).scalar_one_or_none()
    return _LARGEST if found is None else int(found)


def _between_positions(low: int, high: int) -> list[ColumnElement[bool]]:
    below = [messages.c.idx < high] if high < _LARGEST else []
    return [messages.c.idx >= low, *below] if low else below
