"""Sessions of citizens who signed in: known by the hash of their token, sealed, and over after a while."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import delete, insert, select

from broker.store.schema import sessions
from broker.store.sealing import seal, unseal
from broker.store.sql import Repository


class Sessions(Repository):
    """Sessions by token; the token itself is not stored."""

    __slots__ = ()

    def add(self, token: str, until: datetime, person: bytes) -> None:
        """Open a session for ``person``."""
        row = {"id": _hashed(token), "at": self._tx.clock(), "until": until, "person": person}
        self._conn.execute(insert(sessions), seal(self._tx.vault, sessions, row))

    def find(self, token: str) -> bytes | None:
        """Who the token stands for; None if the session is over or never was."""
        query = select(sessions).where(sessions.c.id == _hashed(token), sessions.c.until > self._tx.clock())
        row = self._conn.execute(query).one_or_none()
        return None if row is None else bytes(unseal(self._tx.vault, row, sessions.c.person))

    def end(self, token: str) -> None:
        """Close a session, if there is one."""
        self._conn.execute(delete(sessions).where(sessions.c.id == _hashed(token)))

    def purge(self) -> int:
        """Forget the sessions that are over; says how many."""
        return self._conn.execute(delete(sessions).where(sessions.c.until <= self._tx.clock())).rowcount


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
