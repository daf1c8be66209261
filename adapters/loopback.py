"""Sender ``loopback`` and receiver ``loopback-service``: real adapters without an agency behind them.

The sender answers from rules in its settings; demos, tests and test runs use it where an agency is not the
point. The receiver takes any document whose root it knows.
"""

from __future__ import annotations

import hmac
from typing import Literal

from lxml import etree
from pydantic import Field

from adapters import errors
from adapters.base import (
    Answer,
    CheckReport,
    Features,
    Inbound,
    Received,
    Reply,
    Request,
    Resources,
    Settings,
    Spec,
    Wire,
)
from adapters.refusal import document_answer
from signing.errors import XmlRefused
from signing.xml import parse, serialize

__all__ = ["RECEIVER", "SPEC", "Loopback", "LoopbackReceiver"]

ErrorClass = Literal["unavailable", "throttled", "ambiguous", "unauthorized", "rejected", "malformed"]
"""The errors that a rule can raise."""

_ERRORS: dict[str, type[errors.AdapterError]] = {
    "unavailable": errors.Unavailable,
    "throttled": errors.Throttled,
    "ambiguous": errors.Ambiguous,
    "unauthorized": errors.Unauthorized,
    "rejected": errors.Rejected,
    "malformed": errors.Malformed,
}


class Rule(Settings):
    """What to answer to a message."""

    operation: str | None = Field(None, description="only messages of this operation")
    contains: str | None = Field(None, description="only messages with this text in them")
    answer: Literal["echo", "document", "error"] = Field("echo", description="what to do")
    document: str | None = Field(None, description="the document to answer with")
    error: (
        Literal["unavailable", "throttled", "ambiguous", "unauthorized", "rejected", "malformed"] | None
    ) = Field(None, description="the class of error to raise")
    times: int | None = Field(None, gt=0, description="how often the rule applies; without limit if left out")


class LoopbackSettings(Settings):
    """An endpoint that answers from rules."""

    operations: tuple[str, ...] = Field(("Echo",), description="operations that exist")
    root: str | None = Field(None, description="Clark name that every payload's root must have")
    rules: tuple[Rule, ...] = Field((), description="the first rule that fits applies; without one: echo")


class Loopback:
    """A sender that is its own agency."""

    features = Features(network=False)

    def __init__(self, settings: LoopbackSettings, resources: Resources) -> None:
        """Nothing is opened."""
        self._settings = settings
        self._left = [rule.times for rule in settings.rules]

    def encode(self, request: Request) -> Wire:
        """The payload as it is. Raises ValueError for an unknown operation, root or unreadable payload."""
        if request.operation not in self._settings.operations:
            raise ValueError(f"there is no operation {request.operation!r} here")
        try:
            root = parse(request.payload)
        except XmlRefused as error:
            raise ValueError(f"the payload cannot be read: {error}") from error
        if self._settings.root not in (None, root.tag):
            raise ValueError(f"the payload is {root.tag}, not {self._settings.root}")
        return Wire(
            request.operation, request.key, "loopback:", request.payload, {"Content-Type": "text/xml"}
        )

    async def send(self, wire: Wire) -> Reply:
        """Do what the first rule that fits says. Raises `adapters.errors.AdapterError`."""
        rule = self._rule(wire)
        if rule is None or rule.answer == "echo":
            return Reply(wire.operation, wire.body, wire.body)
        if rule.answer == "error":
            raise _ERRORS[rule.error or "unavailable"](f"loopback: {wire.operation} ends so by rule")
        body = (rule.document or "<ok/>").encode()
        try:
            return Reply(wire.operation, body, serialize(parse(body)))
        except XmlRefused as error:
            raise errors.Malformed(f"the document of the rule: {error}", raw=body) from error

    async def check(self) -> CheckReport:
        """Always well."""
        return CheckReport(True, (f"loopback: {len(self._settings.rules)} rules",))

    async def close(self) -> None:
        """Nothing is open."""

    def _rule(self, wire: Wire) -> Rule | None:
        for number, rule in enumerate(self._settings.rules):
            left = self._left[number]
            fits = rule.operation in (None, wire.operation) and (rule.contains or "").encode() in wire.body
            if not fits or left == 0:
                continue
            self._left[number] = left - 1 if left is not None else None
            return rule
        return None


class LoopbackReceiverSettings(Settings):
    """A place to which documents may be posted."""

    operations: dict[str, str] = Field(description="Clark name of a root element → operation")
    key: str | None = Field(None, description="name of the secret expected in the X-Api-Key header")


class LoopbackReceiver:
    """A receiver of plain XML documents, told apart by their root."""

    features = Features(network=False)

    def __init__(self, settings: LoopbackReceiverSettings, resources: Resources) -> None:
        """Nothing is opened."""
        self._settings = settings
        self._key = resources.secret(settings.key) if settings.key is not None else None

    def receive(self, inbound: Inbound) -> Received:
        """Parse and name the document. Raises `Refused`."""
        if self._key is not None:
            given = inbound.headers.get("x-api-key", "")
            if not hmac.compare_digest(given.encode(), self._key.encode()):
                raise errors.Refused("forbidden", "the X-Api-Key header is missing or wrong")
        try:
            root = parse(inbound.body)
        except XmlRefused as error:
            raise errors.Refused("malformed", error.reason) from error
        operation = self._settings.operations.get(str(root.tag))
        if operation is None:
            raise errors.Refused("unknown-operation", f"{root.tag} is not received here")
        if not len(root) and not (root.text or "").strip():
            raise errors.Refused("invalid", f"{etree.QName(root).localname} is empty", operation=operation)
        return Received(operation, serialize(root), key=root.get("id"))

    def answer(self, received: Received, payload: bytes) -> Answer:
        """The hub's document as it is."""
        return Answer(200, payload, "application/xml")

    def refuse(self, inbound: Inbound, error: Exception) -> Answer:
        """A small document that says why, in two languages."""
        return document_answer(error)

    def documents(self, base_url: str) -> dict[str, tuple[str, bytes]]:
        """Nothing is published."""
        return {}


SPEC = Spec(
    name="loopback",
    direction="send",
    summary="Answers from rules, without an agency: for demos, tests and test runs.",
    settings=LoopbackSettings,
    build=Loopback,
    features=Loopback.features,
)
"""Declaration of the sender."""

RECEIVER = Spec(
    name="loopback-service",
    direction="receive",
    summary="Takes plain XML documents told apart by their root: for demos, tests and test runs.",
    settings=LoopbackReceiverSettings,
    build=LoopbackReceiver,
    features=LoopbackReceiver.features,
)
"""Declaration of the receiver."""
