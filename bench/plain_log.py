"""What the hub would be without evidence: messages are kept, and nothing is hashed, chained or signed.

Only the bench's child process ever runs so: `forget` replaces a function of the store in that process.
"""

from __future__ import annotations

import itertools

from sqlalchemy import insert

from broker.model import Message
from broker.store import writer
from broker.store.schema import messages as table
from broker.store.sealing import seal
from broker.store.sql import Session

_NO_HASH = bytes(32)
_INSERT = insert(table)
_positions = itertools.count()


def forget() -> None:
    """From here on this process keeps messages as plain rows."""
    writer.append_pending = append_pending  # type: ignore[attr-defined]


def append_pending(session: Session) -> None:
    """Store the pending messages in the order in which they came."""
    rows = [_row(session, message) for message in session.pending.values()]
    if rows:
        session.conn.execute(_INSERT, rows)
    session.pending.clear()
    session.people.clear()


def _row(session: Session, message: Message) -> dict[str, object]:
    fields = {name: getattr(message, name) for name in _NAMES}
    given = {
        "idx": next(_positions),
        "size": len(message.body),
        "leaf": b"",
        "leaf_hash": _NO_HASH,
        "salt": None,
    }
    return seal(session.vault, table, fields | given)


_NAMES = (
    "id", "at", "direction", "kind", "agency", "operation", "outcome", "dossier", "related_id", "signer", "officer",
    "purpose", "content_type", "body",
)  # fmt: skip
