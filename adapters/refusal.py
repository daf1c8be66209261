"""Why an inbound message is refused, in the words that its sender gets: Vietnamese first, English beside."""

from __future__ import annotations

import dataclasses

from lxml import etree

from adapters.base import Answer
from adapters.errors import Refused
from signing.xml import serialize

NAMESPACE = "urn:lienthong:1.0"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    """HTTP status for plain documents, and a sentence in both languages."""

    status: int
    vi: str
    en: str


_WORDS = {
    "malformed": Words(400, "Thông điệp không đúng cấu trúc quy định", "The message is not of the contract"),
    "invalid": Words(422, "Dữ liệu không hợp lệ theo lược đồ", "The message fails its schema"),
    "unsigned": Words(403, "Thông điệp chưa được ký số", "The message is not signed"),
    "untrusted": Words(403, "Chữ ký số không được chấp nhận", "The signature is not accepted"),
    "replayed": Words(409, "Thông điệp đã được gửi trước đó", "The message was sent before"),
    "unknown-operation": Words(404, "Không có nghiệp vụ này", "There is no such operation"),
    "too-large": Words(413, "Thông điệp vượt quá dung lượng cho phép", "The message is too large"),
    "forbidden": Words(403, "Không có quyền truy cập", "Access is not allowed"),
}
_OURS = Words(500, "Hệ thống gặp sự cố, xin gửi lại sau", "The system has failed; please send again later")


def words(error: Exception) -> Words:
    """What to tell the sender; nothing of an error that is not a `Refused` is shown."""
    if not isinstance(error, Refused):
        return _OURS
    said = _WORDS.get(error.reason, _WORDS["malformed"])
    detail = _printable(error.detail)
    return Words(said.status, f"{said.vi}: {detail}", f"{said.en}: {detail}")


def document_answer(error: Exception) -> Answer:
    """A small XML document with the reason, for protocols that have no form of their own for errors."""
    said = words(error)
    root = etree.Element(f"{{{NAMESPACE}}}Refusal", nsmap={"lt": NAMESPACE})
    etree.SubElement(root, f"{{{NAMESPACE}}}Reason").text = (
        error.reason if isinstance(error, Refused) else "internal"
    )
    for language, text in (("vi", said.vi), ("en", said.en)):
        node = etree.SubElement(root, f"{{{NAMESPACE}}}Text")
        node.set(_LANGUAGE, language)
        node.text = text
    return Answer(said.status, serialize(root), "application/xml; charset=utf-8")


def _printable(text: str) -> str:
    """``text`` without characters that XML cannot carry: a reason may quote what was sent."""
    return "".join(c for c in text if c.isprintable() or c in "\n\t")
