"""Sender ``soap-client``: calls an agency's SOAP service by its pinned contract.

The WSDL is read when the adapter is built and never again; envelopes are made from the payload and
posted as they are. An answer is looked at in this order: fault, signature, addressing, element, schema —
and only what passed is given back.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from datetime import timedelta

from lxml import etree

from adapters import addressing, auth, checking, faults, soap, templates
from adapters.auth import TokenAuth, TokenCache
from adapters.base import CheckReport, Features, Reply, Request, Resources, Spec, Wire
from adapters.contract import Contract, Operation, load
from adapters.errors import Ambiguous, Malformed, Rejected, Unauthorized
from adapters.http import HttpReply
from adapters.payload import Proven, Sign, from_body, to_body
from adapters.soap_settings import SoapClientSettings
from adapters.trusting import Expected, needs_signer
from signing.errors import SigningError, XmlRefused
from signing.keys import Signer
from signing.xml import Limits, parse, serialize
from signing.xmlsig.wss import sign_envelope, verify_envelope
from signing.xmlsig.xmldsig import sign_enveloped

__all__ = ["SPEC", "SoapClient", "SoapClientSettings"]

_MESSAGE_ID = re.compile(rb"<wsa:MessageID[^>]*>([^<]+)<")
_SECURITY_HEADER = f"{{{soap.WSSE}}}Security"


class SoapClient:
    """One port of one agency's SOAP service."""

    def __init__(self, settings: SoapClientSettings, resources: Resources) -> None:
        """Load the contract and check the settings against it. Raises ValueError (`ContractError` among
        them).
        """
        self._settings = settings
        self._resources = resources
        self._contract = load(
            resources.contracts, settings.wsdl, service=settings.service, port=settings.port
        )
        self._url = settings.address or self._contract.address
        self._signer = needs_signer(resources, settings.security != "none")
        verifies = settings.verify_reply != "none"
        self._expected = (
            Expected(resources, [settings.partner] if settings.partner else []) if verifies else None
        )
        self._tokens = self._token_cache(settings.auth) if isinstance(settings.auth, TokenAuth) else None
        self._limits = Limits(size=settings.payload_limit)
        _check_names(self._contract, settings)
        self.features = dataclasses.replace(
            SPEC.features,
            asks=bool(settings.asks),
            signs=self._signer is not None,
            verifies=verifies,
        )

    def encode(self, request: Request) -> Wire:
        """Put the payload into a signed envelope. Raises ValueError if it is not what the contract asks
        for.
        """
        operation = self._contract.operation(request.operation)
        payload = self._parsed(request.payload)
        signed = self._signer if operation.name not in self._settings.unsigned else None
        enveloped = signed if self._settings.security == "enveloped" else None
        body = to_body(operation.input, payload, _enveloping(enveloped))
        envelope = soap.build(self._contract.soap, body, self._addressing(operation))
        if signed is not None and self._settings.security == "wss-x509":
            sign_envelope(
                envelope,
                signed,
                created=self._resources.clock(),
                ttl=timedelta(seconds=self._settings.valid_seconds),
                new_id=self._resources.new_id,
                key_reference=self._settings.key_reference,
            )
        headers = soap.request_headers(self._contract.soap, operation.action, self._settings.media_type)
        return Wire(operation.name, request.key, self._url, serialize(envelope), headers)

    async def send(self, wire: Wire) -> Reply:
        """Post the envelope once; a token that the agency refuses is renewed once. Raises `AdapterError`."""
        if self._tokens is None:
            return await self._exchange(wire, None)
        token = await self._tokens.get()
        try:
            return await self._exchange(wire, token)
        except Unauthorized:
            self._tokens.refused(token)
            return await self._exchange(wire, await self._tokens.get())

    def ask(self, request: Request) -> Request | None:
        """The question that settles whether ``request`` arrived; None if its operation has none."""
        ask = self._settings.asks.get(request.operation)
        if ask is None:
            return None
        payload = templates.fill_xml(
            ask.template, request, self._parsed(request.payload), self._resources.new_id
        )
        return Request(ask.operation, payload, request.key, request.context)

    async def check(self) -> CheckReport:
        """Look at our certificate, fetch the agency's WSDL address (any answer will do), get a token if
        used.
        """
        settings, http = self._settings, self._resources.http
        lines = [(True, f"{settings.wsdl}: {len(self._contract.operations)} operations")]
        if self._signer is not None:
            lines.append(checking.certificate_line(self._signer, self._resources.clock()))
        lines.append(await checking.reach(http, f"{self._url}?wsdl", settings.timeout_seconds, settings.tls))
        if self._tokens is not None:
            lines.append(await checking.log_in(self._tokens.get()))
        return checking.report(lines)

    async def close(self) -> None:
        """Nothing is open: connections belong to the shared HTTP client."""

    # ------------------------------------------------------------------ out

    def _parsed(self, payload: bytes) -> etree._Element:
        try:
            return parse(payload, limits=self._limits)
        except XmlRefused as error:
            raise ValueError(f"the payload cannot be read: {error}") from error

    def _addressing(self, operation: Operation) -> list[etree._Element]:
        if not self._settings.addressing:
            return []
        return addressing.headers(
            addressing.Addressing(
                action=operation.input_action,
                message_id=f"urn:uuid:{self._resources.new_id()}",
                to=self._url,
                reply_to=addressing.ANONYMOUS,
            )
        )

    async def _exchange(self, wire: Wire, token: str | None, *, safe: bool = False) -> Reply:
        operation = self._contract.operation(wire.operation)
        safe = safe or operation.name in self._settings.safe
        identity = auth.headers(
            self._settings.auth, wire.url, self._resources.secret, self._resources.clock(), token
        )
        reply = await self._resources.http.request(
            wire.method,
            wire.url,
            body=wire.body,
            headers={**wire.headers, **identity},
            timeout_seconds=self._settings.timeout_seconds,
            limit=self._settings.reply_limit,
            safe=safe,
            tls=self._settings.tls,
        )
        if not reply.body.strip() and 200 <= reply.status < 300:
            return _nothing_said(operation, reply, safe=safe)
        envelope = self._envelope(reply, wire, safe=safe)
        return self._understood(envelope, operation, reply, wire)

    # ------------------------------------------------------------------ in

    def _envelope(self, reply: HttpReply, wire: Wire, *, safe: bool) -> soap.Envelope:
        """The SOAP message in the reply; a fault or a status that is no success becomes its error."""
        try:
            envelope = soap.read(parse(reply.body, limits=Limits(size=self._settings.reply_limit)))
        except (XmlRefused, soap.NotSoap) as error:
            self._resources.http.checked(reply, wire.url, safe=safe)
            raise Malformed(f"the answer is not SOAP: {error}", raw=reply.body) from error
        fault = faults.fault_in(envelope)
        # Other statuses than SOAP's own say more than the fault inside: slow down, log in, come back at ten.
        if fault is not None and reply.status in (200, 400, 500):
            raise fault.error(reply.body)
        self._resources.http.checked(reply, wire.url, safe=safe)
        if envelope.version != self._contract.soap:
            raise Malformed(
                f"the answer is SOAP {envelope.version}, not {self._contract.soap}", raw=reply.body
            )
        return envelope

    def _understood(
        self, envelope: soap.Envelope, operation: Operation, reply: HttpReply, wire: Wire
    ) -> Reply:
        try:
            found = self._payload(envelope, operation, wire)
        except (SigningError, ValueError) as error:
            raise Malformed(f"the answer to {operation.name}: {error}", raw=reply.body) from error
        element, signer = (found.element, found.signer) if isinstance(found, Proven) else (found, None)
        return Reply(operation.name, reply.body, serialize(element), reply.status, signer)

    def _payload(self, envelope: soap.Envelope, operation: Operation, wire: Wire) -> Proven | etree._Element:
        """The payload, taken only from what was signed if a signature is demanded. Raises ValueError,
        SigningError.
        """
        expected = None if operation.name in self._settings.unverified else self._expected
        wss = expected if self._settings.verify_reply == "wss-x509" else None
        foreign = soap.not_understood(envelope, {*addressing.NAMES, *([_SECURITY_HEADER] if wss else ())})
        if foreign:
            raise ValueError(
                f"header {foreign[0]} must be understood and is not: check verify_reply and addressing"
            )
        signer, blocks, body = None, envelope.headers(), envelope.body
        if wss is not None:
            verified = verify_envelope(envelope.root, wss.trust, wss.clock())
            signer, blocks = wss.accept(verified), iter(verified.headers.values())
            body = next(verified.body.iterchildren(etree.Element), None)
        if self._settings.addressing:
            _check_relation(blocks, wire)
        if operation.output is None or body is None:
            raise ValueError(f"the body {'is empty' if body is None else 'should be empty'}")
        found = from_body(operation.output, body, expected.enveloped if expected and not wss else None)
        return Proven(found, signer) if signer is not None and not isinstance(found, Proven) else found

    # ------------------------------------------------------------------ tokens and connection test

    def _token_cache(self, settings: TokenAuth) -> TokenCache[str]:
        async def fetch() -> str:
            try:
                # A message that waits for a token was not sent: no time-out here may make it ambiguous.
                reply = await self._exchange(self._token_wire(settings), None, safe=True)
            except (Rejected, Malformed) as error:
                raise Unauthorized(f"no token: {error.detail}", code=error.code, raw=error.raw) from error
            steps = "/".join(f"{{*}}{step}" for step in settings.token.split("/"))
            token = (parse(reply.payload).findtext(steps) or "").strip()
            if not token or not token.isascii():
                raise Unauthorized(f"{settings.operation} gave no token at {settings.token}")
            return token

        lifetime = timedelta(seconds=settings.lifetime_seconds)
        return TokenCache(fetch, clock=self._resources.clock, lifetime=lifetime)

    def _token_wire(self, settings: TokenAuth) -> Wire:
        operation = self._contract.operation(settings.operation)
        payload = etree.Element(operation.input.element)
        for name, secret in settings.credentials.items():
            etree.SubElement(payload, name).text = self._resources.secret(secret)
        # Straight to send: credentials are never in a wire that somebody stores.
        return self.encode(Request(operation.name, serialize(payload), self._resources.new_id()))


