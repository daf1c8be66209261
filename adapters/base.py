"""What an adapter is: the contract between the hub and one kind of endpoint.

A *sender* turns a request into bytes on a wire (``encode``: pure CPU, signs) and puts them there
(``send``: one try, no retries, raises one of `adapters.errors`). The two are apart because the hub
commits the encoded bytes to its message log between them: nothing leaves that is not in the log.

A *receiver* turns what arrived into a verified, schema-valid payload (``receive``) and the hub's answer
into bytes (``answer``, ``refuse``). It knows nothing of the web server that carries it.

Both are built from typed settings by the ``build`` of their `Spec`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from adapters.http import HttpClient
    from signing.keys import Signer
    from signing.trust import Trust


class Settings(BaseModel):
    """Base of every adapter's settings: frozen, unknown keys refused, a description on every field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """One message to send: ``payload`` is an XML document valid for ``operation`` in the agency's contract.

    ``key`` is the idempotency key: the same for every attempt. ``context`` carries what travels beside
    the payload (``officer``, ``purpose``, ``dossier``, ``unit``); an adapter uses the names that its
    settings mention.
    """

    operation: str
    payload: bytes
    key: str
    context: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Wire:
    """The exact bytes of one attempt. ``headers`` hold no secret: those are added while sending and
    never stored.
    """

    operation: str
    key: str
    url: str
    body: bytes
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    method: str = "POST"


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """What came back: ``body`` as received, ``payload`` the contract's output document found in it
    (schema-valid).

    ``signer`` is the subject of the certificate that signed the payload, None if the contract has no
    signature.
    """

    operation: str
    body: bytes
    payload: bytes
    status: int = 200
    signer: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class CheckReport:
    """Result of a connection test: one line per thing tried, ``ok`` if all passed."""

    ok: bool
    lines: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Inbound:
    """One HTTP request as it arrived; header names are lower case; ``peer`` is the authenticated client,
    if any.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: str = ""
    peer: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Received:
    """A message that passed parser, signature and schema. Only ``payload`` is read afterwards.

    ``key`` is the sender's message id when the protocol carries one (WS-Addressing MessageID, ``MaGD``
    …). ``variant`` is how to answer (SOAP version and the like), opaque to the hub.
    """

    operation: str
    payload: bytes
    key: str | None = None
    signer: str | None = None
    variant: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """The HTTP answer to an inbound request."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Features:
    """What an adapter promises; the contract suite tests what is claimed here.

    ``asks``: it can find out whether the agency has a message (see `Asks`); ``signs``: what it sends is
    signed; ``verifies``: what it receives is verified; ``network``: it opens sockets.
    """

    asks: bool = False
    signs: bool = False
    verifies: bool = False
    network: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Resources:
    """What the hub lends to an adapter. ``secret(name)`` resolves a name from the settings to its value."""

    http: HttpClient
    contracts: Path
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    secret: Callable[[str], str]
    signer: Signer | None = None
    trust: Trust | None = None


@runtime_checkable
class Sender(Protocol):
    """Outbound half of an endpoint. Safe to use from many tasks of one event loop."""

    features: Features

    def encode(self, request: Request) -> Wire:
        """Build and sign the bytes of one attempt. Raises ValueError if the operation is not in the
        contract.
        """

    async def send(self, wire: Wire) -> Reply:
        """Put the bytes on the wire, once. Raises `adapters.errors.AdapterError`."""

    async def check(self) -> CheckReport:
        """Connection test without side effects at the agency. Never raises."""

    async def close(self) -> None:
        """Release what was opened. Idempotent."""


@runtime_checkable
class Asks(Protocol):
    """Optional power of a sender: ask whether the agency already has a message, after an ambiguous
    time-out.
    """

    def ask(self, request: Request) -> Request | None:
        """The request that asks about ``request``; None if this operation cannot be asked about."""


@runtime_checkable
class Gatekeeper(Protocol):
    """Optional power of a receiver whose messages carry secrets: it gives tokens, and says what may be kept."""

    def grant(self, inbound: Inbound) -> Answer | None:
        """The answer to what is no message, such as the question for a token; None for a message."""

    def kept(self, inbound: Inbound) -> bytes:
        """What of a message is kept in the log: everything but its secrets."""

    def opened(self, document: bytes) -> Received:
        """A signed document that came another way, such as the answer to a question. Raises `Refused`."""


@runtime_checkable
class Receiver(Protocol):
    """Inbound half of an endpoint."""

    features: Features

    def receive(self, inbound: Inbound) -> Received:
        """Parse, verify, validate. Raises `adapters.errors.Refused`."""

    def answer(self, received: Received, payload: bytes) -> Answer:
        """Wrap the hub's answer document in the protocol's envelope."""

    def refuse(self, inbound: Inbound, error: Exception) -> Answer:
        """The protocol's own form of an error (a SOAP fault, a status and a document). Never leaks a
        traceback.
        """

    def documents(self, base_url: str) -> Mapping[str, tuple[str, bytes]]:
        """Published contract: query string (``wsdl``, ``xsd=name``) → (content type, bytes)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Spec:
    """Declares an adapter once; docs page, config lint and console form are rendered from it."""

    name: str
    direction: Literal["send", "receive"]
    summary: str
    settings: type[Settings]
    build: Callable[[Any, Resources], Any]
    features: Features
