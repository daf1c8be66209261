"""Receiver ``soap-service``: the hub as the server of a pinned contract, for call-backs of agencies and
its own intake.

SOAP 1.1 and 1.2 on the same address; the answer and every fault go back in the version of the request.
Only what passed parser, header rules, signature and schema is given to the hub, and where a signature is
demanded, only what it covers.
"""

from __future__ import annotations

import dataclasses
import hmac
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote, unquote, urlsplit

from lxml import etree
from pydantic import Field

from adapters import addressing, faults, publishing, soap
from adapters.base import Answer, Features, Inbound, Received, Resources, Settings, Spec
from adapters.contract import Operation, load
from adapters.errors import Refused
from adapters.payload import Proven, from_body, to_body
from adapters.refusal import words
from adapters.soap_settings import Security
from adapters.trusting import Expected, needs_signer
from signing.errors import Replayed, SigningError, XmlRefused
from signing.xml import DEFAULT_LIMITS, Limits, parse, serialize
from signing.xmlsig.wss import KeyReference, sign_envelope, verify_envelope
from signing.xmlsig.xmldsig import sign_enveloped

__all__ = ["SPEC", "SoapService", "SoapServiceSettings"]

_SECURITY_HEADER = f"{{{soap.WSSE}}}Security"
_DS_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_SUBCODES = {
    "unsigned": f"{{{soap.WSSE}}}InvalidSecurity",
    "untrusted": f"{{{soap.WSSE}}}FailedCheck",
    "forbidden": f"{{{soap.WSSE}}}FailedAuthentication",
}


class SoapServiceSettings(Settings):
    """A SOAP service that the hub offers."""

    wsdl: str = Field(description="pinned WSDL, relative to the contracts folder")
    service: str | None = Field(None, description="service name; only where the WSDL has several")
    port: str | None = Field(None, description="port name; only where the WSDL has several")
    versions: tuple[soap.Version, ...] = Field(("1.1", "1.2"), description="SOAP versions that are taken")
    security: Security = Field("none", description="how requests must be signed")
    partners: tuple[str, ...] = Field(
        (), description="who may sign; everybody with a known certificate if empty"
    )
    sign_answer: Security = Field("none", description="how answers are signed")
    valid_seconds: float = Field(300, gt=0, le=3600, description="validity of a WS-Security time-stamp")
    key_reference: KeyReference = Field("token", description="how WS-Security names our certificate")
    addressing: bool = Field(False, description="demand WS-Addressing Action and MessageID")
    address: str | None = Field(
        None, description="wsa:To of messages that are meant for this service; its path decides if empty"
    )
    key: str | None = Field(None, description="name of the secret expected in the X-Api-Key header")
    size_limit: int = Field(DEFAULT_LIMITS.size, gt=0, description="bound of a message in bytes")


class SoapRefused(Refused):
    """Refused for a reason that SOAP has a word of its own for."""

    def __init__(
        self,
        kind: faults.Kind,
        detail: str,
        *,
        subcode: str | None = None,
        not_understood: tuple[str, ...] = (),
    ) -> None:
        """``kind`` is the fault's code, ``subcode`` a Clark name."""
        super().__init__("malformed", detail)
        self.kind: faults.Kind = kind
        self.subcode = subcode
        self.not_understood = not_understood


