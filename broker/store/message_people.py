"""Whom messages are about: keyed hashes of personal numbers, by which a citizen's messages are found again.

A message that belongs to a dossier is found through the dossier, so a number is noted once, with the message that
brought it (a declaration, a supplement, a consent), and not with each of the fifty that follow: an exchange between
agencies costs nothing here. A message of no dossier (a look-up, a certificate, a refused request) has its own rows.
Without the data key nobody can tell from this table who was meant, and a number cannot be tried against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy import bindparam, delete, func, select

from broker.store.dossiers import PERSONAL_NUMBER
from broker.store.errors import Missing
from broker.store.schema import dossier_codes, dossiers, message_people, messages
from broker.store.sql import Repository, Session

T = TypeVar("T")

_AT_ONCE = 500


class MessagePeople(Repository):
    """Personal numbers and the messages that brought them."""

    __slots__ = ()

    def note(self, message_id: str, numbers: Iterable[str]) -> None:
        """Let the message be found by these personal numbers. Raises Missing if it is not in the log."""
        self._tx.need_writable()
        tags = {self._tx.vault.tag(number) for number in numbers}
        if not tags:
            return
        if message_id in self._tx.pending:  # it gets its position, and these their rows, just before COMMIT
            self._tx.people.setdefault(message_id, set()).update(tags)
            return
        found = select(messages.c.idx).where(messages.c.id == message_id)
        index = self._conn.execute(found).scalar_one_or_none()
        if index is None:
            raise Missing(f"no message {message_id}")
        insert_tags(self._tx, [(tag, index) for tag in tags])

    def note_dossier(self, code: str, numbers: Iterable[str]) -> None:
        """Let a dossier's messages be found by these personal numbers, through its first message."""
        first = select(func.min(messages.c.idx)).where(messages.c.dossier == code)
        index = self._conn.execute(first).scalar_one()
        if index is not None:
            insert_tags(self._tx, [(self._tx.vault.tag(number), index) for number in numbers])

    def entries(self, number: str) -> list[int]:
        """Positions of the messages that brought this personal number."""
        query = select(message_people.c.idx).where(message_people.c.subject.in_(self._tx.vault.tags(number)))
        return sorted(set(self._conn.execute(query).scalars()))

    def dossiers(self, number: str) -> list[str]:
        """Own codes of the dossiers that this person stands in, or got the personal number by."""
        brought = select(messages.c.dossier).where(
            messages.c.idx.in_(bindparam("entries", expanding=True)), messages.c.dossier.is_not(None)
        )
        found = {
            code
            for piece in pieces(self.entries(number))
            for code in self._conn.execute(brought, {"entries": piece}).scalars()
        }
        given = (
            select(dossiers.c.code)
            .join(dossier_codes, dossier_codes.c.dossier_id == dossiers.c.id)
            .where(dossier_codes.c.value.in_([tag.hex() for tag in self._tx.vault.tags(number)]))
            .where(dossier_codes.c.system == PERSONAL_NUMBER)
        )
        return sorted(found.union(self._conn.execute(given).scalars()))

    def forget(self, entries: Iterable[int]) -> None:
        """Take the messages at these positions out of the index."""
        statement = delete(message_people).where(
            message_people.c.idx.in_(bindparam("entries", expanding=True))
        )
        for piece in pieces(list(entries)):
            self._conn.execute(statement, {"entries": piece})

    def tagged(self) -> dict[str, int]:
        """Data key → rows that are found with it."""
        query = select(message_people.c.tagged_by, func.count()).group_by(message_people.c.tagged_by)
        return {row[0]: row[1] for row in self._conn.execute(query)}


def insert_tags(session: Session, rows: Iterable[tuple[bytes, int]]) -> None:
    """Store (tag, position in the log) pairs made with the newest data key; those that are there stay."""
    newest = session.vault.newest
    values = [{"subject": tag, "idx": index, "tagged_by": newest} for tag, index in rows]
    if values:
        session.conn.execute(session.insert(message_people).on_conflict_do_nothing(), values)


def pieces(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in lists that fit into one statement on either database."""
    return (values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE))
