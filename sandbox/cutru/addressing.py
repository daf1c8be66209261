"""WS-Addressing 1.0 (W3C Recommendation, Core and SOAP Binding) as the residence service demands it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from sandbox.core.soap import SoapFault

WSA = "http://www.w3.org/2005/08/addressing"
ANONYMOUS = f"{WSA}/anonymous"
NAMES = ("To", "Action", "MessageID", "ReplyTo", "RelatesTo", "From", "FaultTo")
HEADERS = frozenset(f"{{{WSA}}}{name}" for name in NAMES)
REQUIRED = ("To", "Action", "MessageID", "ReplyTo")


@dataclass(frozen=True, slots=True)
class Addressing:
    """The message addressing properties that this service uses."""

    action: str
    message_id: str
    to: str = ""
    relates_to: str = ""


def read(headers: Sequence[etree._Element], required: Sequence[str] = REQUIRED) -> Addressing:
    """The properties of a message.

    Raises `SoapFault` with the subcodes of the SOAP binding, section 6.4: MessageAddressingHeaderRequired
    (6.4.2) for one that is missing, InvalidAddressingHeader (6.4.1) for one given twice or a reply address
    that is not anonymous.
    """
    given = [etree.QName(item).localname for item in headers if etree.QName(item).namespace == WSA]
    twice = [name for name in NAMES if given.count(name) > 1]
    if twice:
        raise fault("InvalidAddressingHeader", f"wsa:{twice[0]} is given twice", twice[0])
    missing = [name for name in required if name not in given]
    if missing:
        raise fault("MessageAddressingHeaderRequired", f"wsa:{missing[0]} is compulsory", missing[0])
    if "ReplyTo" in given and _value(headers, "ReplyTo", "Address") != ANONYMOUS:
        raise fault("InvalidAddressingHeader", "wsa:ReplyTo must be the anonymous address", "ReplyTo")
    return Addressing(
        _value(headers, "Action"),
        _value(headers, "MessageID"),
        _value(headers, "To"),
        _value(headers, "RelatesTo"),
    )


def build(properties: Addressing) -> list[etree._Element]:
    """Header blocks of a message; ReplyTo (anonymous) is written only where nothing is related to."""
    blocks = [
        _block("To", properties.to or ANONYMOUS),
        _block("Action", properties.action),
        _block("MessageID", properties.message_id),
    ]
    if properties.relates_to:
        return [*blocks, _block("RelatesTo", properties.relates_to)]
    reply_to = etree.Element(f"{{{WSA}}}ReplyTo", nsmap={"wsa": WSA})
    reply_to.append(_block("Address", ANONYMOUS))
    return [*blocks, reply_to]


def fault(subcode: str, english: str, header: str) -> SoapFault:
    """A sender fault with one of the predefined subcodes; the problem header is named in the detail (6.4)."""
    detail = etree.Element(f"{{{WSA}}}ProblemHeaderQName", nsmap={"wsa": WSA})
    detail.text = f"wsa:{header}"
    return SoapFault(
        "sender", "Tiêu đề WS-Addressing không đúng", english, subcode=(WSA, subcode), detail=detail
    )


def _block(name: str, value: str) -> etree._Element:
    block = etree.Element(f"{{{WSA}}}{name}", nsmap={"wsa": WSA})
    block.text = value
    return block


def _value(headers: Sequence[etree._Element], *path: str) -> str:
    for block in headers:
        if block.tag == f"{{{WSA}}}{path[0]}":
            found = block.find("/".join(f"{{{WSA}}}{name}" for name in path[1:])) if path[1:] else block
            return (found.text or "").strip() if found is not None else ""
    return ""