class SoapService:
    """One service of the hub."""

    def __init__(self, settings: SoapServiceSettings, resources: Resources) -> None:
        """Load the contract and check the settings against it. Raises ValueError (`ContractError` among
        them).
        """
        self._settings = settings
        self._resources = resources
        self._contract = load(
            resources.contracts, settings.wsdl, service=settings.service, port=settings.port
        )
        verifies = settings.security != "none"
        self._expected = Expected(resources, settings.partners, anyone=True) if verifies else None
        self._signer = needs_signer(resources, settings.sign_answer != "none")
        self._key = resources.secret(settings.key) if settings.key is not None else None
        self.features = dataclasses.replace(SPEC.features, signs=self._signer is not None, verifies=verifies)

    # ------------------------------------------------------------------ receive

    def receive(self, inbound: Inbound) -> Received:
        """Everything from HTTP headers to schema, in that order. Raises `Refused`."""
        envelope, action = self._envelope(inbound)
        proven, blocks, body = self._proven(envelope)
        properties = self._properties(blocks, inbound)
        operation = self._operation(body)
        _check_action(operation, action, properties.action)
        found = self._payload(operation, body)
        signer = found.signer if isinstance(found, Proven) else proven
        element = found.element if isinstance(found, Proven) else found
        variant = f"{envelope.version} {quote(properties.message_id or '')}"
        return Received(operation.name, serialize(element), properties.message_id, signer, variant)

    def _envelope(self, inbound: Inbound) -> tuple[soap.Envelope, str | None]:
        self._check_key(inbound)
        if inbound.method != "POST":
            raise Refused(
                "malformed", f"{inbound.method} is not a SOAP request: POST a message, or GET ?wsdl"
            )
        if len(inbound.body) > self._settings.size_limit:
            raise Refused("too-large", f"at most {self._settings.size_limit} bytes")
        headers = inbound.headers
        try:
            binding = soap.inbound_binding(headers.get("content-type", ""), headers.get("soapaction"))
            envelope = soap.read(parse(inbound.body, limits=Limits(size=self._settings.size_limit)))
        except XmlRefused as error:
            raise Refused("malformed", error.reason) from error
        except soap.NotSoap as error:
            raise SoapRefused(
                "version-mismatch" if error.version_mismatch else "sender", str(error)
            ) from error
        if envelope.version not in self._settings.versions:
            raise SoapRefused("version-mismatch", f"SOAP {envelope.version} is not taken here")
        if binding.version != envelope.version:
            raise SoapRefused("sender", f"the content type is not that of SOAP {envelope.version}")
        self._check_understood(envelope)
        return envelope, binding.action

    def _check_key(self, inbound: Inbound) -> None:
        given = inbound.headers.get("x-api-key", "")
        if self._key is not None and not hmac.compare_digest(given.encode(), self._key.encode()):
            raise Refused("forbidden", "the X-Api-Key header is missing or wrong")

    def _check_understood(self, envelope: soap.Envelope) -> None:
        known = {*addressing.NAMES, *([_SECURITY_HEADER] if self._settings.security == "wss-x509" else ())}
        foreign = soap.not_understood(envelope, known)
        if foreign:
            detail = f"header {foreign[0]} is not understood"
            raise SoapRefused("must-understand", detail, not_understood=foreign)

    def _proven(
        self, envelope: soap.Envelope
    ) -> tuple[str | None, list[etree._Element], etree._Element | None]:
        """Signer, header blocks and body; with WS-Security only what the signature covers."""
        if self._expected is None or self._settings.security != "wss-x509":
            return None, list(envelope.headers()), envelope.body
        if not any(block.tag == _SECURITY_HEADER for block in envelope.headers()):
            raise Refused("unsigned", "there is no WS-Security header")
        try:
            verified = verify_envelope(envelope.root, self._expected.trust, self._expected.clock())
            signer = self._expected.accept(verified)
        except SigningError as error:
            raise Refused(_reason(error), error.reason) from error
        body = next(verified.body.iterchildren(etree.Element), None)
        return signer, list(verified.headers.values()), body

    def _properties(self, blocks: list[etree._Element], inbound: Inbound) -> addressing.Addressing:
        try:
            found = addressing.read(blocks)
        except addressing.BadAddressing as error:
            subcode = f"{{{addressing.WSA}}}{error.subcode}"
            raise SoapRefused("sender", str(error), subcode=subcode) from error
        if self._settings.addressing and not (found.action and found.message_id):
            subcode = f"{{{addressing.WSA}}}MessageAddressingHeaderRequired"
            raise SoapRefused("sender", "wsa:Action and wsa:MessageID are demanded", subcode=subcode)
        if not self._is_ours(found.to, inbound):
            subcode = f"{{{addressing.WSA}}}DestinationUnreachable"
            raise SoapRefused("sender", "wsa:To means another service than this one", subcode=subcode)
        return found

    def _is_ours(self, to: str | None, inbound: Inbound) -> bool:
        """A message that was signed for another service does not count here (Core §3.1, destination)."""
        if to is None or to == addressing.ANONYMOUS:
            return True
        if self._settings.address is not None:
            return to == self._settings.address
        return _path(to) == inbound.path.rstrip("/")

    def _operation(self, body: etree._Element | None) -> Operation:
        operation = self._contract.by_body(str(body.tag)) if body is not None else None
        if operation is None:
            what = body.tag if body is not None else "an empty body"
            raise Refused("unknown-operation", f"no operation of this service takes {what}")
        return operation

    def _payload(self, operation: Operation, body: etree._Element | None) -> Proven | etree._Element:
        assert body is not None  # an empty body has no operation
        enveloped = self._expected if self._settings.security == "enveloped" else None
        if enveloped is not None and next(body.iter(_DS_SIGNATURE), None) is None:
            raise Refused("unsigned", "there is no ds:Signature in the document", operation=operation.name)
        try:
            return from_body(operation.input, body, enveloped.enveloped if enveloped else None)
        except SigningError as error:
            raise Refused(_reason(error), error.reason, operation=operation.name) from error
        except ValueError as error:
            raise Refused("invalid", str(error), operation=operation.name) from error

    # ------------------------------------------------------------------ answer

    def answer(self, received: Received, payload: bytes) -> Answer:
        """The hub's document in an envelope of the request's version. Raises ValueError if it breaks the
        contract.
        """
        version, _, relates_to = received.variant.partition(" ")
        operation = self._contract.operation(received.operation)
        if operation.output is None:
            return Answer(202, b"", soap.answer_type("1.1"))
        signer = self._signer if self._settings.sign_answer == "enveloped" else None
        sign = None if signer is None else lambda root: sign_enveloped(root, signer)
        body = to_body(operation.output, parse(payload), sign)
        spoken: soap.Version = "1.2" if version == "1.2" else "1.1"
        blocks = self._reply_headers(operation.output_action, unquote(relates_to))
        return self._signed(soap.build(spoken, body, blocks), spoken, 200)

    def refuse(self, inbound: Inbound, error: Exception) -> Answer:
        """A fault in the version of the request, as far as that can be told. Never raises, never leaks."""
        version, message_id = _spoken(inbound, self._settings.size_limit)
        said = words(error)
        refusal = faults.Refusal(
            kind=error.kind if isinstance(error, SoapRefused) else _side(error),
            vi=said.vi,
            en=said.en,
            subcode=error.subcode if isinstance(error, SoapRefused) else _subcode(error),
            not_understood=error.not_understood if isinstance(error, SoapRefused) else (),
        )
        blocks = self._reply_headers(addressing.FAULT_ACTION, message_id)
        return self._signed(faults.build(version, refusal, blocks), version, refusal.status(version))

    def _reply_headers(self, action: str, relates_to: str) -> list[etree._Element]:
        if not relates_to:
            return []
        message_id = f"urn:uuid:{self._resources.new_id()}"
        reply = addressing.Addressing(action, message_id, addressing.ANONYMOUS, relates_to=relates_to)
        return addressing.headers(reply)

    def _signed(self, envelope: etree._Element, version: soap.Version, status: int) -> Answer:
        if self._signer is not None and self._settings.sign_answer == "wss-x509":
            sign_envelope(
                envelope,
                self._signer,
                created=self._resources.clock(),
                ttl=timedelta(seconds=self._settings.valid_seconds),
                new_id=self._resources.new_id,
                key_reference=self._settings.key_reference,
            )
        return Answer(status, serialize(envelope), soap.answer_type(version))

    def documents(self, base_url: str) -> Mapping[str, tuple[str, bytes]]:
        """The WSDL with our address in it, and every document that it imports."""
        return publishing.documents(self._contract, base_url)


