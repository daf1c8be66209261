"""SOAP messages in both versions: envelopes, header rules, content types. Shared by the client and the
service.

Standards: SOAP 1.1 (W3C Note 2000-05-08), SOAP 1.2 Part 1 (second edition) §5, WS-I Basic Profile 1.1.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from email.message import Message as MimeMessage
from typing import Literal

from lxml import etree

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

Version = Literal["1.1", "1.2"]
NAMESPACE: dict[Version, str] = {"1.1": SOAP_11, "1.2": SOAP_12}
"""Envelope namespace of each version: it is the only thing that tells them apart (SOAP 1.2 §5.1)."""

_VERSION: dict[str | None, Version] = {SOAP_11: "1.1", SOAP_12: "1.2"}
_MEDIA_TYPE: dict[Version, str] = {"1.1": "text/xml", "1.2": "application/soap+xml"}
_ROLES_OF_OURS = {
    "1.1": (None, "", "http://schemas.xmlsoap.org/soap/actor/next"),
    "1.2": (None, "", f"{SOAP_12}/role/next", f"{SOAP_12}/role/ultimateReceiver"),
}


class NotSoap(ValueError):
    """The document is not a SOAP message that we can read; ``version_mismatch`` if only its version is
    foreign.
    """

    def __init__(self, detail: str, *, version_mismatch: bool = False) -> None:
        """``detail`` names what is wrong."""
        super().__init__(detail)
        self.version_mismatch = version_mismatch


@dataclasses.dataclass(frozen=True, slots=True)
class Envelope:
    """A SOAP message taken apart; ``body`` is the one element in soap:Body, None if it is empty."""

    version: Version
    root: etree._Element
    header: etree._Element | None
    body: etree._Element | None

    def headers(self) -> Iterator[etree._Element]:
        """The header blocks."""
        if self.header is not None:
            yield from self.header.iterchildren(etree.Element)


def read(root: etree._Element) -> Envelope:
    """Take a parsed document apart. Raises `NotSoap` unless it is Envelope(Header?, Body(one element or
    none)).
    """
    name = etree.QName(root)
    if name.localname != "Envelope":
        raise NotSoap(f"the document is {root.tag}, not a SOAP envelope")
    version = _VERSION.get(name.namespace)
    if version is None:
        raise NotSoap(f"SOAP version {name.namespace} is neither 1.1 nor 1.2", version_mismatch=True)
    children = list(root.iterchildren(etree.Element))
    header = children.pop(0) if children and children[0].tag == f"{{{name.namespace}}}Header" else None
    if len(children) != 1 or children[0].tag != f"{{{name.namespace}}}Body":
        raise NotSoap("a SOAP envelope holds an optional Header and then one Body")
    content = list(children[0].iterchildren(etree.Element))
    if len(content) > 1:
        raise NotSoap("more than one element in the SOAP body (WS-I R9981)")
    return Envelope(version, root, header, content[0] if content else None)


def build(
    version: Version, body: etree._Element | None, headers: Sequence[etree._Element] = ()
) -> etree._Element:
    """An envelope around ``body``, which moves into it; without Header if there are no ``headers``."""
    space = NAMESPACE[version]
    root = etree.Element(f"{{{space}}}Envelope", nsmap={"soap": space})
    if headers:
        etree.SubElement(root, f"{{{space}}}Header").extend(headers)
    holder = etree.SubElement(root, f"{{{space}}}Body")
    if body is not None:
        body.tail = None
        holder.append(body)
    return root


def not_understood(envelope: Envelope, understood: Collection[str]) -> tuple[str, ...]:
    """Header blocks (Clark names) that must be understood by us and are not (SOAP 1.1 §4.2.3, 1.2 §5.2.3)."""
    return tuple(
        str(block.tag)
        for block in envelope.headers()
        if _binding_on_us(envelope, block)
        if block.tag not in understood
    )


def _binding_on_us(envelope: Envelope, block: etree._Element) -> bool:
    space = NAMESPACE[envelope.version]
    role = block.get(f"{{{space}}}actor" if envelope.version == "1.1" else f"{{{space}}}role")
    mandatory = block.get(f"{{{space}}}mustUnderstand", "").strip() in ("1", "true")
    return mandatory and role in _ROLES_OF_OURS[envelope.version]


def request_headers(version: Version, action: str, media_type: str | None = None) -> dict[str, str]:
    """HTTP headers of a request: SOAPAction in 1.1 (§6.1.1), the ``action`` parameter in 1.2 (RFC 3902)."""
    content_type = f"{media_type or _MEDIA_TYPE[version]}; charset=utf-8"
    if version == "1.1":
        return {"Content-Type": content_type, "SOAPAction": f'"{action}"'}
    return {"Content-Type": f'{content_type}; action="{action}"' if action else content_type}


def answer_type(version: Version) -> str:
    """Content type of an answer."""
    return f"{_MEDIA_TYPE[version]}; charset=utf-8"


@dataclasses.dataclass(frozen=True, slots=True)
class Binding:
    """What the HTTP headers of an inbound request say about the message: version and action (None: not
    said).
    """

    version: Version | None
    action: str | None


def inbound_binding(content_type: str, soap_action: str | None) -> Binding:
    """Read the HTTP headers of a request. Raises `NotSoap` if the media type is not SOAP's or the charset is
    foreign."""
    header = MimeMessage()
    header["Content-Type"] = content_type
    media_type = header.get_content_type()
    charset = str(header.get_param("charset", "utf-8")).lower()
    if not charset.startswith(("utf-8", "utf-16")):
        raise NotSoap(f"charset {charset} is not read; send UTF-8")
    if media_type == "application/soap+xml":
        action = header.get_param("action")
        return Binding("1.2", str(action) if action is not None else None)
    if media_type in ("text/xml", "application/xml"):  # the second is common, and wrong (SOAP 1.1 §6)
        return Binding("1.1", soap_action.strip().strip('"') if soap_action is not None else None)
    raise NotSoap(f"media type {media_type} is not SOAP: use text/xml (1.1) or application/soap+xml (1.2)")
