"""One agency at run time: its config, its adapters and the mappings between its language and ours.

Everything above speaks of logical operations (``submit``, ``poll``, ``lookup`` …) and canonical documents; everything
below of the agency's operations and documents. This is the only place that knows both.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date

from adapters.base import Answer, Gatekeeper, Inbound, Received, Receiver, Reply, Request, Sender, Wire
from adapters.errors import Malformed
from broker.config.agency import AgencyConfig, Operation
from broker.mapping import MappingError
from broker.mapping.collection import Mappings
from broker.model import Delivery, Outcome
from broker.store.errors import StoreError
from signing.xml import parse

Blobs = Callable[[str], bytes]

_TREATED = {
    "done": Outcome.DUPLICATE,
    "duplicate": Outcome.DUPLICATE,
    "retry": Outcome.RETRY,
    "failed": Outcome.FAILED,
    "data-error": Outcome.DATA_ERROR,
    "unauthorized": Outcome.UNAUTHORIZED,
}


@dataclasses.dataclass(frozen=True)
class Agency:
    """An agency that the hub talks to."""

    config: AgencyConfig
    mappings: Mappings
    sender: Sender | None = None
    receiver: Receiver | None = None
    blobs: Blobs | None = None

    @property
    def id(self) -> str:
        """The agency's id: the name of its config file."""
        return self.config.id

    def operation(self, logical: str) -> Operation:
        """The agency's side of a logical operation. Raises KeyError if the agency has none."""
        return self.config.operations[logical]

    def offers(self, logical: str) -> bool:
        """True if the agency has this logical operation."""
        return logical in self.config.operations

    def operation_for(self, logical: str, step: str) -> str:
        """The logical operation for one step: ``submit-<step>`` where the agency has an own one, else ``submit``."""
        own = f"{logical}-{step}"
        return own if self.offers(own) else logical

    def payload(self, logical: str, source: bytes, on: date, mapping: str | None = None) -> bytes:
        """Map a canonical document to the agency's request, with ``mapping`` if a step names its own.

        Raises `MappingError`: nothing invalid leaves.
        """
        name = mapping or self.operation(logical).request
        return source if name is None else self.mappings.get(name, on).run(source, on=on, blobs=self._file)

    def encode(self, delivery: Delivery) -> Wire:
        """Build and sign the bytes of one attempt."""
        return self._sender().encode(
            Request(
                operation=self.operation(delivery.operation).operation,
                payload=delivery.payload,
                key=delivery.key,
                context=delivery.context,
            )
        )

    async def send(self, wire: Wire) -> Reply:
        """Put the bytes on the wire, once. Raises `adapters.errors.AdapterError`."""
        return await self._sender().send(wire)

    def read(self, logical: str, reply: Reply, on: date) -> bytes:
        """Map the agency's answer back to a canonical document. Raises `Malformed` if it can't be understood."""
        name = self.operation(logical).reply
        return reply.payload if name is None else self._understand(name, reply.payload, on)

    def grant(self, inbound: Inbound) -> Answer | None:
        """What the adapter answers by itself, such as a token; None for a message."""
        receiver = self._receiver()
        return receiver.grant(inbound) if isinstance(receiver, Gatekeeper) else None

    def kept(self, inbound: Inbound) -> bytes:
        """What of a message of the agency the log keeps: all of it, but for secrets that stand beside the document."""
        receiver = self._receiver()
        return receiver.kept(inbound) if isinstance(receiver, Gatekeeper) else inbound.body

    def receive(self, inbound: Inbound) -> Received:
        """Check what the agency sent of its own accord. Raises `adapters.errors.Refused`."""
        return self._receiver().receive(inbound)

    def opened(self, document: bytes, on: date) -> bytes:
        """A signed document of the agency that came as an answer, verified and mapped as if it had been sent to us.

        Raises `Refused`, `Malformed`, or LookupError if the agency sends us nothing.
        """
        receiver = self._receiver()
        if not isinstance(receiver, Gatekeeper):
            raise LookupError(f"agency {self.id} has no receiving adapter that opens documents")
        return self.report(receiver.opened(document), on)

    def report(self, received: Received, on: date) -> bytes:
        """Map a callback to a canonical AgencyReport. Raises `Malformed`."""
        return self._understand(self.config.callbacks[received.operation].report, received.payload, on)

    def acknowledge(self, received: Received, response: bytes, on: date) -> Answer:
        """Answer a callback in the agency's own form."""
        use = self.config.callbacks[received.operation]
        if use.answer is None:
            return self._receiver().answer(received, response)
        params = {name: _text_at(received.payload, path) for name, path in use.echo.items()}
        payload = self.mappings.get(use.answer, on).run(response, on=on, params=params)
        return self._receiver().answer(received, payload)

    def refuse(self, inbound: Inbound, error: Exception) -> Answer:
        """Refuse a callback in the agency's own form."""
        return self._receiver().refuse(inbound, error)

    def judge(self, text: str | None) -> Outcome | None:
        """What the agency's words mean, by the table of texts in its config; None if the table does not say."""
        if text:
            lowered = text.casefold()
            for entry in self.config.texts:
                if entry.contains.casefold() in lowered:
                    return _TREATED[entry.treat]
        return None

    def _file(self, sha256: str) -> bytes:
        """A stored file, for mappings, which know no store. Raises LookupError if it is lost or was changed."""
        if self.blobs is None:
            raise LookupError(sha256)
        try:
            return self.blobs(sha256)
        except StoreError as error:
            raise LookupError(sha256) from error

    def _understand(self, name: str, payload: bytes, on: date) -> bytes:
        try:
            return self.mappings.get(name, on).run(payload, on=on)
        except MappingError as error:
            raise Malformed(f"mapping {name}: {error}", raw=payload) from error

    def _sender(self) -> Sender:
        if self.sender is None:
            raise LookupError(f"agency {self.id} has no sending adapter: see config/agencies/{self.id}.yaml")
        return self.sender

    def _receiver(self) -> Receiver:
        if self.receiver is None:
            raise LookupError(
                f"agency {self.id} has no receiving adapter: see config/agencies/{self.id}.yaml"
            )
        return self.receiver


def _text_at(document: bytes, path: str) -> str:
    """The text at a path of local names below the root. Raises `Malformed` if there is none."""
    at = "/".join(f"{{*}}{name}" for name in path.split("/"))
    found = parse(document).findtext(at)
    if not found:
        raise Malformed(f"{path} is missing or empty", raw=document)
    return found.strip()