def _check_action(operation: Operation, action: str | None, wsa_action: str | None) -> None:
    """What HTTP and WS-Addressing say must be the operation that the body says (SOAP Binding §6.4.1.6)."""
    if action and operation.action and action not in (operation.action, wsa_action):
        raise SoapRefused("sender", f"action {action} is not that of {operation.name}: {operation.action}")
    if wsa_action is not None and wsa_action not in (operation.input_action, operation.action):
        subcode = f"{{{addressing.WSA}}}ActionMismatch"
        raise SoapRefused("sender", f"wsa:Action is not {operation.input_action}", subcode=subcode)


def _path(address: str) -> str | None:
    """The path of an http(s) address; None for any other."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return parts.path.rstrip("/") if parts.scheme in ("http", "https") and parts.netloc else None


def _reason(error: SigningError) -> str:
    return "replayed" if isinstance(error, Replayed) else "untrusted"


def _side(error: Exception) -> faults.Kind:
    return "sender" if isinstance(error, Refused) else "receiver"


def _subcode(error: Exception) -> str | None:
    return _SUBCODES.get(error.reason) if isinstance(error, Refused) else None


def _spoken(inbound: Inbound, limit: int) -> tuple[soap.Version, str]:
    """Version and message id of a request that may be unreadable: then the content type decides, or 1.1."""
    try:
        envelope = soap.read(parse(inbound.body, limits=Limits(size=limit)))
        return envelope.version, addressing.read(envelope.headers()).message_id or ""
    except (XmlRefused, soap.NotSoap, addressing.BadAddressing):
        soap_12 = "application/soap+xml" in inbound.headers.get("content-type", "")
        return ("1.2" if soap_12 else "1.1"), ""


SPEC = Spec(
    name="soap-service",
    direction="receive",
    summary="Serves a pinned WSDL in SOAP 1.1 and 1.2: call-backs of agencies, and the hub's own intake.",
    settings=SoapServiceSettings,
    build=SoapService,
    features=Features(signs=True, verifies=True, network=False),
)
"""Declaration of the adapter."""
