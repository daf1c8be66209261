"""WS-Addressing 1.0 headers, as far as request and reply over HTTP need them (Core §3, SOAP Binding §3).

Replies go back on the same connection: a ReplyTo or FaultTo other than anonymous or none is not
honoured, because the hub posts to no address that a message names.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from lxml import etree

WSA = "http://www.w3.org/2005/08/addressing"
ANONYMOUS = f"{WSA}/anonymous"
NONE = f"{WSA}/none"
FAULT_ACTION = f"{WSA}/soap/fault"
NAMES = tuple(
    f"{{{WSA}}}{name}" for name in ("Action", "MessageID", "To", "From", "ReplyTo", "FaultTo", "RelatesTo")
)
"""Header blocks that whoever uses this module understands."""

_REPLY = f"{WSA}/reply"


class BadAddressing(ValueError):
    """The addressing headers break the standard; ``subcode`` is its word for how (SOAP Binding §6.4)."""

    def __init__(self, subcode: str, detail: str) -> None:
        """``subcode`` is a local name in the WS-Addressing namespace."""
        super().__init__(detail)
        self.subcode = subcode


@dataclasses.dataclass(frozen=True, slots=True)
class Addressing:
    """The message addressing properties of one message; absent ones are None."""

    action: str | None = None
    message_id: str | None = None
    to: str | None = None
    reply_to: str | None = None
    relates_to: str | None = None


def headers(addressing: Addressing) -> list[etree._Element]:
    """Header blocks for ``addressing``."""
    blocks = []
    for name, value in (
        ("Action", addressing.action),
        ("MessageID", addressing.message_id),
        ("To", addressing.to),
        ("RelatesTo", addressing.relates_to),
    ):
        if value is not None:
            blocks.append(_block(name))
            blocks[-1].text = value
    if addressing.reply_to is not None:
        blocks.append(_block("ReplyTo"))
        etree.SubElement(blocks[-1], f"{{{WSA}}}Address").text = addressing.reply_to
    return blocks


def read(blocks: Iterable[etree._Element]) -> Addressing:
    """The addressing properties among header blocks. Raises `BadAddressing` for a repeated header or a
    foreign ReplyTo.
    """
    found: dict[str, etree._Element] = {}
    for block in blocks:
        name = etree.QName(block)
        if name.namespace != WSA:
            continue
        if name.localname == "RelatesTo" and block.get("RelationshipType", _REPLY) != _REPLY:
            continue
        if name.localname in found:
            raise BadAddressing("InvalidAddressingHeader", f"wsa:{name.localname} occurs more than once")
        found[name.localname] = block
    for local in ("ReplyTo", "FaultTo"):
        if local in found and _endpoint(found[local]) not in (ANONYMOUS, NONE):
            raise BadAddressing("OnlyAnonymousAddressSupported", f"wsa:{local} must be anonymous")
    text = {local: (block.text or "").strip() for local, block in found.items()}
    reply_to = _endpoint(found["ReplyTo"]) if "ReplyTo" in found else None
    return Addressing(
        text.get("Action"), text.get("MessageID"), text.get("To"), reply_to, text.get("RelatesTo")
    )


def _endpoint(block: etree._Element) -> str:
    return (block.findtext(f"{{{WSA}}}Address") or "").strip()


def _block(name: str) -> etree._Element:
    return etree.Element(f"{{{WSA}}}{name}", nsmap={"wsa": WSA})
