"""SOAP and XML doors: an adapter's receiver at its path, and what stands behind it.

The adapter knows envelopes, the hub knows documents; this file carries between them and HTTP. The intake door
adds one thing to the contract's own check: what is wrong with a document is said field by field, in two
languages, as the fault's detail, instead of a validator's first complaint.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias
from urllib.parse import unquote

import structlog
from lxml import etree

from adapters import addressing, faults
from adapters import soap as envelopes
from adapters.base import Answer, Inbound, Received, Receiver
from adapters.errors import Refused
from broker.canonical import build
from broker.canonical.schemas import Schemas
from broker.declaring.declarant import Declarant
from broker.declaring.service import Declaring
from broker.errors import HubError, Invalid, NotNow
from broker.model import Problem
from broker.web.exchange import (
    CLIENT,
    Bounds,
    HttpRefusal,
    Receive,
    Scope,
    Send,
    headers_of,
    not_allowed,
    read_body,
    send_answer,
)
from broker.web.guard import trail, unknown_caller
from broker.web.rendering import retry_headers
from broker.web.services import Services
from signing.errors import XmlRefused
from signing.xml import parse, serialize

log = structlog.get_logger(__name__)

Handler: TypeAlias = Callable[[Inbound], Awaitable[Answer]]
"""What stands behind a door."""

Act: TypeAlias = Callable[[str, bytes], Awaitable[bytes]]
"""A service: client and request document in, answer document out."""

INTAKE_PATH = "/soap/intake"
"""Where portals and agencies speak SOAP to the hub."""


class Door:
    """One path: the published contract by GET, messages by POST."""

    def __init__(self, handler: Handler, documents: Mapping[str, tuple[str, bytes]], bounds: Bounds) -> None:
        """``documents`` as `adapters.base.Receiver.documents` gives them; none if nothing is published."""
        self._handler = handler
        self._documents = {_query(query): document for query, document in documents.items()}
        self._bounds = bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["method"] in ("GET", "HEAD"):
            await send_answer(send, self._published(scope), head=scope["method"] == "HEAD")
            return
        if scope["method"] != "POST":
            raise not_allowed("POST, GET, HEAD" if self._documents else "POST")
        headers = headers_of(scope, self._bounds)
        body = await read_body(receive, headers, self._bounds.report, self._bounds.body_seconds)
        inbound = Inbound(
            method="POST",
            path=scope["path"],
            headers=headers,
            body=body,
            query=scope["query_string"].decode("latin-1"),
            peer=scope.get(CLIENT),
        )
        await send_answer(send, await self._handler(inbound))

    def _published(self, scope: Scope) -> Answer:
        query = _query(scope["query_string"].decode("latin-1"))
        if not query or not self._documents:
            raise not_allowed("POST, GET ?wsdl" if self._documents else "POST")
        if query not in self._documents:
            vi, en = "Không có tài liệu này trong hợp đồng dịch vụ.", "The contract has no such document."
            raise HttpRefusal(404, "not-found", vi, en)
        content_type, data = self._documents[query]
        return Answer(200, data, content_type)


def _query(query: str) -> str:
    """A query as it is compared: ``?WSDL`` is ``?wsdl``, and escapes do not matter."""
    name, equals, value = unquote(query).partition("=")
    return f"{name.lower()}{equals}{value}"


class Intake:
    """The hub's own SOAP service: each operation is the service of the same name."""

    def __init__(
        self,
        receiver: Receiver,
        services: Services,
        schemas: Schemas,
        new_id: Callable[[], str],
        declaring: Declaring | None = None,
    ) -> None:
        """``receiver`` is a `soap-service` of intake.wsdl without signature: documents carry their own."""
        self._receiver = receiver
        self._services = services
        self._schemas = schemas
        self._new_id = new_id
        self._acts: dict[str, Act] = {
            "Submit": services.submit,
            "Status": services.status,
            "Supplement": services.supplement,
            "Withdraw": services.withdraw,
            "Consent": services.consent,
            "Resume": services.resume,
            "Handover": services.handover,
            "Report": services.report,
        }
        if declaring is not None:
            self._acts |= {
                "Procedures": _as_portal(declaring.procedures),
                "Units": _as_portal(declaring.units),
                "Review": _as_portal(declaring.review),
                "Receipt": _as_portal(declaring.receipt),
            }

    async def __call__(self, inbound: Inbound) -> Answer:
        """Take one message in and answer it; every error is a fault."""
        if inbound.peer is None:
            refusal = unknown_caller()
            answer = self._receiver.refuse(inbound, Refused("forbidden", refusal.en))
            return dataclasses.replace(answer, status=401, headers={**answer.headers, **refusal.headers})
        try:
            received = await self._received(inbound, inbound.peer)
            document = await self._acts[received.operation](inbound.peer, received.payload)
            return self._receiver.answer(received, document)
        except Refused as error:
            return self._receiver.refuse(inbound, error)
        except HubError as error:
            return self._fault(inbound, error)
        except Exception as error:  # noqa: BLE001 -- the sender gets a fault, whatever it was
            log.error("intake failed", client=inbound.peer, at=trail(error))
            return self._receiver.refuse(inbound, error)

    async def _received(self, inbound: Inbound, client: str) -> Received:
        """What the contract says it is, or a better explanation why it is not. What is refused is
        recorded.
        """
        try:
            return self._receiver.receive(inbound)
        except Refused as error:
            problems = self._problems(inbound) if error.reason == "invalid" else []
            vi, en = "Thông điệp SOAP không hợp lệ.", f"The SOAP message is refused: {error.reason}."
            refusal = Invalid(problems or [Problem(None, vi, en)])
            media_type = inbound.headers.get("content-type", "").partition(";")[0]
            operation = error.operation or "unknown"
            await self._services.refused(client, operation, inbound.body, media_type, refusal)
            if problems:
                raise refusal from error
            raise

    def _problems(self, inbound: Inbound) -> list[Problem]:
        """What is wrong with the document in the body, field by field."""
        body = envelopes.read(parse(inbound.body)).body
        if body is None:
            return []
        return self._schemas.validate(serialize(body), etree.QName(body).localname)

    def _fault(self, inbound: Inbound, error: HubError) -> Answer:
        """A fault with the Problems document as its detail."""
        version, relates_to = _spoken(inbound)
        refusal = faults.Refusal(
            kind="receiver" if isinstance(error, NotNow) else "sender",
            vi="; ".join(problem.vi for problem in error.problems[:3]),
            en="; ".join(problem.en for problem in error.problems[:3]),
        )
        root = faults.build(version, refusal, self._reply_headers(relates_to))
        space = envelopes.NAMESPACE[version]
        fault = root.find(f"{{{space}}}Body/{{{space}}}Fault")
        assert fault is not None, "a fault was built"
        detail = etree.SubElement(fault, "detail" if version == "1.1" else f"{{{space}}}Detail")
        detail.append(parse(build.problems(error.reason, error.problems)))
        body, content_type = serialize(root), envelopes.answer_type(version)
        return Answer(refusal.status(version), body, content_type, retry_headers(error))

    def _reply_headers(self, relates_to: str | None) -> list[etree._Element]:
        if not relates_to:
            return []
        message_id = f"urn:uuid:{self._new_id()}"
        return addressing.headers(
            addressing.Addressing(
                addressing.FAULT_ACTION, message_id, addressing.ANONYMOUS, relates_to=relates_to
            )
        )


