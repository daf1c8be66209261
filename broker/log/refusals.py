"""What is turned away at the door is an entry of the message log too, within bounds.

Whoever sends junk must not fill the disk: of a request that nobody understood the first 64 KiB are kept, with length
and SHA-256 of what was read, and no more than 512 KiB a minute of all bodies together. Of one source so many entries
a minute are made, then the rest are counted, and one entry says how many and why. Sources are clients and agencies by
name, strangers by address.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

import structlog

from broker.clock import Clock, NewId
from broker.model import Message
from broker.store.engine import Store, Tx
from broker.store.errors import StoreUnavailable

log = structlog.get_logger(__name__)

KEPT = 64 * 1024
"""Bytes that are kept of a body that nobody understood."""
ROOM = 8 * KEPT
"""Bytes of bodies that are kept in a minute; of what comes then length and hash are."""
REFUSED = "refused"
"""Kind of the entries about what was turned away."""
BOUNDED = "bounded"
"""Outcome of the entry that counts what has none of its own."""

_STRANGER = "unknown"
_OTHERS = "others"
_WINDOW = timedelta(minutes=1)
_WHOLE = 4 * KEPT  # a body that came to the door of an agency stays as it is up to here
_SOURCES = 1000  # beyond, all new ones share one count: many addresses are no way round the bound

_under_way: ContextVar[list[bool] | None] = ContextVar("request under way", default=None)


def begin() -> list[bool]:
    """From here on `recorded` is about this request; what it gives says whether it was called, if not empty."""
    mark: list[bool] = []
    _under_way.set(mark)
    return mark


def recorded() -> None:
    """Say that the request under way has its entry in the log, so that it gets no second one."""
    mark = _under_way.get()
    if mark is not None and not mark:
        mark.append(True)


@dataclasses.dataclass(slots=True)
class Seen:
    """A body as far as it was read: the first bytes of it, its length and hash."""

    size: int = 0
    kept: bytearray = dataclasses.field(default_factory=bytearray)
    _hash: Any = None

    def add(self, piece: bytes) -> None:
        """The next piece. Hashed only beyond what is kept: most requests never get there."""
        self.size += len(piece)
        if self._hash is None and self.size <= KEPT:
            self.kept += piece
            return
        if self._hash is None:
            self._hash = hashlib.sha256(self.kept)
            self.kept += piece[: KEPT - len(self.kept)]
        self._hash.update(piece)

    @classmethod
    def of(cls, body: bytes) -> Seen:
        """A body that is here as a whole."""
        seen = cls()
        seen.add(body)
        return seen

    def described(self, most: int = KEPT) -> dict[str, Any]:
        """As values of an entry, with at most that many bytes of it."""
        digest = hashlib.sha256(self.kept) if self._hash is None else self._hash
        return {
            "size": self.size,
            "sha256": digest.hexdigest(),
            "body": base64.b64encode(self.kept[:most]).decode("ascii"),
        }


@dataclasses.dataclass(slots=True)
class _Source:
    entries: int = 0
    rest: Counter[str] = dataclasses.field(default_factory=Counter)


class Refusals:
    """Makes the entries, and counts what has none. For one event loop."""

    def __init__(
        self, store: Store, clock: Clock, new_id: NewId, *, per_source: int = 30, in_all: int = 300
    ) -> None:
        """``per_source``, ``in_all``: entries a minute, of one source and of all together."""
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._per_source = per_source
        self._in_all = in_all
        self._since = clock()
        self._entries = 0
        self._room = ROOM
        self._sources: dict[str, _Source] = {}

    async def note(
        self, source: str, client: str | None, outcome: str, details: Mapping[str, Any], seen: Seen
    ) -> None:
        """Log a request that was turned away, if the bounds allow. A store that is away loses it, with a warning."""
        message = self._entry(client or _STRANGER, self._clock(), outcome, {"source": source, **details})
        try:
            await self.keep(source, message, seen)
        except StoreUnavailable as error:
            log.warning("a refusal is not in the log", outcome=outcome, reason=str(error))

    async def keep(self, source: str, message: Message, seen: Seen | None = None) -> None:
        """Log ``message``, which is of ``source``, if the bounds allow. Raises StoreUnavailable.

        ``seen``: what the message tells of; without it, it is the bytes themselves.
        """
        due = self._turned(self._clock())
        if self._admits(source, message.outcome):
            due.append(self._fitted(message, seen))
        await self._add(due)

    def _fitted(self, message: Message, seen: Seen | None) -> Message:
        """The message with as much of the body as there is room for in this minute."""
        if seen is None and len(message.body) <= min(self._room, _WHOLE):
            self._room -= len(message.body)
            return message
        said = {} if seen is None else json.loads(message.body)
        seen = seen or Seen.of(message.body)
        body = _json({**said, **seen.described(self._room)})
        self._room -= min(self._room, len(seen.kept))
        return dataclasses.replace(message, body=body, content_type="application/json")

    async def flush(self) -> int:
        """Log what was only counted in minutes that are over; says how many entries that are."""
        due = self._turned(self._clock())
        await self._add(due)
        return len(due)

    async def close(self) -> None:
        """Log what was only counted until now."""
        await self._add(self._turned(self._since + _WINDOW))

    async def _add(self, messages: list[Message]) -> None:
        def unit(tx: Tx) -> None:
            for message in messages:
                tx.messages.add(message)

        if messages:
            await self._store.write(unit)

    def _admits(self, source: str, outcome: str) -> bool:
        if source not in self._sources and len(self._sources) >= _SOURCES:
            source = _OTHERS
        counted = self._sources.setdefault(source, _Source())
        if counted.entries >= self._per_source or self._entries >= self._in_all:
            counted.rest[outcome] += 1
            return False
        counted.entries += 1
        self._entries += 1
        return True

    def _turned(self, now: datetime) -> list[Message]:
        """Entries for the minute that is over; none while it lasts."""
        if now < self._since + _WINDOW:
            return []
        counted = {name: source.rest for name, source in self._sources.items() if source.rest}
        since, self._since = self._since, now
        self._entries, self._room, self._sources = 0, ROOM, {}
        return [self._summary(counted, since, now)] if counted else []

    def _summary(self, counted: Mapping[str, Counter[str]], since: datetime, until: datetime) -> Message:
        """One entry for all sources: how many there are is bounded, and so is its size."""
        said = {
            "since": since.isoformat(),
            "until": until.isoformat(),
            "count": sum(rest.total() for rest in counted.values()),
            "sources": {name: dict(rest) for name, rest in counted.items()},
        }
        return self._entry(_STRANGER, until, BOUNDED, said)

    def _entry(self, agency: str, at: datetime, outcome: str, said: Mapping[str, Any]) -> Message:
        return Message(
            id=self._new_id(),
            at=at,
            direction="in",
            kind=REFUSED,
            agency=agency,
            operation="http",
            body=_json(said),
            outcome=outcome,
            content_type="application/json",
        )


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
