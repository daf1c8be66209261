"""SOAP messages signed with WS-Security: X.509 token, time-stamp, Body and WS-Addressing headers.

What is written, and the least that is accepted::

    <wsse:Security s:mustUnderstand="1">
      <wsse:BinarySecurityToken wsu:Id>    the signer's certificate, unless KeyInfo names it
      <wsu:Timestamp wsu:Id>               Created, Expires
      <ds:Signature>                       over Timestamp, Body and every WS-Addressing header
    </wsse:Security>

KeyInfo points to the token, or names the certificate by its subject key identifier, and then it is taken from
those that are pinned.

Elements are taken from where SOAP puts them (a header is a direct child of Header), never looked up by
identifier, and are returned as parsed from the signed bytes.

Standards: SOAP Message Security 1.1 (OASIS 2006) §8 and §10, X.509 Certificate Token Profile 1.1, Basic
Security Profile 1.1; SOAP 1.1 and 1.2; WS-Addressing 1.0.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from cryptography import x509
from lxml import etree

from signing import algorithms, xml
from signing.errors import SignatureInvalid, SigningError, Untrusted
from signing.keys import Signer, steady
from signing.pki.certificates import certificate_der, read_certificate
from signing.trust import Trust, key_identifier
from signing.xmlsig import signature
from signing.xmlsig.freshness import DEFAULT_WINDOW, Seen, Window, check_once, read_time
from signing.xmlsig.signature import Reference, Transform, Verified, ds, only_child

KeyReference = Literal["token", "subject-key-identifier"]
"""How a message says whose key signed it: by its certificate, or by the identifier in it (X.509 Token Profile
§3.2.1, §3.2.2), where both sides exchanged certificates before."""

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
ADDRESSING = frozenset(
    {"http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing"}
)

_X509_TOKEN = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"  # noqa: S105
_KEY_IDENTIFIER = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509SubjectKeyIdentifier"
)
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
_ID = f"{{{WSU}}}Id"
_SECURITY = f"{{{WSSE}}}Security"
_TOKEN = f"{{{WSSE}}}BinarySecurityToken"
_REFERENCE = f"{{{WSSE}}}Reference"
_IDENTIFIER = f"{{{WSSE}}}KeyIdentifier"
_TIMESTAMP = f"{{{WSU}}}Timestamp"
_EXCLUSIVE = (Transform(algorithms.EXCLUSIVE_C14N),)


@dataclasses.dataclass(frozen=True, slots=True)
class VerifiedEnvelope(Verified):
    """What the signature of a SOAP message proved; ``element`` is the Body.

    ``headers`` holds the signed headers by Clark name, parsed from the signed bytes like the Body.
    """

    headers: Mapping[str, etree._Element] = dataclasses.field(default_factory=dict)
    expires: datetime | None = None

    @property
    def body(self) -> etree._Element:
        """The signed Body."""
        return self.element


def sign_envelope(
    envelope: etree._Element,
    signer: Signer,
    *,
    created: datetime,
    ttl: timedelta,
    new_id: Callable[[], str],
    key_reference: KeyReference = "token",
) -> None:
    """Add a Security header that signs Body, Timestamp and all WS-Addressing headers present.

    ``created`` is aware; the message expires ``ttl`` later. Raises SigningError if the envelope is not SOAP, has
    a Security header already, or the certificate has no identifier to be named by.
    """
    signer = steady(signer)
    soap, header, body = _parts(envelope)
    if header is None:
        header = etree.Element(f"{{{soap}}}Header")
        envelope.insert(0, header)
    if header.find(_SECURITY) is not None:
        raise SigningError("the envelope has a Security header already")
    security = etree.SubElement(header, _SECURITY, nsmap={"wsse": WSSE, "wsu": WSU})
    security.set(f"{{{soap}}}mustUnderstand", "1")
    pointer = _pointer(security, signer.certificate, key_reference, new_id)
    timestamp = _write_timestamp(security, created, ttl)
    targets = {}
    for element in (timestamp, body, *_addressing(header)):
        if element.get(_ID) is None:
            element.set(_ID, f"id-{new_id()}")
        targets[f"#{element.get(_ID)}"] = element
    references = [Reference(uri, _EXCLUSIVE) for uri in targets]
    written = signature.write(references, signer, canonicalization=algorithms.EXCLUSIVE_C14N)
    only_child(written, ds("KeyInfo")).append(pointer)
    security.append(written)
    signature.complete(written, references, signer, targets)


def _pointer(
    security: etree._Element,
    certificate: x509.Certificate,
    key_reference: KeyReference,
    new_id: Callable[[], str],
) -> etree._Element:
    """The reference to the signer's certificate, for KeyInfo; the token that it may point to is written."""
    pointer = etree.Element(f"{{{WSSE}}}SecurityTokenReference", nsmap={"wsse": WSSE})
    if key_reference == "token":
        token = _write_token(security, certificate, f"X509-{new_id()}")
        etree.SubElement(pointer, _REFERENCE, URI=f"#{token.get(_ID)}", ValueType=_X509_TOKEN)
        return pointer
    identifier = key_identifier(certificate)
    if identifier is None:
        raise SigningError("the certificate has no subject key identifier: refer to it by token")
    named = etree.SubElement(pointer, _IDENTIFIER, EncodingType=_BASE64, ValueType=_KEY_IDENTIFIER)
    named.text = signature.encode_base64(identifier)
    return pointer