def _enveloping(signer: Signer | None) -> Sign | None:
    return None if signer is None else lambda root: sign_enveloped(root, signer)


def _check_names(contract: Contract, settings: SoapClientSettings) -> None:
    """Every operation that the settings mention exists. Raises ValueError."""
    names = [*settings.unsigned, *settings.unverified, *settings.safe, *settings.asks]
    names += [ask.operation for ask in settings.asks.values()]
    for name in names:
        contract.operation(name)
    for operation in contract.operations.values():
        foreign = set(operation.headers) - {*addressing.NAMES, _SECURITY_HEADER}
        if foreign:
            raise ValueError(
                f"{contract.name}: {operation.name} wants header {min(foreign)}, which cannot be filled"
            )


def _check_relation(blocks: Iterable[etree._Element], wire: Wire) -> None:
    """The answer belongs to the message that was sent (WS-Addressing Core §3.4)."""
    sent = _MESSAGE_ID.search(wire.body)
    related = addressing.read(blocks).relates_to
    if sent is None or related != sent[1].decode():
        raise ValueError(f"it relates to {related or 'no message'}, not to the one that was sent")


def _nothing_said(operation: Operation, reply: HttpReply, *, safe: bool) -> Reply:
    if operation.output is None:
        return Reply(operation.name, b"", b"", reply.status)
    if safe:
        raise Malformed(f"{operation.name} was answered {reply.status} with nothing in it")
    raise Ambiguous(
        f"{operation.name} was answered {reply.status} with nothing in it: the contract promises more"
    )


SPEC = Spec(
    name="soap-client",
    direction="send",
    summary="Calls a SOAP 1.1 or 1.2 service (document or rpc, literal) by its pinned WSDL.",
    settings=SoapClientSettings,
    build=SoapClient,
    features=Features(asks=True, signs=True, verifies=True, network=True),
)
"""Declaration of the adapter."""
