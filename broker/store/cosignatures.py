"""What witnesses have signed: a line for each head of the log and each witness that saw it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from broker.store.rows import StoredCheckpoint
from broker.store.schema import log_checkpoints, log_cosignatures
from broker.store.sql import Repository
from signing.log.cosignature import with_lines


class Cosignatures(Repository):
    """The co-signatures of the log's heads."""

    __slots__ = ()

    def add(self, size: int, witness: str, at: datetime, line: str) -> None:
        """Keep the signature line (without its end) that ``witness`` gave for the head of ``size`` entries.

        The first one stays.
        """
        self._tx.insert_new(log_cosignatures, size=size, witness=witness, at=at, line=line)

    def seen(self, witness: str) -> int:
        """Size of the largest head that ``witness`` has signed, 0 if it has signed none."""
        query = select(func.max(log_cosignatures.c.size)).where(log_cosignatures.c.witness == witness)
        return int(self._conn.execute(query).scalar_one() or 0)

    def lines(self, size: int) -> Sequence[str]:
        """Signature lines below the head of that size, in the order of the witnesses' names."""
        query = select(log_cosignatures.c.line).where(log_cosignatures.c.size == size)
        return self._conn.execute(query.order_by(log_cosignatures.c.witness)).scalars().all()

    def all(self) -> Sequence[tuple[int, str]]:
        """Every line with the size of its head, by size."""
        query = select(log_cosignatures.c.size, log_cosignatures.c.line)
        rows = self._conn.execute(query.order_by(log_cosignatures.c.size, log_cosignatures.c.witness))
        return [(row.size, row.line) for row in rows]

    def cosigned(self, checkpoint: StoredCheckpoint) -> str:
        """The checkpoint's note with every co-signature that it has."""
        return with_lines(checkpoint.note, self.lines(checkpoint.size))

    def newest(self) -> StoredCheckpoint | None:
        """The newest head that a witness has signed, None if there is none."""
        size = select(func.max(log_cosignatures.c.size)).scalar_subquery()
        query = select(log_checkpoints).where(log_checkpoints.c.size == size)
        row = self._conn.execute(query.order_by(log_checkpoints.c.id.desc()).limit(1)).one_or_none()
        return None if row is None else StoredCheckpoint(row.size, row.at, row.note)
