"""The first answer to each message of each sender.

A repeated message gets that answer and has no other effect.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, update

from broker.store.errors import Conflict, Missing
from broker.store.schema import intake
from broker.store.sealing import seal, unseal
from broker.store.sql import Repository


class Intake(Repository):
    """Message ids that were seen. ``claim`` and ``answer`` belong into one unit, together with the effect."""

    __slots__ = ()

    def claim(self, sender: str, message_id: str, body_sha256: str) -> bytes | None:
        """The answer given before, or None if this unit is to act and then `answer`.

        Raises Conflict if the sender used the id for another content.
        """
        row = {"sender": sender, "message_id": message_id, "body_sha256": body_sha256, "at": self._tx.clock()}
        if self._tx.insert_new(intake, **row):
            return None
        return self.first_answer(sender, message_id, body_sha256)

    def first_answer(self, sender: str, message_id: str, body_sha256: str) -> bytes | None:
        """The answer given before, None if there is none. Raises Conflict as `claim` does."""
        before = self._conn.execute(select(intake).where(*_key(sender, message_id))).one_or_none()
        if before is None:
            return None
        if before.body_sha256 != body_sha256:
            raise Conflict(f"{sender} used message id {message_id} before, for another content")
        if before.answer is None:
            raise Conflict(f"{sender} used message id {message_id} before; the answer is no longer kept")
        answer: bytes = unseal(self._tx.vault, before, intake.c.answer)
        return answer

    def answer(self, sender: str, message_id: str, answer: bytes) -> None:
        """Remember the first answer. Raises Missing if the message was not claimed."""
        row = {"sender": sender, "message_id": message_id, "answer": answer}
        query = update(intake).where(*_key(sender, message_id))
        if not self._conn.execute(query, seal(self._tx.vault, intake, row)).rowcount:
            raise Missing(f"message {message_id} of {sender} was not claimed")


def _key(sender: str, message_id: str) -> tuple[ColumnElement[bool], ...]:
    return intake.c.sender == sender, intake.c.message_id == message_id
