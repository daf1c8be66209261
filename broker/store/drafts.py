"""Drafts of declarations: bound to who began them, versioned, sealed, and forgotten after a while."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from broker.store.errors import Missing
from broker.store.schema import drafts
from broker.store.sealing import seal, unseal
from broker.store.sql import Repository


@dataclasses.dataclass(frozen=True, slots=True)
class Draft:
    """A declaration on the way. ``content`` is its XML, None once it was submitted as ``dossier_id``."""

    id: str
    owner: str
    process: str
    version: int
    created_at: datetime
    changed_at: datetime
    content: bytes | None
    notices: tuple[str, ...] = ()
    dossier_id: str | None = None


class Drafts(Repository):
    """Drafts, each seen by its owners only."""

    __slots__ = ()

    def add(self, draft: Draft) -> None:
        """Keep a new draft."""
        row = dataclasses.asdict(draft) | {"notices": json.dumps(draft.notices, ensure_ascii=False)}
        self._tx.insert_new(drafts, **seal(self._tx.vault, drafts, row))

    def get(self, draft_id: str, owners: Collection[str]) -> Draft:
        """The draft, if one of ``owners`` began it. Raises Missing, whatever the reason."""
        found = self._conn.execute(select(drafts).where(*_own(draft_id, owners))).one_or_none()
        if found is None:
            raise Missing(f"no draft {draft_id}")
        return self._draft(found)

    def of(self, owners: Collection[str], limit: int = 100) -> Sequence[Draft]:
        """The drafts of these owners, last changed first."""
        query = select(drafts).where(drafts.c.owner.in_(owners))
        rows = self._conn.execute(query.order_by(drafts.c.changed_at.desc(), drafts.c.id).limit(limit))
        return [self._draft(row) for row in rows]

    def count(self, owners: Collection[str]) -> int:
        """How many drafts of these owners are not submitted."""
        query = select(func.count()).where(drafts.c.owner.in_(owners), drafts.c.dossier_id.is_(None))
        return int(self._conn.execute(query).scalar_one())

    def change(self, draft: Draft) -> bool:
        """Put the next version in the place of the one before; says whether that one was still there."""
        row = seal(self._tx.vault, drafts, {"id": draft.id, "content": draft.content})
        changed = {
            "content": row["content"],
            "sealed_by": row["sealed_by"],
            "version": draft.version,
            "changed_at": draft.changed_at,
            "notices": json.dumps(draft.notices, ensure_ascii=False),
            "dossier_id": draft.dossier_id,
        }
        query = update(drafts).where(*_own(draft.id, [draft.owner]), drafts.c.version == draft.version - 1)
        return bool(self._conn.execute(query.values(changed)).rowcount)

    def submitted(self, dossier_id: str, owners: Collection[str]) -> bool:
        """Whether one of these owners submitted the draft that became a dossier."""
        query = select(drafts.c.id).where(drafts.c.dossier_id == dossier_id, drafts.c.owner.in_(owners))
        return self._conn.execute(query.limit(1)).first() is not None

    def remove(self, draft_id: str, owners: Collection[str]) -> None:
        """Forget a draft that is not submitted. Raises Missing."""
        query = delete(drafts).where(*_own(draft_id, owners), drafts.c.dossier_id.is_(None))
        if not self._conn.execute(query).rowcount:
            raise Missing(f"no draft {draft_id}")

    def purge(self, before: datetime, limit: int) -> int:
        """Forget up to ``limit`` drafts that were last changed before that time and never submitted."""
        old = select(drafts.c.id).where(drafts.c.changed_at < before, drafts.c.dossier_id.is_(None))
        found = old.order_by(drafts.c.changed_at).limit(limit)
        return self._conn.execute(delete(drafts).where(drafts.c.id.in_(found))).rowcount

    def _draft(self, row: Row[Any]) -> Draft:
        return Draft(
            id=row.id,
            owner=row.owner,
            process=row.process,
            version=row.version,
            created_at=row.created_at,
            changed_at=row.changed_at,
            content=unseal(self._tx.vault, row, drafts.c.content),
            notices=tuple(json.loads(row.notices)),
            dossier_id=row.dossier_id,
        )


def _own(draft_id: str, owners: Collection[str]) -> tuple[Any, ...]:
    return drafts.c.id == draft_id, drafts.c.owner.in_(owners)
