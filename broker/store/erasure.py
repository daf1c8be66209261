"""Erasing what is no longer needed: bodies and texts go, the log's leaves and what happened when stay.

An erased body goes with its salt, so that its hash in the log tells nothing. What was erased, by whom and why is an
entry of the log itself, added in the same transaction by whoever erases.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, text, update

from broker.model import Phase
from broker.store.dossiers import PERSONAL_NUMBER
from broker.store.errors import Missing
from broker.store.message_people import MessagePeople
from broker.store.schema import (
    STEP_OPEN,
    UNFINISHED,
    attempts,
    blob_uses,
    checks,
    deliveries,
    dossier_codes,
    dossiers,
    intake,
    messages,
    runs,
    steps,
    transitions,
    work_items,
)
from broker.store.sql import Repository
from broker.store.work import ACT

ERASURE = "erasure"
"""Kind of the log entries that say what was erased; they are never erased themselves."""
ERASED = "erased"
"""What stands where a text was."""

_EMPTY_STEP = {
    "result": None,
    "sealed_by": None,
    "reason": None,
    "correction_note": None,
    "poll_at": None,
    "alarm_at": None,
}
_ENDED = (Phase.OPEN.value, Phase.REFUSED.value, Phase.WITHDRAWN.value)
_OPEN_STEP = (
    select(steps.c.id).where(steps.c.dossier_id == dossiers.c.id, text(f"steps.{STEP_OPEN}")).exists()
)
_LAST = func.coalesce(
    select(func.max(transitions.c.recorded_at))
    .where(transitions.c.dossier_id == dossiers.c.id)
    .scalar_subquery(),
    dossiers.c.received_at,
)
_BUSY = (
    select(deliveries.c.id)
    .where(deliveries.c.dossier_id == dossiers.c.id, text(f"deliveries.{UNFINISHED}"))
    .exists()
)
_OWNED = (
    select(work_items.c.id)
    .where(work_items.c.dossier_id == dossiers.c.id, text("work_items.closed_at IS NULL"))
    .exists()
)


class Erasure(Repository):
    """What may be erased, what must not, and erasing it."""

    __slots__ = ()

    def settled(self, before: datetime, limit: int) -> Sequence[str]:
        """Ids of dossiers that ended before that time, with nothing under way, held or in a person's hands."""
        query = _settled(before).order_by(dossiers.c.received_at, dossiers.c.id)
        return self._conn.execute(query.limit(limit)).scalars().all()

    def is_settled(self, dossier_id: str, before: datetime) -> bool:
        """Whether this is one of the dossiers that `settled` gives."""
        query = _settled(before).where(dossiers.c.id == dossier_id)
        return self._conn.execute(query).first() is not None

    def ended(self, dossier_id: str) -> bool:
        """Whether the dossier is settled: nothing in it can still move."""
        query = select(dossiers.c.id).where(
            dossiers.c.id == dossier_id, dossiers.c.phase.in_(_ENDED), ~_OPEN_STEP
        )
        return self._conn.execute(query).first() is not None

    def erased_at(self, dossier_id: str) -> datetime | None:
        """When the dossier was erased, None if it was not. Raises Missing."""
        erased: datetime | None = self._column(dossier_id, dossiers.c.erased_at)
        return erased

    def hold(self, dossier_id: str) -> str | None:
        """Why the dossier must not be erased, None if it may be. Raises Missing."""
        reason: str | None = self._column(dossier_id, dossiers.c.hold)
        return reason

    def set_hold(self, dossier_id: str, reason: str | None) -> None:
        """Keep the dossier from erasure, or let it go with None. Raises Missing."""
        query = update(dossiers).where(dossiers.c.id == dossier_id)
        if not self._conn.execute(query, {"hold": reason}).rowcount:
            raise Missing(f"no dossier {dossier_id}")

    def dossier(self, dossier_id: str, code: str, at: datetime, who: str) -> list[int]:
        """Erase all that a dossier holds of people; gives the log entries whose bodies went."""
        of_dossier = (
            (
                dossiers,
                dossiers.c.id,
                {"declaration": b"", "sealed_by": None, "reason": None, "erased_at": at},
            ),
            (steps, steps.c.dossier_id, _EMPTY_STEP),
            (transitions, transitions.c.dossier_id, {"note": None}),
        )
        for table, column, changes in of_dossier:
            self._conn.execute(update(table).where(column == dossier_id), changes)
        self._deliveries(dossier_id)
        self._work(dossier_id, at, who)
        self._conn.execute(delete(checks).where(checks.c.dossier_id == dossier_id))
        self._conn.execute(delete(blob_uses).where(blob_uses.c.dossier == code))
        personal = and_(dossier_codes.c.dossier_id == dossier_id, dossier_codes.c.system == PERSONAL_NUMBER)
        self._conn.execute(delete(dossier_codes).where(personal))
        return self._bodies(messages.c.dossier == code, at)

    def bodies(self, before: datetime, at: datetime, limit: int) -> list[int]:
        """Erase up to ``limit`` bodies of messages of no dossier from before that time; gives their log entries."""
        old = (
            select(messages.c.idx)
            .where(messages.c.dossier.is_(None), messages.c.at < before, _has_body())
            .order_by(messages.c.at)
        )
        return self._bodies(messages.c.idx.in_(old.limit(limit)), at)

    def payloads(self, before: datetime, limit: int) -> int:
        """Empty up to ``limit`` deliveries of no dossier that ended before that time; says how many."""
        old = (
            select(deliveries.c.id)
            .where(deliveries.c.dossier_id.is_(None), deliveries.c.done_at < before)
            .where(func.length(deliveries.c.payload) > 0)
        )
        query = update(deliveries).where(deliveries.c.id.in_(old.limit(limit)))
        return self._conn.execute(query, {"payload": b"", "context": "{}", "sealed_by": None}).rowcount

    def answers(self, before: datetime) -> int:
        """Erase answers to requests from before that time; says how many. A repeated request is refused then."""
        query = update(intake).where(intake.c.at < before, intake.c.answer.is_not(None))
        return self._conn.execute(query, {"answer": None, "sealed_by": None}).rowcount

    def runs(self, before: datetime) -> int:
        """Forget the runs of scheduled jobs that were due before that time; says how many."""
        return self._conn.execute(delete(runs).where(runs.c.due_at < before)).rowcount

    def _deliveries(self, dossier_id: str) -> None:
        own = select(deliveries.c.id).where(deliveries.c.dossier_id == dossier_id)
        empty: dict[str, Any] = {"payload": b"", "context": "{}", "sealed_by": None}
        self._conn.execute(update(deliveries).where(deliveries.c.dossier_id == dossier_id), empty)
        for table, column in ((deliveries, deliveries.c.id), (attempts, attempts.c.delivery_id)):
            said = and_(column.in_(own), table.c.reason.is_not(None))
            self._conn.execute(update(table).where(said).values(reason=ERASED))

    def _work(self, dossier_id: str, at: datetime, who: str) -> None:
        own = work_items.c.dossier_id == dossier_id
        self._conn.execute(update(work_items).where(own), {"reason": ERASED, "note": None})
        still = and_(own, work_items.c.closed_at.is_(None))
        self._conn.execute(
            update(work_items).where(still), {"closed_at": at, "closed_by": who, "note": ERASED}
        )

    def _bodies(self, which: ColumnElement[bool], at: datetime) -> list[int]:
        query = update(messages).where(which, _has_body()).returning(messages.c.idx)
        gone = {"body": None, "salt": None, "sealed_by": None, "erased_at": at}
        erased = sorted(self._conn.execute(query.values(gone)).scalars())
        MessagePeople(self._tx).forget(erased)  # whom a message was about goes with what it said
        return erased

    def _column(self, dossier_id: str, column: ColumnElement[Any]) -> Any:
        row = self._conn.execute(select(column).where(dossiers.c.id == dossier_id)).one_or_none()
        if row is None:
            raise Missing(f"no dossier {dossier_id}")
        return row[0]


def _has_body() -> ColumnElement[bool]:
    return and_(messages.c.body.is_not(None), messages.c.kind.not_in((ERASURE, ACT)))


def _settled(before: datetime) -> Select[Any]:
    return select(dossiers.c.id).where(
        dossiers.c.received_at < before,
        dossiers.c.phase.in_(_ENDED),
        dossiers.c.hold.is_(None),
        or_(dossiers.c.erased_at.is_(None), dossiers.c.erased_at < _LAST),
        ~_OPEN_STEP,
        ~_BUSY,
        ~_OWNED,
        before > _LAST,
    )
