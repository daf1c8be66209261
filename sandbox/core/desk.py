"""The agency's own book of what it took in, in its own database: the proof that nothing was done twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sandbox.core.database import Database, Row
from sandbox.core.decisions import After, Decision, DecisionRules, Progress, Verdict, judge

SCHEMA = """
CREATE TABLE IF NOT EXISTS received (
    key TEXT PRIMARY KEY, dossier TEXT NOT NULL, operation TEXT NOT NULL, title TEXT NOT NULL, content TEXT
    NOT NULL, received TEXT NOT NULL, times INTEGER NOT NULL, polls INTEGER NOT NULL, decision TEXT NOT NULL,
    by_hand TEXT, data TEXT NOT NULL, position INTEGER NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS received_dossier ON received (dossier, position);
CREATE TABLE IF NOT EXISTS effect (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL REFERENCES received (key), what TEXT NOT NULL, at TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Record:
    """One business message that was accepted, and what became of it. ``data`` is the agency's own."""

    key: str
    dossier: str
    operation: str
    title: str
    content: str
    received: datetime
    times: int
    polls: int
    decision: Decision
    by_hand: Verdict | None
    data: dict[str, Any]

    @property
    def progress(self) -> Progress:
        """How far the record is, as `judge` wants it."""
        return Progress(self.decision, self.received, self.polls, self.by_hand)


@dataclass(frozen=True, slots=True)
class Taken:
    """What `Desk.take` did: ``again`` is True if the same key had been taken in before."""

    record: Record
    again: bool


class Desk:
    """Takes business messages in, once per key, and says what is decided about them."""

    def __init__(self, database: Database, rules: DecisionRules, clock: Callable[[], datetime]) -> None:
        """``rules`` give each new record its decision; ``clock`` dates it."""
        self._database, self._rules, self._clock = database, rules, clock

    def take(
        self,
        key: str,
        dossier: str,
        operation: str,
        content: str,
        *,
        title: str = "",
        data: dict[str, Any] | None = None,
    ) -> Taken:
        """Take a message in, or count one more arrival of a key that is known (and do nothing else).

        Call it inside the agency's own transaction when the work must be committed together.
        """
        with self._database.transaction() as sql:
            known = self.find(key)
            if known is not None:
                sql.execute("UPDATE received SET times = times + 1 WHERE key = ?", (key,))
                return Taken(self.get(key), again=True)
            decision = self._rules.take(operation, content)
            sql.execute(
                "INSERT INTO received "
                "SELECT ?, ?, ?, ?, ?, ?, 1, 0, ?, NULL, ?, coalesce(max(position), 0) + 1 FROM received",
                (
                    key,
                    dossier,
                    operation,
                    title,
                    content,
                    self._clock().isoformat(),
                    _dump(decision),
                    _dump(data or {}),
                ),
            )
            return Taken(self.get(key), again=False)

    def find(self, key: str) -> Record | None:
        """The record of a key, None if it was never taken in."""
        row = self._database.row("SELECT * FROM received WHERE key = ?", (key,))
        return None if row is None else _record(row)

    def get(self, key: str) -> Record:
        """The record of a key. Raises KeyError if it was never taken in."""
        record = self.find(key)
        if record is None:
            raise KeyError(key)
        return record

    def latest(self, dossier: str) -> Record | None:
        """The newest record of a dossier: its first message, or the last supplement."""
        row = self._database.row(
            "SELECT * FROM received WHERE dossier = ? ORDER BY position DESC LIMIT 1", (dossier,)
        )
        return None if row is None else _record(row)

    def records(self, *, dossier: str | None = None, since: datetime | None = None) -> list[Record]:
        """All records in the order they came, perhaps only those of a dossier, or since a moment."""
        rows = self._database.rows(
            "SELECT * FROM received WHERE (?1 IS NULL OR dossier = ?1) ORDER BY position", (dossier,)
        )
        found = [_record(row) for row in rows]
        return [record for record in found if since is None or record.received >= since]

    def poll(self, key: str) -> Verdict:
        """Count one question about a record and give the verdict. Raises KeyError for an unknown key."""
        with self._database.transaction() as sql:
            sql.execute("UPDATE received SET polls = polls + 1 WHERE key = ?", (key,))
            return self.verdict(key)

    def verdict(self, key: str) -> Verdict:
        """The verdict now, without counting a question. Raises KeyError for an unknown key."""
        return judge(self.get(key).progress, self._clock())

    def decide(self, key: str, verdict: Verdict) -> None:
        """Record a person's decision, which goes before the rules. Raises KeyError."""
        self.get(key)
        with self._database.transaction() as sql:
            sql.execute("UPDATE received SET by_hand = ? WHERE key = ?", (_dump(verdict), key))

    def remember(self, key: str, **data: Any) -> Record:
        """Merge the agency's own facts (a number given, a state sent) into the record's ``data``."""
        with self._database.transaction() as sql:
            merged = {**self.get(key).data, **data}
            sql.execute("UPDATE received SET data = ? WHERE key = ?", (_dump(merged), key))
            return self.get(key)

    def effect(self, key: str, what: str) -> None:
        """Note that the agency's business register changed because of this record."""
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT INTO effect (key, what, at) VALUES (?, ?, ?)", (key, what, self._clock().isoformat())
            )

    def effects(self, key: str) -> list[str]:
        """What changed because of this record, oldest first."""
        return [
            row["what"]
            for row in self._database.rows("SELECT what FROM effect WHERE key = ? ORDER BY id", (key,))
        ]

    def clear(self) -> None:
        """Forget all records and effects."""
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM effect")
            sql.execute("DELETE FROM received")


def _dump(value: Decision | Verdict | dict[str, Any]) -> str:
    return json.dumps(value if isinstance(value, dict) else asdict(value), ensure_ascii=False)


def _record(row: Row) -> Record:
    decision = json.loads(row["decision"])
    decision["after"] = After(**decision["after"])
    return Record(
        key=row["key"],
        dossier=row["dossier"],
        operation=row["operation"],
        title=row["title"],
        content=row["content"],
        received=datetime.fromisoformat(row["received"]),
        times=row["times"],
        polls=row["polls"],
        decision=Decision(**decision),
        by_hand=None if row["by_hand"] is None else Verdict(**json.loads(row["by_hand"])),
        data=json.loads(row["data"]),
    )
