"""Access tokens with a life span, kept in the agency's database so that they survive a restart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.core.database import Database

SCHEMA = "CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, expires TEXT NOT NULL);"
LIFETIME = timedelta(minutes=30)


class Tokens:
    """Issues and checks tokens; who may have one is the agency's business."""

    def __init__(self, database: Database, clock: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        """``new_id`` makes the token."""
        self._database, self._clock, self._new_id = database, clock, new_id

    def issue(self) -> str:
        """A new token, good for `LIFETIME`."""
        token = self._new_id()
        with self._database.transaction() as sql:
            sql.execute("INSERT INTO token VALUES (?, ?)", (token, (self._clock() + LIFETIME).isoformat()))
        return token

    def holds(self, token: str) -> bool:
        """Whether the token was issued here and has not expired."""
        row = self._database.row("SELECT expires FROM token WHERE token = ?", (token,))
        return row is not None and self._clock() < datetime.fromisoformat(row["expires"])

    def expire_all(self) -> None:
        """Let every token expire at once, as a restart of a real service may do."""
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM token")
