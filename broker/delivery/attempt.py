"""One try at a delivery: encode, log, send, log what came back, and hand the meaning on.

Nothing here decides what to do about a failure (that is `broker.delivery.policy`) or what an answer means for a dossier
(that is the handler of the delivery's kind); an attempt only makes sure that each step is on record before the next.
"""

from __future__ import annotations

import dataclasses

from adapters.base import Reply, Wire
from adapters.errors import AdapterError, Malformed, Rejected
from broker.agency import Agency
from broker.attribution import Attribution, Unattributed
from broker.canonical import document as documents
from broker.clock import Clock, NewId, local_day
from broker.model import Delivery, DeliveryKind, Message
from broker.store.engine import Store, Tx


@dataclasses.dataclass(frozen=True, slots=True)
class Exchanged:
    """A request that was answered: the canonical document in the answer, and the answer as a message to be logged."""

    document: bytes
    message: Message


@dataclasses.dataclass(frozen=True, slots=True)
class Broken:
    """A request that was not answered as it should be. ``message`` is what came back instead, if anything did."""

    error: AdapterError
    message: Message


class Attempts:
    """Runs single exchanges with agencies, each message logged before it counts."""

    def __init__(self, store: Store, clock: Clock, new_id: NewId) -> None:
        """Nothing is opened: the store is the hub's."""
        self._store = store
        self._clock = clock
        self._new_id = new_id

    async def exchange(self, agency: Agency, delivery: Delivery) -> Exchanged | Broken:
        """Send ``delivery`` once and read the answer. Never raises `AdapterError`: it is part of the result."""
        return await self._exchange(agency, delivery, queued=True)

    async def ask(self, agency: Agency, delivery: Delivery) -> Exchanged | Broken:
        """As `exchange`, for a question that somebody waits for: it is on no queue, and its answer is logged here."""
        result = await self._exchange(agency, delivery, queued=False)

        def commit(tx: Tx) -> None:
            tx.messages.add(result.message)
            if result.message.dossier is None:
                tx.people.note(result.message.id, _people(delivery, result))

        await self._store.write(commit)
        return result

    def stumbled(self, delivery: Delivery, reason: str) -> Message:
        """The entry of an attempt that ended in the hub itself, before or after something left."""
        return dataclasses.replace(
            self._message(delivery, "out", "failed"),
            body=reason.encode(),
            outcome="internal",
            content_type="text/plain",
        )

    async def _exchange(self, agency: Agency, delivery: Delivery, *, queued: bool) -> Exchanged | Broken:
        wire = agency.encode(delivery)
        try:
            request_id = await self._log_request(delivery, wire, queued=queued)
        except Unattributed as error:
            refused = Rejected(str(error))
            return Broken(refused, self._failure(delivery, refused, None))
        try:
            reply = await agency.send(wire)
            document = agency.read(delivery.operation, reply, local_day(delivery.created_at))
        except AdapterError as error:
            return Broken(error, self._failure(delivery, error, request_id))
        return Exchanged(document, self._answer(delivery, reply, request_id))

    async def _log_request(self, delivery: Delivery, wire: Wire, *, queued: bool) -> str:
        """Commit the exact bytes to the message log; only then may they leave (promise 2 of the design)."""
        message = dataclasses.replace(
            self._message(delivery, "out", "request"),
            body=wire.body,
            content_type=_media_type(wire.headers.get("Content-Type", "")),
        )

        attribution = Attribution.of(delivery.context) if delivery.kind is DeliveryKind.LOOKUP else None

        def commit(tx: Tx) -> None:
            tx.messages.add(message)
            if attribution is not None:
                attribution.note(tx, message)
            if queued:
                tx.deliveries.begin_attempt(delivery, message.id, self._clock())

        await self._store.write(commit)
        return message.id

    def _answer(self, delivery: Delivery, reply: Reply, request_id: str) -> Message:
        return dataclasses.replace(
            self._message(delivery, "in", "reply"),
            body=reply.body,
            related_id=request_id,
            signer=reply.signer,
        )

    def _failure(self, delivery: Delivery, error: AdapterError, request_id: str | None) -> Message:
        """What came back instead of an answer; with no bytes it still is an entry: the attempt and why it failed."""
        kind = "reply" if error.raw is not None and not isinstance(error, Malformed) else "failed"
        return dataclasses.replace(
            self._message(delivery, "in", kind),
            body=str(error).encode() if error.raw is None else error.raw,
            related_id=request_id,
            outcome=type(error).__name__.lower(),
            content_type="text/plain" if error.raw is None else "application/xml",
        )

    def _message(self, delivery: Delivery, direction: str, kind: str) -> Message:
        return Message(
            id=self._new_id(),
            at=self._clock(),
            direction=direction,
            kind=kind,
            agency=delivery.agency,
            operation=delivery.operation,
            body=b"",
            dossier=delivery.context.get("dossier"),
            officer=delivery.context.get("officer"),
            purpose=delivery.context.get("purpose"),
        )


def _people(delivery: Delivery, result: Exchanged | Broken) -> set[str]:
    """Whom a question of no dossier and its answer are about."""
    asked = delivery.context.get("number", "")
    told = documents.personal_numbers(result.document) if isinstance(result, Exchanged) else ()
    return {number for number in (asked, *told) if documents.is_personal_number(number)}


def _media_type(content_type: str) -> str:
    return content_type.split(";")[0].strip() or "application/xml"
