"""Ways to spoil an answer; pure functions on bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lxml import etree

from sandbox.core.rules import Fault
from sandbox.core.xml import NotXml, local_name, parse, serialize

HUGE = 64 * 1024 * 1024
HTML = (
    "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1><p>Hệ thống đang bảo trì</p></body></html>".encode()
)
SIGNATURE_VALUE = re.compile(rb"(<(?:\w+:)?SignatureValue[^>]*>\s*)([A-Za-z0-9+/])")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())

    def with_body(self, body: bytes, media_type: str | None = None) -> Answer:
        """The same answer with another body and the length that fits it."""
        kept = [item for item in self.headers if item[0] != b"content-length"]
        if media_type is not None:
            kept = [item for item in kept if item[0] != b"content-type"]
            kept.append((b"content-type", media_type.encode()))
        return replace(self, body=body, headers=(*kept, (b"content-length", str(len(body)).encode())))


def spoil_signature(body: bytes) -> bytes:
    """The same document with another first character in each signature value."""
    return SIGNATURE_VALUE.sub(lambda found: found[1] + (b"B" if found[2] == b"A" else b"A"), body)


def malform(answer: Answer, fault: Fault, operations: Sequence[str] = ()) -> Answer:
    """Spoil the answer in the fault's form; ``operations`` are the names a wrong reply may carry."""
    body = answer.body
    if fault.form == "html":
        return answer.with_body(HTML, "text/html; charset=utf-8")
    if fault.form == "broken":
        return answer.with_body(body.replace(b"</", b"<", 1) if b"</" in body else b"<a><b></a>")
    if fault.form == "wrong-root":
        return answer.with_body(b'<?xml version="1.0" encoding="UTF-8"?>\n<KhongPhaiPhanHoi/>')
    if fault.form == "wrong-operation":
        return answer.with_body(_other_operation(body, operations))
    if fault.form == "huge":
        return answer.with_body(body + b" " * HUGE)
    return answer  # truncated: the gate announces the whole length and sends half


def _other_operation(body: bytes, operations: Sequence[str]) -> bytes:
    try:
        root = parse(body)
    except NotXml:
        return body
    reply = root[-1][0] if local_name(root) == "Envelope" and len(root[-1]) else root
    name = etree.QName(reply)
    others = [item for item in operations if item != name.localname]
    other = others[0] if others else f"{name.localname}Khac"
    reply.tag = f"{{{name.namespace}}}{other}" if name.namespace else other
    return serialize(root)
