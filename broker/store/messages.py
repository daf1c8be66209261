"""The message log as messages: adding them, and finding them again.

A message that is added gets its position just before COMMIT, together with all others of the same
transaction: the head of the log is locked only for that moment, so that several processes can chain their
entries without waiting for each other's work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from broker.model import Message
from broker.store import tiles
from broker.store.errors import Conflict, Missing
from broker.store.leaf import leaf_bytes
from broker.store.message_people import insert_tags
from broker.store.message_search import find
from broker.store.rows import MessageFilter, MessageRow, Page
from broker.store.schema import log_head, messages
from broker.store.sealing import seal, unseal
from broker.store.sql import Repository, Session
from signing.log import merkle
from signing.vault import Vault

_WITHOUT_BODY = [column for column in messages.c if column.name not in ("leaf", "salt", "body", "sealed_by")]
_INSERT = insert(messages)
_HEAD = select(log_head.c.frontier).where(log_head.c.id == 1)
_HEAD_LOCKED = _HEAD.with_for_update()
_HASHES = select(messages.c.id, messages.c.leaf_hash).where(
    messages.c.id.in_(bindparam("ids", expanding=True))
)
_MOVE_HEAD = (
    update(log_head)
    .where(log_head.c.id == 1)
    .values(size=bindparam("new_size"), root=bindparam("new_root"), frontier=bindparam("new_frontier"))
)


class Messages(Repository):
    """Messages in and out, each an entry of the log."""

    __slots__ = ()

    def add(self, message: Message) -> None:
        """Append ``message`` to the log. Raises Conflict if its id is taken."""
        self._tx.need_writable()
        if message.id in self._tx.pending:
            raise Conflict(f"message {message.id} is already in the log")
        self._tx.pending[message.id] = message

    def get(self, message_id: str) -> Message:
        """The message with its body, empty if it was erased. Raises Missing."""
        if (pending := self._tx.pending.get(message_id)) is not None:
            return pending
        row = self._conn.execute(select(messages).where(messages.c.id == message_id)).one_or_none()
        if row is None:
            raise Missing(f"no message {message_id}")
        return _message(row, self._tx.vault)

    def body(self, message_id: str) -> bytes:
        """The bytes of the message, empty if they were erased. Raises Missing."""
        return self.get(message_id).body

    def related(self, message_id: str) -> list[MessageRow]:
        """What answered this message, oldest first."""
        return self._rows(select(*_WITHOUT_BODY).where(messages.c.related_id == message_id))

    def of_dossier(self, dossier: str) -> list[MessageRow]:
        """All committed messages about the dossier (as named in `Message.dossier`), oldest first."""
        return self._rows(select(*_WITHOUT_BODY).where(messages.c.dossier == dossier))

    def search(
        self, wanted: MessageFilter | None = None, *, limit: int = 50, after: str | None = None
    ) -> Page[MessageRow]:
        """Committed messages, newest first.

        ``after`` is the previous page's; raises ValueError if it is not.
        """
        rows = find(self._tx, _WITHOUT_BODY, wanted or MessageFilter(), limit=limit + 1, after=after)
        found = [_message_row(row) for row in rows]
        more = str(found[limit - 1].index) if len(found) > limit else None
        return Page(found[:limit], more)

    def _rows(self, query: Any) -> list[MessageRow]:
        return [_message_row(row) for row in self._conn.execute(query.order_by(messages.c.idx))]


def append_pending(session: Session) -> None:
    """Give the pending messages their positions and move the head of the log.

    The last thing before COMMIT.
    """
    if not session.pending:
        return
    saved = session.conn.execute(_HEAD_LOCKED if session.postgres else _HEAD).scalar_one()
    frontier = merkle.Frontier.from_bytes(saved)
    size = frontier.size
    hashes = _related_hashes(session)
    rows = []
    for message in session.pending.values():
        row = _values(message, frontier.size, session.salt(), hashes.get(message.related_id))
        frontier.append(row["leaf_hash"])
        hashes[message.id] = row["leaf_hash"]
        rows.append(seal(session.vault, messages, row))
    session.conn.execute(_INSERT, rows)
    tiles.grow(session, size, [row["leaf_hash"] for row in rows])
    head = {"new_size": frontier.size, "new_root": frontier.root, "new_frontier": frontier.to_bytes()}
    session.conn.execute(_MOVE_HEAD, head)
    if session.people:
        _note_people(session, {row["id"]: row["idx"] for row in rows})
    session.pending.clear()


def _note_people(session: Session, positions: Mapping[str, int]) -> None:
    """Index whom the messages of this transaction are about; those of a unit that failed are not among them."""
    brought = session.people.items()
    insert_tags(
        session, [(tag, positions[name]) for name, tags in brought if name in positions for tag in tags]
    )
    session.people.clear()


def _related_hashes(session: Session) -> dict[str | None, bytes]:
    """Leaf hashes of the stored messages that pending ones answer: one query for all, none if all are pending."""
    pending = session.pending
    ids = {
        message.related_id
        for message in pending.values()
        if message.related_id and message.related_id not in pending
    }
    if not ids:
        return {}
    return {row.id: row.leaf_hash for row in session.conn.execute(_HASHES, {"ids": sorted(ids)})}


def _values(message: Message, index: int, salt: bytes, related: bytes | None) -> dict[str, Any]:
    leaf = leaf_bytes(message, salt, related)
    return {
        "idx": index,
        "id": message.id,
        "at": message.at,
        "direction": message.direction,
        "kind": message.kind,
        "agency": message.agency,
        "operation": message.operation,
        "outcome": message.outcome,
        "dossier": message.dossier,
        "related_id": message.related_id,
        "signer": message.signer,
        "officer": message.officer,
        "purpose": message.purpose,
        "content_type": message.content_type,
        "size": len(message.body),
        "leaf": leaf,
        "leaf_hash": merkle.leaf_hash(leaf),
        "salt": salt,
        "body": message.body,
    }


def _message(row: Row[Any], vault: Vault) -> Message:
    return Message(
        id=row.id,
        at=row.at,
        direction=row.direction,
        kind=row.kind,
        agency=row.agency,
        operation=row.operation,
        body=unseal(vault, row, messages.c.body) or b"",
        outcome=row.outcome,
        dossier=row.dossier,
        related_id=row.related_id,
        signer=row.signer,
        content_type=row.content_type,
        officer=row.officer,
        purpose=row.purpose,
    )


def _message_row(row: Row[Any]) -> MessageRow:
    return MessageRow(
        index=row.idx,
        id=row.id,
        at=row.at,
        direction=row.direction,
        kind=row.kind,
        agency=row.agency,
        operation=row.operation,
        outcome=row.outcome,
        dossier=row.dossier,
        related_id=row.related_id,
        signer=row.signer,
        officer=row.officer,
        purpose=row.purpose,
        content_type=row.content_type,
        size=row.size,
        leaf_hash=row.leaf_hash,
    )
