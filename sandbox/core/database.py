"""A stand-in agency's own database: one SQLite file, plain SQL."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

Row = sqlite3.Row


class Database:
    """One SQLite file in WAL mode; every change happens inside `transaction`."""

    def __init__(self, path: Path, *scripts: str) -> None:
        """Open or create ``path`` and run the ``scripts`` (``CREATE … IF NOT EXISTS``)."""
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute("PRAGMA foreign_keys=ON")
        for script in scripts:
            self._connection.executescript(script)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block in one transaction, rolled back on any error. Nested blocks join it."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self._connection
            except BaseException:
                self._leave("ROLLBACK")
                raise
            self._leave("COMMIT")

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """All rows of a query."""
        with self._lock:
            return self._connection.execute(sql, tuple(values)).fetchall()

    def row(self, sql: str, values: Sequence[object] = ()) -> Row | None:
        """The first row of a query, None if there is none."""
        return next(iter(self.rows(sql, values)), None)

    def close(self) -> None:
        """Close the file; idempotent."""
        self._connection.close()

    def _leave(self, verb: str) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._connection.execute(verb)
