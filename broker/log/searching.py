"""Who may look into the message log, what they see of it, and how far each entry is proven.

Two rights, apart from each other: ``log`` shows that there was a message, by whom, to whom, when and how it ended;
``bodies`` gives out what it said, to an officer with a purpose, after both were kept as an act. What is refused is kept
as well, and so is a search for a citizen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from broker import masking
from broker.clock import Clock
from broker.config.hub import Client
from broker.errors import Conflict, Invalid, NotFound, NotNow
from broker.log.inspecting import inspect
from broker.model import Problem
from broker.rights import Asker, Rights, require_answerable
from broker.store.engine import Store, Tx, Unit
from broker.store.errors import Missing, StoreUnavailable
from broker.store.rows import MessageFilter, MessageRow
from broker.store.verifications import State, Verification
from signing.errors import SealBroken
from signing.log.note import NoteVerifier

T = TypeVar("T")

_MASKED = ("operation", "outcome", "signer", "officer", "purpose")
_NO_MESSAGE = ("Không tìm thấy thông điệp này trong nhật ký.", "No such message is in the log.")
_BROKEN = (
    "Nội dung trong kho không còn đúng như đã ghi nhật ký; cần kiểm tra thông điệp này.",
    "The stored body is not what was logged: have this message verified.",
)
_GONE = ("Nội dung thông điệp đã được xóa theo quy định.", "The body of this message was erased.")


@dataclasses.dataclass(frozen=True, slots=True)
class Body:
    """What a message said."""

    content: bytes
    media_type: str
    state: State


class Searching:
    """Answers questions about the log."""

    def __init__(
        self, store: Store, clients: Mapping[str, Client], verifier: NoteVerifier, clock: Clock
    ) -> None:
        """``verifier`` is the log's own: entries are held against the heads that it signed."""
        self._store = store
        self._rights = Rights(store, clients, clock)
        self._verifier = verifier

    async def search(
        self, asker: Asker, wanted: MessageFilter, *, limit: int = 50, after: str | None = None
    ) -> dict[str, Any]:
        """A page of what fits, newest first, each hit with its state. Raises `HubError`."""
        about = "messages" if wanted.person is None else f"citizen {masking.number(wanted.person)}"
        await self._rights.require(asker, "log", f"search {about}")
        if wanted.person is not None:
            await self._rights.note(asker, "search", about)
        try:
            hits = await self._read(lambda tx: page(tx, wanted, limit, after))
        except ValueError as error:
            raise Invalid([_no_page()]) from error
        return {"messages": [shown(*hit) for hit in hits[0]], "next": hits[1]} | hits[2]

    async def message(self, asker: Asker, message_id: str, *, inspected: bool = False) -> dict[str, Any]:
        """One message with its state; ``inspected``: with what comes out if it is verified now. Raises `HubError`."""
        await self._rights.require(asker, "log", f"message {message_id}")

        def read(tx: Tx) -> dict[str, Any]:
            rows = page(tx, MessageFilter(id=message_id), 1, None)[0]
            if not rows:
                raise NotFound(*_NO_MESSAGE)
            verdict = inspect(tx, message_id, self._verifier).as_json() if inspected else {}
            return shown(*rows[0]) | verdict

        return await self._read(read)

    async def body(self, asker: Asker, message_id: str) -> Body:
        """What the message said, once it is kept who asked for it and what for. Raises `HubError`."""
        await self._rights.require(asker, "bodies", f"body of message {message_id}")
        require_answerable(asker)
        await self._read(lambda tx: self._there(tx, message_id))
        await self._rights.note(asker, "reveal", f"message {message_id}")
        return await self._read(lambda tx: self._there(tx, message_id))

    async def verifications(
        self, asker: Asker, *, limit: int = 50, after: str | None = None
    ) -> dict[str, Any]:
        """What came out when the whole log was verified, newest first. Raises `HubError`."""
        await self._rights.require(asker, "log", "verifications")
        try:
            found = await self._read(lambda tx: tx.verifications.made(limit=limit, after=after))
        except ValueError as error:
            raise Invalid([_no_page()]) from error
        return {"verifications": [verified(one) for one in found.items], "next": found.after}

    def _there(self, tx: Tx, message_id: str) -> Body:
        try:
            message = tx.messages.get(message_id)
        except Missing as error:
            raise NotFound(*_NO_MESSAGE) from error
        except SealBroken as error:
            raise Conflict(*_BROKEN) from error
        row = tx.messages.search(MessageFilter(id=message_id)).items[0]
        if row.size and not message.body:
            raise NotFound(*_GONE)
        return Body(message.body, message.content_type, inspect(tx, message_id, self._verifier).state)

    async def _read(self, query: Unit[T]) -> T:
        try:
            return await self._store.aread(query)
        except StoreUnavailable as error:
            raise NotNow from error


def page(
    tx: Tx, wanted: MessageFilter, limit: int, after: str | None
) -> tuple[list[tuple[MessageRow, State]], str | None, dict[str, Any]]:
    """Hits with their states, the place of the next page, and when the whole log was verified last.

    Raises ValueError if ``after`` is no place.
    """
    found = tx.messages.search(wanted, limit=limit, after=after)
    states = tx.verifications.states([row.index for row in found.items])
    last = tx.verifications.last()
    told = {"verified_at": _time(last.at), "verified_ok": last.ok} if last else {"verified_at": None}
    return [(row, states[row.index]) for row in found.items], found.after, told


def shown(row: MessageRow, state: State, *, clear: bool = False) -> dict[str, Any]:
    """A message as plain values, its texts masked unless they are to be shown in ``clear``."""
    found = {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
    hidden = {} if clear else {name: found[name] and masking.text(found[name]) for name in _MASKED}
    ready = {"entry": found.pop("index"), "at": _time(row.at), "leaf_hash": row.leaf_hash.hex()}
    return found | hidden | ready | {"state": state.value}


def verified(one: Verification) -> dict[str, Any]:
    """A verification of the whole log as plain values."""
    return dataclasses.asdict(one) | {"at": _time(one.at)}


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _no_page() -> Problem:
    return Problem("after", "Vị trí trang không đúng.", "This is not what a page gave as 'next'.")
