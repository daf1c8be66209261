"""What people must look at, and what people did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, text, update

from broker.model import Message, WorkItem
from broker.store.errors import Missing
from broker.store.rows import Act, Page, cursor, place
from broker.store.schema import acts, dossiers, work_items
from broker.store.sql import Repository, before, equal

ACT = "act"
"""Kind of the log entries that say what people did; their bodies are kept when those of messages are erased."""

_UNSAID = ("unmapped", "mapping")  # kinds of items about what no mapping could say
_FIELDS = (
    "id",
    "kind",
    "at",
    "owner",
    "reason",
    "agency",
    "dossier_id",
    "delivery_id",
    "message_id",
    "step",
    "due",
    "closed_at",
)


class Work(Repository):
    """The list of things with an owner. Nothing leaves it silently."""

    __slots__ = ()

    def add(self, item: WorkItem) -> None:
        """Put an item on the list. An id that is there already changes nothing.

        What could not be said in the agency's form has not left: that is an entry of the log too.
        """
        new = self._tx.insert_new(work_items, **{name: getattr(item, name) for name in _FIELDS})
        if new and item.kind in _UNSAID:
            message = self._unsaid(item)
            self._tx.pending[message.id] = message

    def _unsaid(self, item: WorkItem) -> Message:
        """A message that was refused by our own checks, before it was one."""
        query = select(dossiers.c.code).where(dossiers.c.id == item.dossier_id)
        return Message(
            id=self._tx.new_id(),
            at=item.at,
            direction="out",
            kind="refused",
            agency=item.agency or "hub",
            operation=item.step or "message",
            body=item.reason.encode(),
            outcome="unmapped",
            dossier=self._conn.execute(query).scalar_one_or_none(),
            related_id=item.message_id,
            content_type="text/plain",
        )

    def get(self, item_id: str) -> WorkItem:
        """The item, open or closed. Raises Missing."""
        row = self._conn.execute(select(work_items).where(work_items.c.id == item_id)).one_or_none()
        if row is None:
            raise Missing(f"no work item {item_id}")
        return _item(row)

    def close(self, item_id: str, who: str, note: str) -> None:
        """Take an item off the list, with what was done about it. Raises Missing if it is not open."""
        query = update(work_items).where(work_items.c.id == item_id, text("closed_at IS NULL"))
        closed = {"closed_at": self._tx.clock(), "closed_by": who, "note": note}
        if not self._conn.execute(query, closed).rowcount:
            raise Missing(f"no open work item {item_id}")

    def count(self) -> int:
        """How many items are open."""
        query = select(func.count()).select_from(work_items).where(text("closed_at IS NULL"))
        return int(self._conn.execute(query).scalar_one())

    def list(
        self,
        *,
        owner: str | None = None,
        kind: str | None = None,
        agency: str | None = None,
        dossier_id: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Page[WorkItem]:
        """Open items, newest first. ``after`` is the previous page's; raises ValueError if it is not."""
        exact = (("owner", owner), ("kind", kind), ("agency", agency), ("dossier_id", dossier_id))
        conditions = equal(work_items, exact)
        if after is not None:
            conditions.append(before(work_items.c.at, work_items.c.id, place(after)))
        order = (work_items.c.at.desc(), work_items.c.id.desc())
        query = (
            select(work_items).where(text("closed_at IS NULL"), *conditions).order_by(*order).limit(limit + 1)
        )
        found = [_item(row) for row in self._conn.execute(query)]
        shown = found[:limit]
        more = cursor(shown[-1].at, shown[-1].id) if len(found) > limit else None
        return Page(shown, more)


class Acts(Repository):
    """What people did to the hub: who, what, to what, why, when. Each act is an entry of the message log too."""

    __slots__ = ()

    def add(self, act: Act, details: Mapping[str, Any] | None = None) -> None:
        """Note an act, here and as an entry of the log; ``details`` are JSON values that the entry says beside it."""
        row = {"at": act.at, "who": act.who, "act": act.act, "target": act.target, "why": act.why}
        self._conn.execute(insert(acts), row)
        message = _entry(act, self._tx.new_id(), details or {})
        self._tx.pending[message.id] = message

    def of(self, target: str) -> tuple[Act, ...]:
        """All that was done to ``target``, oldest first."""
        query = select(acts).where(acts.c.target == target).order_by(acts.c.id)
        return tuple(_act(row) for row in self._conn.execute(query))

    def latest(self, limit: int = 50, *, before_time: datetime | None = None) -> tuple[Act, ...]:
        """The newest acts, newest first."""
        query = select(acts).order_by(acts.c.id.desc()).limit(limit)
        if before_time is not None:
            query = query.where(acts.c.at < before_time)
        return tuple(_act(row) for row in self._conn.execute(query))


def _entry(act: Act, message_id: str, details: Mapping[str, Any]) -> Message:
    """The act as a message: officer and purpose of its leaf say who and why, so that no erasure takes them."""
    said = {"act": act.act, "target": act.target, "who": act.who, "why": act.why, **details}
    return Message(
        id=message_id,
        at=act.at,
        direction="in",
        kind=ACT,
        agency="hub",
        operation=act.act,
        body=json.dumps(said, ensure_ascii=False, sort_keys=True).encode(),
        content_type="application/json",
        officer=act.who,
        purpose=act.why,
    )


def _item(row: Row[Any]) -> WorkItem:
    return WorkItem(**{name: getattr(row, name) for name in _FIELDS})


def _act(row: Row[Any]) -> Act:
    return Act(row.at, row.who, row.act, row.target, row.why)
