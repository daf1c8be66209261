"""Results that an agency pushes to the hub, again and again until they are acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp

from sandbox.core.damage import spoil_signature
from sandbox.core.database import Database, Row
from sandbox.core.rules import Call, FaultRules

SCHEMA = """
CREATE TABLE IF NOT EXISTS callback (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, operation TEXT NOT NULL, path TEXT NOT NULL, payload BLOB NOT
    NULL, due TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0, last TEXT
    NOT NULL DEFAULT ''
);
"""
CUT_OFF = aiohttp.ClientTimeout(total=30)
AT_ONCE = 8
"""Keys whose results are on their way at the same moment."""


@dataclass(frozen=True, slots=True)
class Callback:
    """One result on its way. ``payload`` is what the agency wants to say, before envelope and signature."""

    id: int
    key: str
    operation: str
    path: str
    payload: bytes
    attempts: int
    done: bool
    last: str


Seal = Callable[[Callback], tuple[bytes, Mapping[str, str]]]
Acknowledged = Callable[[Callback, int, bytes], bool]


class Callbacks:
    """The outbox of one agency. Results of one key leave in the order they were added, one at a time."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        faults: FaultRules,
        hub_url: Callable[[], str | None],
        seal: Seal,
        acknowledged: Acknowledged,
        *,
        retry: timedelta = timedelta(seconds=2),
    ) -> None:
        """``seal`` makes body and headers of an attempt; ``acknowledged`` reads the hub's answer."""
        self._database, self._clock, self._faults, self._hub_url = database, clock, faults, hub_url
        self._seal, self._acknowledged, self._retry = seal, acknowledged, retry
        self._session: aiohttp.ClientSession | None = None
        self._lock = asyncio.Lock()

    def add(self, key: str, operation: str, path: str, payload: bytes) -> None:
        """Promise a result to the hub; it is sent at the next `deliver`."""
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT INTO callback (key, operation, path, payload, due) VALUES (?, ?, ?, ?, ?)",
                (key, operation, path, payload, self._clock().isoformat()),
            )

    def all(self) -> list[Callback]:
        """Every result ever promised, in order."""
        return [_callback(row) for row in self._database.rows("SELECT * FROM callback ORDER BY id")]

    async def deliver(self) -> int:
        """Send what is due, in order for each key and `AT_ONCE` keys together; how many results were acknowledged."""
        async with self._lock:
            rows = self._database.rows(
                "SELECT * FROM callback WHERE done = 0 AND due <= ? ORDER BY id", (self._clock().isoformat(),)
            )
            due: dict[str, list[Callback]] = {}
            for row in rows:
                due.setdefault(row["key"], []).append(_callback(row))
            room = asyncio.Semaphore(AT_ONCE)
            return sum(await asyncio.gather(*(self._attempt_all(several, room) for several in due.values())))

    async def close(self) -> None:
        """Close the connections; idempotent."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _attempt_all(self, callbacks: Sequence[Callback], room: asyncio.Semaphore) -> int:
        async with room:
            return sum([await self._attempt(callback) for callback in callbacks])

    async def _attempt(self, callback: Callback) -> bool:
        base = self._hub_url()
        if base is None:
            return self._note(callback, False, "no hub address yet")
        body, headers = self._seal(callback)
        call = Call("POST", callback.path, callback.operation, callback.payload.decode("utf-8", "replace"))
        if self._faults.take(call, frozenset({"wrong-signature"})):
            body = spoil_signature(body)
        done, last = await self._post(callback, base.rstrip("/") + callback.path, body, headers)
        if self._faults.take(call, frozenset({"duplicate-callback"})):
            await self._post(callback, base.rstrip("/") + callback.path, body, headers)
        return self._note(callback, done, last)

    async def _post(
        self, callback: Callback, url: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[bool, str]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=CUT_OFF)
        try:
            async with self._session.post(
                url, data=body, headers=dict(headers), allow_redirects=False
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            return False, f"{type(error).__name__}: {error}"
        done = self._acknowledged(callback, answer.status, content)
        return done, f"HTTP {answer.status}: {content[:300].decode('utf-8', 'replace')}"

    def _note(self, callback: Callback, done: bool, last: str) -> bool:
        with self._database.transaction() as sql:
            sql.execute(
                "UPDATE callback SET attempts = attempts + 1, done = ?, last = ?, due = ? WHERE id = ?",
                (int(done), last, (self._clock() + self._retry).isoformat(), callback.id),
            )
        return done


def _callback(row: Row) -> Callback:
    return Callback(
        row["id"],
        row["key"],
        row["operation"],
        row["path"],
        row["payload"],
        row["attempts"],
        bool(row["done"]),
        row["last"],
    )