def _as_portal(act: Callable[[Declarant, bytes], Awaitable[bytes]]) -> Act:
    """A service of declaring, asked by a client."""
    return lambda client, document: act(Declarant.portal(client), document)


def _spoken(inbound: Inbound) -> tuple[envelopes.Version, str | None]:
    """SOAP version and message id of a request that was understood at least so far."""
    try:
        envelope = envelopes.read(parse(inbound.body))
        return envelope.version, addressing.read(envelope.headers()).message_id
    except (XmlRefused, envelopes.NotSoap, addressing.BadAddressing):
        return "1.1", None


class Callbacks:
    """What one agency says of its own accord: the hub's business, in the agency's own form."""

    def __init__(self, agency: str, receiver: Receiver, services: Services) -> None:
        """``receiver`` is asked only how to say that the hub has failed."""
        self._agency = agency
        self._receiver = receiver
        self._services = services

    async def __call__(self, inbound: Inbound) -> Answer:
        """Hand the message on and the answer back."""
        try:
            return await self._services.callback(self._agency, inbound)
        except NotNow as error:
            answer = self._receiver.refuse(inbound, error)
            return dataclasses.replace(answer, headers={**answer.headers, **retry_headers(error)})
        except Exception as error:  # noqa: BLE001 -- the agency gets its own kind of error, whatever it was
            log.error("call-back failed", agency=self._agency, at=trail(error))
            return self._receiver.refuse(inbound, error)