def _write_token(security: etree._Element, certificate: x509.Certificate, identifier: str) -> etree._Element:
    token = etree.SubElement(security, _TOKEN, EncodingType=_BASE64, ValueType=_X509_TOKEN)
    token.set(_ID, identifier)
    token.text = signature.encode_base64(certificate_der(certificate))
    return token


def _write_timestamp(security: etree._Element, created: datetime, ttl: timedelta) -> etree._Element:
    timestamp = etree.SubElement(security, _TIMESTAMP)
    etree.SubElement(timestamp, f"{{{WSU}}}Created").text = _zulu(created)
    etree.SubElement(timestamp, f"{{{WSU}}}Expires").text = _zulu(created + ttl)
    return timestamp


def verify_envelope(
    envelope: etree._Element,
    trust: Trust,
    at: datetime,
    *,
    seen: Seen | None = None,
    window: Window = DEFAULT_WINDOW,
) -> VerifiedEnvelope:
    """Check the signature of a SOAP message against ``trust`` and its time-stamp against ``at``.

    Timestamp, Body and every WS-Addressing header must be signed. ``seen(key, expires)`` records the
    signature and answers whether it was presented before; it is asked last. Raises SignatureInvalid,
    Untrusted or Replayed.
    """
    _, header, body = _parts(envelope)
    if header is None:
        raise SignatureInvalid("the message has no Header, so it is not signed")
    security = only_child(header, _SECURITY)
    timestamp = only_child(security, _TIMESTAMP)
    written = only_child(security, ds("Signature"))
    checked = signature.check(written, _certificate(written, security, trust, at), trust, at)
    signed = _digest_all(checked, written, [*security.findall(_TOKEN), timestamp, body, *_headers(header)])
    _require_signed(signed, [timestamp, body, *_addressing(header)])
    expires = _check_time(signed[timestamp], at, window)
    check_once(checked.identity, expires + window.skew, seen)
    headers = {str(element.tag): signed[element] for element in _headers(header) if element in signed}
    return VerifiedEnvelope(
        signed[body], checked.certificate, checked.partner, headers=headers, expires=expires
    )


def _digest_all(
    checked: signature.Checked, written: etree._Element, candidates: list[etree._Element]
) -> dict[etree._Element, etree._Element]:
    """Signed elements as they stand in the message → the same, parsed from the signed bytes."""
    places: dict[str, etree._Element] = {}
    for element in candidates:
        for identifier in {element.get(_ID), element.get("Id")} - {None}:
            places.setdefault(f"#{identifier}", element)
    signed: dict[etree._Element, etree._Element] = {}
    uris = {reference.uri for reference in checked.references}
    for reference in checked.references:
        target = places.get(reference.uri)
        if target is None:
            raise SignatureInvalid(
                f"reference {reference.uri!r} is not to the Body, a header or the time-stamp"
            )
        signed[target] = xml.reparse(signature.referred(reference, target, written))
    signature.check_unique(written.getroottree().getroot(), [uri[1:] for uri in uris])
    return signed


