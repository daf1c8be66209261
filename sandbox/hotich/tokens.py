"""Access tokens of the civil-status service: given for user and password, good for half an hour."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.core.database import Database

SCHEMA = "CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, expires TEXT NOT NULL);"
LIFETIME = timedelta(minutes=30)


class Tokens:
    """Gives and checks tokens; they survive a restart of the agency."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        user: str,
        password: str,
    ) -> None:
        """``user`` and ``password`` are the one account there is."""
        self._database, self._clock, self._new_id = database, clock, new_id
        self._account = f"{user}\n{password}".encode()

    def give(self, user: str, password: str) -> str | None:
        """A new token, None if user or password is wrong."""
        if not hmac.compare_digest(self._account, f"{user}\n{password}".encode()):
            return None
        token = self._new_id()
        with self._database.transaction() as sql:
            sql.execute("INSERT INTO token VALUES (?, ?)", (token, (self._clock() + LIFETIME).isoformat()))
        return token

    def holds(self, token: str) -> bool:
        """Whether the token was given here and has not expired."""
        row = self._database.row("SELECT expires FROM token WHERE token = ?", (token,))
        return row is not None and self._clock() < datetime.fromisoformat(row["expires"])

    def expire_all(self) -> None:
        """Let every token expire at once, as a restart of the real service does."""
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM token")
