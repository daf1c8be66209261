"""Deliveries: what must reach an agency, in which order, who is at it, and how each attempt ended.

Within a lane only the *head* may leave: a delivery ``waits`` until all before it are done or cancelled. The
flag is kept when a delivery ends, so that a claim never walks over a backlog that cannot move. Two processes
that change one lane take its name first; without that, a delivery added while its predecessor ends could wait
for ever.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, insert, select, text, update

from broker.model import Delivery, DeliveryState
from broker.store.claims import ClaimQueries
from broker.store.delivery_row import to_delivery, values
from broker.store.errors import Conflict, LeaseLost, Missing
from broker.store.rows import Attempt, DeliveryFilter, Depth, Page, cursor, place
from broker.store.schema import UNCONFIRMED, UNFINISHED, attempts, deliveries
from broker.store.sql import before, equal

_LANES = 1  # the space of lane names among the database's advisory locks
_NOT_HELD: dict[str, Any] = {"in_flight": False, "lease_owner": None, "lease_until": None}

# What runs for every message is built once: building a statement costs more than running it.
_HELD = (
    deliveries.c.id == bindparam("held"),
    deliveries.c.state == DeliveryState.LEASED.value,
    deliveries.c.lease_owner == bindparam("holder"),
)
"""Still leased under the very lease under which it was claimed."""
_LEAVE = update(deliveries).where(*_HELD)
_BEGIN = (
    update(deliveries)
    .where(*_HELD)
    .values(attempts=deliveries.c.attempts + 1, tries=deliveries.c.tries + 1, in_flight=True)
    .returning(deliveries.c.attempts, deliveries.c.tries)
)
_ENQUEUE = insert(deliveries).returning(*deliveries.c)
_BY_ID = select(deliveries).where(deliveries.c.id == bindparam("wanted"))
_BY_KEY = select(deliveries).where(deliveries.c.key == bindparam("wanted"))
_IN_LANE = deliveries.c.lane == bindparam("in_lane")
_LANE_END = select(
    select(func.coalesce(func.max(deliveries.c.seq), 0)).where(_IN_LANE).scalar_subquery(),
    select(deliveries.c.seq).where(_IN_LANE, text(UNFINISHED)).exists(),
)
_FIRST = select(deliveries.c.id).where(_IN_LANE, text(UNFINISHED)).order_by(deliveries.c.seq).limit(1)
_ADVANCE = update(deliveries).where(deliveries.c.id == _FIRST.scalar_subquery()).values(waits=False)
_NEW_ATTEMPT = insert(attempts)


class Deliveries(ClaimQueries):
    """The delivery queue as rows."""

    __slots__ = ()

    def enqueue(self, delivery: Delivery) -> Delivery:
        """Store a new delivery, or give the one that has its ``key``.

        ``seq`` 0 or less means: behind all others of the lane. Raises Conflict if ``seq`` is not behind them.
        """
        if (existing := self._find(_BY_KEY, delivery.key)) is not None:
            return existing
        self._tx.lock_name(_LANES, delivery.lane)
        last, waits = self._lane_end(delivery.lane)
        if 0 < delivery.seq <= last:
            raise Conflict(
                f"lane {delivery.lane} has number {last} already: {delivery.seq} would come too late"
            )
        row = values(delivery, self._tx.vault) | {
            "seq": delivery.seq if delivery.seq > 0 else last + 1,
            "waits": waits,
        }
        return to_delivery(self._conn.execute(_ENQUEUE, row).one(), self._tx.vault)

    def get(self, delivery_id: str) -> Delivery:
        """The delivery. Raises Missing."""
        found = self._find(_BY_ID, delivery_id)
        if found is None:
            raise Missing(f"no delivery {delivery_id}")
        return found

    def begin_attempt(self, delivery: Delivery, message_id: str, at: datetime) -> Delivery:
        """Note that ``message_id`` is about to leave, in the transaction that logs it. Raises LeaseLost.

        A question to the agency before sending again is an attempt too. One that is still open ends as
        ``answered``.
        """
        row = self._conn.execute(_BEGIN, _holding(delivery)).one_or_none()
        if row is None:
            raise LeaseLost(f"delivery {delivery.id} is not leased to {delivery.lease_owner}")
        if row.tries > 1:
            self._end_attempts([delivery.id], "answered", at)
        attempt = {"delivery_id": delivery.id, "number": row.tries, "message_id": message_id, "began_at": at}
        self._conn.execute(_NEW_ATTEMPT, attempt)
        return dataclasses.replace(delivery, attempts=row.attempts)

    def finish(self, delivery: Delivery, at: datetime) -> None:
        """The agency has it. Lets the next of the lane go. Raises LeaseLost."""
        done = {"done_at": at, "ambiguous": False, "error_class": None, "reason": None}
        self._leave(delivery, DeliveryState.DONE, done)
        self._end_attempts([delivery.id], "done", at)
        self._advance(delivery.lane)

    def retry(
        self, delivery: Delivery, next_at: datetime, error_class: str, reason: str, *, ambiguous: bool = False
    ) -> None:
        """Give the delivery back until ``next_at``. ``reason`` says why and until when. Raises LeaseLost."""
        changes = {"next_at": next_at, "error_class": error_class, "reason": reason, "ambiguous": ambiguous}
        self._leave(delivery, DeliveryState.QUEUED, changes)
        self._end_attempts([delivery.id], "retry", self._tx.clock(), error_class, reason)

    def bury(self, delivery: Delivery, error_class: str, reason: str, at: datetime) -> None:
        """Try no more until a person says so; its lane stands still meanwhile. Raises LeaseLost."""
        self._leave(delivery, DeliveryState.DEAD, {"error_class": error_class, "reason": reason})
        self._end_attempts([delivery.id], "dead", at, error_class, reason)

    def settle(self, delivery_id: str, at: datetime, reason: str) -> None:
        """The agency is proven to have it by other means, such as its own report.

        Whoever holds it loses the lease. Does nothing if the delivery is done. Raises Missing, or Conflict
        if it was cancelled.
        """
        delivery = self.get(delivery_id)
        if delivery.state is DeliveryState.DONE:
            return
        if delivery.state is DeliveryState.CANCELLED:
            raise Conflict(f"delivery {delivery_id} was cancelled")
        changes = {"state": DeliveryState.DONE.value, "done_at": at, "reason": reason, "ambiguous": False}
        self._change(delivery_id, changes | _NOT_HELD)
        self._end_attempts([delivery_id], "settled", at)
        self._advance(delivery.lane)

    def cancel(self, delivery_id: str, at: datetime, reason: str) -> None:
        """Never send it. Lets the next of the lane go. Does nothing if it is cancelled already.

        Raises Missing, or Conflict if it was sent or is on the wire: what has left cannot be called back.
        """
        delivery = self.get(delivery_id)
        if delivery.state is DeliveryState.CANCELLED:
            return
        done = {"state": DeliveryState.CANCELLED.value, "done_at": at, "reason": reason} | _NOT_HELD
        query = update(deliveries).where(
            deliveries.c.id == delivery_id, text(UNFINISHED), text("NOT in_flight")
        )
        if not self._conn.execute(query, done).rowcount:
            raise Conflict(f"delivery {delivery_id} has left the hub: it cannot be cancelled")
        self._advance(delivery.lane)

    def cancel_all(self, dossier_id: str, at: datetime, reason: str) -> None:
        """Never send what is unfinished of a dossier. Raises Conflict if one of them is on the wire."""
        query = select(deliveries.c.id).where(deliveries.c.dossier_id == dossier_id, text(UNFINISHED))
        for delivery_id in (
            self._conn.execute(query.order_by(deliveries.c.lane, deliveries.c.seq)).scalars().all()
        ):
            self.cancel(delivery_id, at, reason)

    def replay(self, delivery_id: str, now: datetime, who: str, why: str) -> Delivery:
        """Try a dead delivery again from now on, as if it were new, and note who wanted it.

        Raises Missing, or Conflict if it is not dead.
        """
        fresh = {
            "state": DeliveryState.QUEUED.value,
            "next_at": now,
            "since": now,
            "attempts": 0,
            "reason": why,
        }
        query = update(deliveries).where(deliveries.c.id == delivery_id, text("state = 'dead'"))
        if not self._conn.execute(query, fresh).rowcount:
            raise Conflict(
                f"delivery {delivery_id} is {self.get(delivery_id).state}: only a dead one is replayed"
            )
        self._note_act(now, who, "replay", delivery_id, why)
        return self.get(delivery_id)

    def resend(self, delivery_id: str, now: datetime, who: str, why: str) -> Delivery:
        """Let a delivery leave again under its key, although it was answered; who sends asks the agency first.

        One that waits leaves at once. Raises Missing, or Conflict if it was cancelled, is dead (see `replay`) or on the
        wire.
        """
        delivery = self.get(delivery_id)
        if delivery.state not in (DeliveryState.DONE, DeliveryState.QUEUED):
            raise Conflict(f"delivery {delivery_id} is {delivery.state}: it cannot be sent again")
        self._tx.lock_name(_LANES, delivery.lane)
        again: dict[str, Any] = {"next_at": now, "reason": why}
        if delivery.state is DeliveryState.DONE:
            earlier = select(deliveries.c.id).where(
                _IN_LANE, text(UNFINISHED), deliveries.c.seq < delivery.seq
            )
            waits = self._conn.execute(earlier.limit(1), {"in_lane": delivery.lane}).first() is not None
            busy = select(deliveries.c.id).where(_IN_LANE, text("state IN ('leased','dead')"))
            if self._conn.execute(busy.limit(1), {"in_lane": delivery.lane}).first() is not None:
                raise Conflict(
                    f"delivery {delivery_id} must wait: another one of its lane is on its way or dead"
                )
            later = update(deliveries).where(
                deliveries.c.lane == delivery.lane, deliveries.c.seq > delivery.seq, text("state = 'queued'")
            )
            self._conn.execute(later, {"waits": True})
            fresh = {"state": DeliveryState.QUEUED.value, "since": now, "attempts": 0, "done_at": None}
            again |= fresh | {"ambiguous": True, "waits": waits}
        self._change(delivery_id, again)
        self._note_act(now, who, "resend", delivery_id, why)
        return self.get(delivery_id)

    def since(self, delivery_id: str) -> datetime:
        """When the delivery's present life began: it was created or, later, replayed. Raises Missing."""
        query = select(deliveries.c.since).where(deliveries.c.id == delivery_id)
        since: datetime | None = self._conn.execute(query).scalar_one_or_none()
        if since is None:
            raise Missing(f"no delivery {delivery_id}")
        return since

    def attempts(self, delivery_id: str) -> tuple[Attempt, ...]:
        """The tries of a delivery, oldest first."""
        query = select(attempts).where(attempts.c.delivery_id == delivery_id).order_by(attempts.c.number)
        return tuple(Attempt(**row._mapping) for row in self._conn.execute(query))

    def depth(self) -> dict[str, Depth]:
        """Unfinished deliveries of every agency that has some."""
        query = (
            select(deliveries.c.agency, deliveries.c.state, func.count().label("number"))
            .where(text(UNFINISHED))
            .group_by(deliveries.c.agency, deliveries.c.state)
        )
        counts: dict[str, dict[str, int]] = {}
        for row in self._conn.execute(query):
            counts.setdefault(row.agency, {})[row.state] = row.number
        return {agency: Depth(agency, **states) for agency, states in sorted(counts.items())}

    def list(
        self, wanted: DeliveryFilter | None = None, *, limit: int = 50, after: str | None = None
    ) -> Page[Delivery]:
        """Deliveries, newest first. ``after`` is the previous page's; raises ValueError if it is not."""
        conditions = _conditions(wanted or DeliveryFilter())
        if after is not None:
            conditions.append(before(deliveries.c.created_at, deliveries.c.id, place(after)))
        order = (deliveries.c.created_at.desc(), deliveries.c.id.desc())
        query = select(deliveries).where(*conditions).order_by(*order).limit(limit + 1)
        found = [to_delivery(row, self._tx.vault) for row in self._conn.execute(query)]
        shown = found[:limit]
        more = cursor(shown[-1].created_at, shown[-1].id) if len(found) > limit else None
        return Page(shown, more)

    def unconfirmed(self, before: datetime, limit: int) -> tuple[Delivery, ...]:
        """Copies of results that were made before then and that nobody has confirmed, the oldest first."""
        query = select(deliveries).where(text(UNCONFIRMED), deliveries.c.created_at < before)
        rows = self._conn.execute(query.order_by(deliveries.c.created_at).limit(limit))
        return tuple(to_delivery(row, self._tx.vault) for row in rows)

    def _find(self, query: Select[Any], wanted: str) -> Delivery | None:
        row = self._conn.execute(query, {"wanted": wanted}).one_or_none()
        return None if row is None else to_delivery(row, self._tx.vault)

    def _lane_end(self, lane: str) -> tuple[int, bool]:
        """The last number of the lane, and whether something in it is not done."""
        row = self._conn.execute(_LANE_END, {"in_lane": lane}).one()
        return int(row[0]), bool(row[1])

    def _leave(self, delivery: Delivery, state: DeliveryState, changes: dict[str, Any]) -> None:
        """End the lease of whoever holds ``delivery``."""
        left = {"state": state.value, **changes, **_NOT_HELD, **_holding(delivery)}
        if not self._conn.execute(_LEAVE, left).rowcount:
            raise LeaseLost(f"delivery {delivery.id} is not leased to {delivery.lease_owner}")

    def _change(self, delivery_id: str, changes: dict[str, Any]) -> None:
        self._conn.execute(update(deliveries).where(deliveries.c.id == delivery_id), changes)

    def _advance(self, lane: str) -> None:
        """Let the first unfinished delivery of the lane go."""
        self._tx.lock_name(_LANES, lane)
        self._conn.execute(_ADVANCE, {"in_lane": lane})


def _holding(delivery: Delivery) -> dict[str, Any]:
    """Names the lease under which ``delivery`` was claimed, for `_HELD`."""
    return {"held": delivery.id, "holder": delivery.lease_owner}


def _conditions(wanted: DeliveryFilter) -> list[ColumnElement[bool]]:
    exact = (
        ("agency", wanted.agency),
        ("state", wanted.state and wanted.state.value),
        ("kind", wanted.kind and wanted.kind.value),
        ("dossier_id", wanted.dossier_id),
        ("lane", wanted.lane),
        ("error_class", wanted.error_class),
    )
    return equal(deliveries, exact)
