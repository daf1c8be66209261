"""One SOAP endpoint over HTTP: checks what contract and standards demand, then calls the operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response

from sandbox.core import soap
from sandbox.core.contract import Contract
from sandbox.core.soap import SOAP11, Envelope, SoapFault, Version
from sandbox.core.xml import serialize


class Checker(Protocol):
    """Whatever tells what is wrong with a message, as `sandbox.core.schema.Schema` does."""

    def errors(self, element: etree._Element, *, as_element: str | None = None) -> list[str]:
        """What is wrong, in document order; empty if nothing."""


class HttpRefusal(Exception):
    """Answer a bare HTTP status before SOAP is looked at (authentication, media type)."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        """``text`` becomes a plain text body."""
        super().__init__(text)
        self.status, self.text, self.headers = status, text, dict(headers or {})


@dataclass(slots=True)
class Exchange:
    """One request on its way through; ``notes`` is for whatever a guard leaves for the handler."""

    operation: Operation
    envelope: Envelope
    http: Mapping[str, str]
    url: str
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def payload(self) -> etree._Element:
        """The child of the body."""
        return self.envelope.payload


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the contract.

    ``element`` is the body's child in Clark notation (the wrapper for rpc). ``parts`` is empty for
    document/literal; for rpc/literal it maps each part accessor, in order, to the global element whose type
    it has (None: plain text).
    """

    name: str
    element: str
    handle: Callable[[Exchange], etree._Element]
    action: str = ""
    parts: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SoapService:
    """A strict SOAP server for one port type.

    ``admit`` sees the HTTP headers and may raise `HttpRefusal`. ``guard`` sees the exchange before its schema
    is checked (signature, addressing) and may raise `SoapFault`. ``seal`` gets the reply's envelope and
    returns it with headers and signature.
    """

    version: Version
    operations: Sequence[Operation]
    schema: Checker
    contract: Contract
    understood: frozenset[str] = frozenset()
    admit: Callable[[Request], None] = lambda request: None
    guard: Callable[[Exchange], None] = lambda exchange: None
    seal: Callable[[etree._Element, Exchange], etree._Element] = lambda envelope, exchange: envelope

    async def __call__(self, request: Request) -> Response:
        """Answer one HTTP request."""
        return await self.respond(request)

    async def respond(self, request: Request) -> Response:
        """Answer one HTTP request: the endpoint of a route for GET (the contract) and POST."""
        if request.method == "GET":
            return self._publish(request)
        try:
            self.admit(request)
            self._check_media_type(request)
            return self._answer(await request.body(), request)
        except HttpRefusal as refusal:
            return Response(refusal.text, refusal.status, refusal.headers, "text/plain; charset=utf-8")

    def fault(self, fault: SoapFault) -> Response:
        """The HTTP answer that carries a fault."""
        version = fault.version or self.version
        return self._response(soap.fault_envelope(version, fault), version, soap.http_status(version, fault))

    def _publish(self, request: Request) -> Response:
        document = self.contract.document(request.url.query, str(request.url.replace(query="")))
        if document is None:
            return Response("WSDL: ?wsdl", 404, media_type="text/plain")
        return Response(document, 200, media_type="text/xml; charset=utf-8")

    def _check_media_type(self, request: Request) -> None:
        given = request.headers.get("content-type", "").split(";")[0].strip().lower()
        # A message of the other SOAP version is read, so that it gets its VersionMismatch fault.
        if given not in (soap.SOAP11.media_type, soap.SOAP12.media_type, "application/xml"):
            raise HttpRefusal(415, f"Content-Type {given!r}: expected {self.version.media_type}")
        if given == "application/xml" and self.version is not SOAP11:
            raise HttpRefusal(415, f"Content-Type {given!r}: expected {self.version.media_type}")

    def _answer(self, body: bytes, request: Request) -> Response:
        try:
            exchange = self._open(body, request)
            self.guard(exchange)
            self._validate(exchange)
            reply = soap.envelope(self.version, exchange.operation.handle(exchange))
            return self._response(self.seal(reply, exchange), self.version, 200)
        except SoapFault as fault:
            return self.fault(fault)

    def _open(self, body: bytes, request: Request) -> Exchange:
        message = soap.read(body, self.version)
        soap.check_understood(message, self.version, self.understood)
        found = next((item for item in self.operations if item.element == message.payload.tag), None)
        if found is None:
            raise SoapFault("sender", "Nghiệp vụ không tồn tại", f"no operation takes {message.payload.tag}")
        self._check_action(request, found)
        return Exchange(found, message, dict(request.headers), str(request.url.replace(query="")))

    def _check_action(self, request: Request, operation: Operation) -> None:
        """SOAP 1.1, 6.1.1: the header is compulsory; SOAP 1.2: the optional parameter must agree."""
        if self.version is SOAP11:
            given = request.headers.get("soapaction")
            if given is None or given.strip('"') != operation.action:
                raise SoapFault(
                    "sender", "SOAPAction không đúng", f'expected SOAPAction "{operation.action}"'
                )
            return
        given = _parameter(request.headers.get("content-type", ""), "action")
        if given is not None and given != operation.action:
            raise SoapFault("sender", "Tham số action không đúng", f"expected action {operation.action}")

    def _validate(self, exchange: Exchange) -> None:
        errors = (
            self._part_errors(exchange) if exchange.operation.parts else self.schema.errors(exchange.payload)
        )
        if errors:
            raise SoapFault("sender", "Dữ liệu không đúng cấu trúc quy định", "; ".join(errors[:5]))

    def _part_errors(self, exchange: Exchange) -> list[str]:
        """WS-I Basic Profile 1.1, R2735: part accessors have no namespace; all, in order."""
        parts = exchange.operation.parts
        if [item.tag for item in exchange.payload] != list(parts):
            return [f"{exchange.payload.tag}: expected the parts {', '.join(parts)}"]
        errors: list[str] = []
        for item, element in zip(exchange.payload, parts.values(), strict=True):
            if element is not None:
                errors += self.schema.errors(item, as_element=element)
        return errors

    def _response(self, envelope: etree._Element, version: Version, status: int) -> Response:
        return Response(serialize(envelope), status, media_type=f"{version.media_type}; charset=utf-8")


def _parameter(content_type: str, name: str) -> str | None:
    for part in content_type.split(";")[1:]:
        key, _, value = part.strip().partition("=")
        if key.lower() == name:
            return value.strip('"')
    return None
