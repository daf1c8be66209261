"""The message log as a Merkle tree (RFC 6962 §2.1).

Its head, its entries for those who verify, its checkpoints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from broker.store.errors import Missing
from broker.store.rows import Head, StoredCheckpoint
from broker.store.schema import log_checkpoints, log_head, messages
from broker.store.sealing import unseal
from broker.store.sql import Repository
from broker.store.tiles import Tiles
from signing.errors import SealBroken
from signing.log import tiles
from signing.log.merkle import Frontier
from signing.vault import Vault
from signing.verifier.entries import Entry

_CHUNK = 500
_ENTRY = [messages.c[name] for name in ("idx", "id", "leaf", "leaf_hash", "salt", "body", "sealed_by")]


class Log(Repository):
    """The tree over all messages, in the order of their commits."""

    __slots__ = ()

    def head(self) -> Head:
        """Size, root and frontier after the last committed message."""
        row = self._conn.execute(select(log_head).where(log_head.c.id == 1)).one()
        return Head(row.size, row.root, row.frontier)

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
        """Entries ``start`` to before ``stop`` with salt and body.

        As stored and unchecked; read in chunks.
        """
        while True:
            end = start + _CHUNK if stop is None else min(start + _CHUNK, stop)
            query = (
                select(*_ENTRY).where(messages.c.idx >= start, messages.c.idx < end).order_by(messages.c.idx)
            )
            rows = self._conn.execute(query).all()
            yield from (
                Entry(row.idx, row.leaf, row.leaf_hash, row.salt, stored_body(row, self._tx.vault))
                for row in rows
            )
            start = end
            if not self._goes_on(start, stop):
                return

    def index_of(self, message_id: str) -> int:
        """Position of a message in the log. Raises Missing."""
        query = select(messages.c.idx).where(messages.c.id == message_id)
        index = self._conn.execute(query).scalar_one_or_none()
        if index is None:
            raise Missing(f"no message {message_id}")
        return int(index)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Audit path of entry ``index`` in the log of ``size`` (RFC 6962 §2.1.1). Raises Missing."""
        self._need(size)
        if not 0 <= index < size:
            raise Missing(f"no entry {index} in a log of {size}")
        return tiles.inclusion(index, size, self._tiles)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Proof that the log of ``new`` entries begins with that of ``old`` (RFC 6962 §2.1.2). Raises Missing."""
        self._need(new)
        if not 0 <= old <= new:
            raise Missing(f"a log of {new} entries does not contain one of {old}")
        return tiles.consistency(old, new, self._tiles)

    def root(self, size: int) -> bytes:
        """Root of the tree over the first ``size`` entries. Raises Missing."""
        self._need(size)
        return tiles.root(size, self._tiles)

    def frontier(self, size: int) -> Frontier:
        """The right edge of the tree over the first ``size`` entries. Raises Missing."""
        self._need(size)
        return tiles.frontier(size, self._tiles)

    def leaves(self, start: int, stop: int) -> Sequence[bytes]:
        """The leaves of entries ``start`` to before ``stop``, without their bodies."""
        query = select(messages.c.leaf).where(messages.c.idx >= start, messages.c.idx < stop)
        return self._conn.execute(query.order_by(messages.c.idx)).scalars().all()

    def leaf_hashes(self, start: int, stop: int) -> Sequence[bytes]:
        """The leaf hashes of entries ``start`` to before ``stop``."""
        query = select(messages.c.leaf_hash).where(messages.c.idx >= start, messages.c.idx < stop)
        return self._conn.execute(query.order_by(messages.c.idx)).scalars().all()

    def add_checkpoint(self, note: str, size: int, at: datetime) -> None:
        """Keep a signed head of the log at ``size`` entries."""
        self._conn.execute(insert(log_checkpoints), {"note": note, "size": size, "at": at})

    def checkpoints(self) -> list[StoredCheckpoint]:
        """All signed heads, oldest first."""
        return [_checkpoint(row) for row in self._conn.execute(select(log_checkpoints).order_by("id"))]

    def last_checkpoint(self) -> StoredCheckpoint | None:
        """The newest signed head."""
        query = select(log_checkpoints).order_by(log_checkpoints.c.id.desc()).limit(1)
        row = self._conn.execute(query).one_or_none()
        return None if row is None else _checkpoint(row)

    def first_checkpoint_after(self, size: int) -> StoredCheckpoint | None:
        """The oldest signed head with more than ``size`` entries."""
        query = select(log_checkpoints).where(log_checkpoints.c.size > size)
        row = self._conn.execute(query.order_by(log_checkpoints.c.size).limit(1)).one_or_none()
        return None if row is None else _checkpoint(row)

    @property
    def _tiles(self) -> tiles.Read:
        return Tiles(self._tx).read

    def _need(self, size: int) -> None:
        have = self.head().size
        if not 0 <= size <= have:
            raise Missing(f"the log has {have} entries, not {size}")

    def _goes_on(self, start: int, stop: int | None) -> bool:
        """Whether entries at or behind ``start`` exist.

        After a gap too, so that a verifier sees what follows it.
        """
        if stop is not None and start >= stop:
            return False
        query = select(messages.c.idx).where(messages.c.idx >= start).limit(1)
        return self._conn.execute(query).first() is not None


def stored_body(row: Any, vault: Vault) -> bytes | None:
    """The body in a row, for those who compare it with its hash: what was changed or moved comes as it is stored.

    Raises KeyProblem if its data key is not there.
    """
    try:
        body: bytes | None = unseal(vault, row, messages.c.body)
    except SealBroken:
        return bytes(row.body)
    return body


def _checkpoint(row: Any) -> StoredCheckpoint:
    return StoredCheckpoint(row.size, row.at, row.note)