def _require_signed(signed: Mapping[etree._Element, etree._Element], required: list[etree._Element]) -> None:
    names = [etree.QName(element).localname for element in required if element not in signed]
    if names:
        raise SignatureInvalid(f"not covered by the signature: {', '.join(names)}")


def _check_time(timestamp: etree._Element, at: datetime, window: Window) -> datetime:
    """When the message expires. Raises SignatureInvalid if that is past, or its time is not believable."""
    created = read_time(only_child(timestamp, f"{{{WSU}}}Created"))
    expires = read_time(only_child(timestamp, f"{{{WSU}}}Expires"))
    if created > at + window.skew:
        raise SignatureInvalid(f"the message was created in the future ({_zulu(created)})")
    if expires < at - window.skew:
        raise SignatureInvalid(f"the message expired at {_zulu(expires)}")
    if not timedelta(0) < expires - created <= window.longest:
        raise SignatureInvalid(f"the message must be valid for at most {window.longest}")
    return expires


def _certificate(
    written: etree._Element, security: etree._Element, trust: Trust, at: datetime
) -> x509.Certificate:
    """The certificate that KeyInfo points to or names (X.509 Token Profile §3.2)."""
    pointer = only_child(only_child(written, ds("KeyInfo")), f"{{{WSSE}}}SecurityTokenReference")
    if pointer.find(_IDENTIFIER) is None:
        return _token_certificate(only_child(pointer, _REFERENCE), only_child(security, _TOKEN))
    if len(pointer) != 1 or security.find(_TOKEN) is not None:
        raise SignatureInvalid("a message that names its certificate must not carry another one")
    return _named_certificate(pointer[0], trust, at)


def _named_certificate(named: etree._Element, trust: Trust, at: datetime) -> x509.Certificate:
    """The pinned certificate with this identifier; where it was renewed with the same key, the one valid
    then."""
    if named.get("ValueType") != _KEY_IDENTIFIER or named.get("EncodingType", _BASE64) != _BASE64:
        raise SignatureInvalid("a certificate is named here by its subject key identifier, in base64")
    known = trust.identified(signature.decode_base64(named))
    if not known:
        raise Untrusted("no certificate with this subject key identifier is known for any partner")
    valid = [each for each in known if each.not_valid_before_utc <= at <= each.not_valid_after_utc]
    return (valid or known)[0]


def _token_certificate(reference: etree._Element, token: etree._Element) -> x509.Certificate:
    if token.get("ValueType") != _X509_TOKEN or token.get("EncodingType", _BASE64) != _BASE64:
        raise SignatureInvalid("the security token must be one X.509 v3 certificate in base64")
    if token.get(_ID) is None or reference.get("URI") != f"#{token.get(_ID)}":
        raise SignatureInvalid("the signature does not point to the message's security token")
    return read_certificate(signature.decode_base64(token))


def _parts(envelope: etree._Element) -> tuple[str, etree._Element | None, etree._Element]:
    """(SOAP namespace, Header if any, Body); an envelope holds nothing else, each once and in this order."""
    name = etree.QName(envelope)
    if (
        name.localname != "Envelope"
        or name.namespace not in {SOAP_11, SOAP_12}
        or envelope.getparent() is not None
    ):
        raise SignatureInvalid("the document is not a SOAP 1.1 or 1.2 envelope")
    soap = str(name.namespace)
    children = list(envelope.iterchildren(etree.Element))
    names = [child.tag for child in children]
    if names == [f"{{{soap}}}Body"]:
        return soap, None, children[0]
    if names == [f"{{{soap}}}Header", f"{{{soap}}}Body"]:
        return soap, children[0], children[1]
    raise SignatureInvalid("a SOAP envelope must hold one Header, if any, and one Body")


def _headers(header: etree._Element) -> list[etree._Element]:
    """All headers but Security; two of one name would be read differently by different readers."""
    found = [element for element in header.iterchildren(etree.Element) if element.tag != _SECURITY]
    names = [element.tag for element in found]
    if len(names) != len(set(names)):
        raise SignatureInvalid("a header occurs twice")
    return found


def _addressing(header: etree._Element) -> list[etree._Element]:
    return [element for element in _headers(header) if etree.QName(element).namespace in ADDRESSING]


def _zulu(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
