"""Handing deliveries to workers: leases, and agencies that are held back.

A claim looks at each agency by itself, so that the backlog of one (paused, slow, down for days) costs nothing
to the others and cannot fill the whole claim. Claims of several processes follow each other, which keeps the
number of leases of an agency exact; they last a few milliseconds.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, func, or_, select, text, update

from broker.model import Delivery, DeliveryState
from broker.store.delivery_row import to_delivery
from broker.store.rows import Act, AgencyPause
from broker.store.schema import CLAIMABLE, agencies, attempts, deliveries, work_items
from broker.store.sql import Repository
from broker.store.types import UtcTime
from broker.store.work import Acts
from signing.errors import SealBroken

_CLAIMS = 2  # the space of the one name under which claims follow each other
_MARK = "#"  # between a worker's name and the number of its claim, in ``lease_owner``

# The agencies with work, found by skipping through the index instead of reading the backlog.
_AGENCIES_WITH_WORK = text(
    f"""
    WITH RECURSIVE found(agency) AS (
        SELECT min(agency) FROM deliveries WHERE {CLAIMABLE}
        UNION ALL
        SELECT (SELECT min(agency) FROM deliveries WHERE {CLAIMABLE} AND agency > found.agency)
        FROM found WHERE found.agency IS NOT NULL
    )
    SELECT found.agency FROM found
    WHERE found.agency IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM agencies
        WHERE agencies.agency = found.agency AND agencies.paused
        AND (agencies.until IS NULL OR agencies.until > :now)
    )
    """  # noqa: S608 - constants of the schema
).bindparams(bindparam("now", type_=UtcTime))


_END_ATTEMPTS = update(attempts).where(
    attempts.c.delivery_id.in_(bindparam("ended", expanding=True)), attempts.c.ended_at.is_(None)
)


class ClaimQueries(Repository):
    """The part of `Deliveries` that is about leases and pauses."""

    __slots__ = ()

    def claim(
        self,
        now: datetime,
        owner: str,
        lease: timedelta,
        limit: int,
        *,
        exclude: Collection[str] = (),
        limits: Mapping[str, int] | None = None,
    ) -> tuple[Delivery, ...]:
        """Lease up to ``limit`` due deliveries to ``owner``, fairly over the agencies.

        ``limits`` bounds how many deliveries of an agency are leased at one time, over all workers. A lease that
        ran out is claimable again; if an attempt was under way the delivery comes back ``ambiguous``. Raises
        ValueError if ``owner`` contains ``#``.
        """
        if _MARK in owner:
            raise ValueError(f"a worker's name has no {_MARK!r}: {owner}")
        self._tx.lock_name(_CLAIMS, "claim")
        self._expire(now)
        rooms = self._rooms(now, limit, exclude, limits or {})
        chosen = _in_turn([self._due(agency, room, now) for agency, room in rooms.items()], limit)
        return self._lease(chosen, f"{owner}{_MARK}{self._tx.new_id()[:12]}", now + lease)

    def extend_lease(self, held: Iterable[Delivery], until: datetime) -> frozenset[str]:
        """Hold these deliveries longer; says which of them are still held."""
        leases = {delivery.id: delivery.lease_owner for delivery in held}
        query = (
            update(deliveries)
            .where(text("state = 'leased'"), deliveries.c.id.in_(leases))
            .where(deliveries.c.lease_owner.in_(set(leases.values())))
            .returning(deliveries.c.id)
        )
        return frozenset(self._conn.execute(query, {"lease_until": until}).scalars())

    def release(self, owner: str) -> int:
        """Give back all that ``owner`` holds; what was on the wire becomes ambiguous. Says how many."""
        prefix = owner + _MARK
        mine = func.substr(deliveries.c.lease_owner, 1, len(prefix)) == prefix
        return self._give_back([mine], "released", f"worker {owner} stopped", self._tx.clock())

    def next_due(self, now: datetime) -> datetime | None:
        """When the next delivery will be claimable: past if one is now, None if none is queued or leased."""
        times = [self._first_due(agency) for agency in self._with_work(now)]
        leased = select(func.min(deliveries.c.lease_until)).where(text("state = 'leased'"))
        times.append(self._conn.execute(leased).scalar_one())
        resumed = select(func.min(agencies.c.until)).where(text("paused"), agencies.c.until > now)
        times.append(self._conn.execute(resumed).scalar_one())
        return min((at for at in times if at is not None), default=None)

    def pause(
        self, agency: str, reason: str, at: datetime, until: datetime | None = None, *, who: str = "hub"
    ) -> None:
        """Hold back all deliveries to ``agency`` until ``until`` or until resumed, and note who wanted it."""
        row = {"paused": True, "reason": reason, "since": at, "until": until}
        self._set_agency(agency, row)
        self._note_act(at, who, "pause", agency, reason)

    def resume(self, agency: str, at: datetime, who: str, why: str) -> None:
        """Let deliveries to ``agency`` go again, and note who wanted it."""
        self._set_agency(agency, {"paused": False, "reason": None, "since": None, "until": None})
        self._note_act(at, who, "resume", agency, why)

    def pauses(self, now: datetime) -> tuple[AgencyPause, ...]:
        """The agencies that are held back now."""
        query = select(agencies).where(
            text("paused"), or_(agencies.c.until.is_(None), agencies.c.until > now)
        )
        return tuple(AgencyPause(**row._mapping) for row in self._conn.execute(query.order_by("agency")))

    def _expire(self, now: datetime) -> None:
        """Take back the leases that ran out: their workers are gone, or too slow to be trusted."""
        over = [deliveries.c.lease_until <= now]
        self._give_back(over, "lost", "the worker went away before it said how it ended", now)

    def _give_back(self, conditions: Sequence[object], outcome: str, reason: str, at: datetime) -> int:
        sent = deliveries.c.in_flight
        query = (
            update(deliveries)
            .where(text("state = 'leased'"), *conditions)  # type: ignore[arg-type]
            .values(
                state=DeliveryState.QUEUED.value,
                ambiguous=or_(deliveries.c.ambiguous, sent),
                error_class=case((sent, "ambiguous"), else_=deliveries.c.error_class),
                reason=reason,
                in_flight=False,
                lease_owner=None,
                lease_until=None,
            )
            .returning(deliveries.c.id)
        )
        given = self._conn.execute(query).scalars().all()
        if given:
            self._end_attempts(given, outcome, at, reason=reason)
        return len(given)

    def _rooms(
        self, now: datetime, limit: int, exclude: Collection[str], limits: Mapping[str, int]
    ) -> dict[str, int]:
        """How many more deliveries each agency may have leased."""
        leased = self._leased() if limits else {}
        rooms = {
            agency: min(
                limit, limits.get(agency, limit) - leased.get(agency, 0) if agency in limits else limit
            )
            for agency in self._with_work(now)
            if agency not in exclude
        }
        return {agency: room for agency, room in rooms.items() if room > 0}

    def _with_work(self, now: datetime) -> list[str]:
        """The agencies that have something to send and are not held back."""
        return sorted(self._conn.execute(_AGENCIES_WITH_WORK, {"now": now}).scalars())

    def _leased(self) -> dict[str, int]:
        query = (
            select(deliveries.c.agency, func.count())
            .where(text("state = 'leased'"))
            .group_by(deliveries.c.agency)
        )
        return {row[0]: row[1] for row in self._conn.execute(query)}

    def _due(self, agency: str, room: int, now: datetime) -> Sequence[str]:
        query = (
            select(deliveries.c.id)
            .where(text(CLAIMABLE), deliveries.c.agency == agency, deliveries.c.next_at <= now)
            .order_by(deliveries.c.next_at, deliveries.c.id)
            .limit(room)
        )
        return self._conn.execute(query).scalars().all()

    def _first_due(self, agency: str) -> datetime | None:
        query = select(func.min(deliveries.c.next_at)).where(text(CLAIMABLE), deliveries.c.agency == agency)
        first: datetime | None = self._conn.execute(query).scalar_one()
        return first

    def _lease(self, chosen: Sequence[str], lease_owner: str, until: datetime) -> tuple[Delivery, ...]:
        if not chosen:
            return ()
        free = select(deliveries.c.id).where(text("state = 'queued'"), deliveries.c.id.in_(chosen))
        if self._tx.postgres:
            free = free.with_for_update(skip_locked=True)
        query = update(deliveries).where(deliveries.c.id.in_(free)).returning(*deliveries.c)
        changes = {"state": DeliveryState.LEASED.value, "lease_owner": lease_owner, "lease_until": until}
        leased: dict[str, Delivery] = {}
        for row in self._conn.execute(query.values(changes)).all():
            try:
                leased[row.id] = to_delivery(row, self._tx.vault)
            except SealBroken as error:
                self._spoilt(row.id, row.agency, str(error))
        return tuple(leased[delivery_id] for delivery_id in chosen if delivery_id in leased)

    def _spoilt(self, delivery_id: str, agency: str, reason: str) -> None:
        """One whose content was changed in the database is for a person, and must not stop all the others."""
        dead = {"state": DeliveryState.DEAD.value, "error_class": "internal", "reason": reason}
        free = {"lease_owner": None, "lease_until": None, "in_flight": False}
        self._conn.execute(update(deliveries).where(deliveries.c.id == delivery_id), dead | free)
        item = {"id": f"spoilt:{delivery_id}"[:64], "kind": "dead-letter", "owner": "hub", "reason": reason}
        about = {"at": self._tx.clock(), "agency": agency, "delivery_id": delivery_id}
        self._tx.insert_new(work_items, **item, **about)

    def _end_attempts(
        self,
        delivery_ids: Sequence[str],
        outcome: str,
        at: datetime,
        error_class: str | None = None,
        reason: str | None = None,
    ) -> None:
        changes = {"outcome": outcome, "ended_at": at, "error_class": error_class, "reason": reason}
        self._conn.execute(_END_ATTEMPTS, {**changes, "ended": list(delivery_ids)})

    def _set_agency(self, agency: str, row: dict[str, object]) -> None:
        statement = self._tx.insert(agencies).on_conflict_do_update(index_elements=["agency"], set_=row)
        self._conn.execute(statement, {"agency": agency, **row})

    def _note_act(self, at: datetime, who: str, act: str, target: str, why: str) -> None:
        Acts(self._tx).add(Act(at, who, act, target, why))


def _in_turn(queues: Iterable[Sequence[str]], limit: int) -> list[str]:
    """One of each queue, then the next of each, up to ``limit``."""
    rounds = itertools.zip_longest(*queues)
    return list(itertools.islice((item for turn in rounds for item in turn if item is not None), limit))
