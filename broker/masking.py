"""Masks personal data in what people and log files get to see: numbers, phones, e-mail addresses, names, documents.

In running text only what has a form of its own is found (numbers, addresses); names are masked where a field says that
it holds one. Documents are masked value by value: their shape stays, so that an engineer sees what stands where.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

from lxml import etree

from signing.errors import XmlRefused
from signing.xml import Limits, parse

_NUMBER = re.compile(r"(?<![\w.-])(?:\+84|[A-Z]{2})?[0-9]{9,13}(?![\w-])")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NAMES = frozenset(
    {"name", "full_name", "fullname", "mother", "father", "child", "applicant", "deceased", "hoten"}
)
_STAR = "*"
_ANY = Limits(commented_values=True)  # what was refused for its comments is shown as well


def number(text: str) -> str:
    """A personal number, phone or card number: the first four and the last three characters (``0790*****345``)."""
    if len(text) < 9:
        return _STAR * len(text)
    return f"{text[:4]}{_STAR * (len(text) - 7)}{text[-3:]}"


def email(text: str) -> str:
    """An address: the first letter and the domain (``a***@example.vn``)."""
    local, _, domain = text.rpartition("@")
    return f"{local[:1]}{_STAR * 3}@{domain}"


def name(text: str) -> str:
    """A person's name: the first letter of each word (``N*** V*** A***``)."""
    return " ".join(f"{word[:1]}{_STAR * 3}" for word in text.split())


def text(value: str) -> str:
    """Running text with every number and address masked that stands by itself; codes of dossiers stay."""
    return _NUMBER.sub(lambda found: number(found[0]), _EMAIL.sub(lambda found: email(found[0]), value))


def document(body: bytes) -> bytes:
    """A document whose every value is masked: letters become ``x``, digits ``0``; element names and lengths stay."""
    try:
        root = parse(body, limits=_ANY)
    except XmlRefused:
        return _other(body)
    etree.strip_elements(root, etree.Comment, etree.ProcessingInstruction, with_tail=False)
    for element in root.iter():
        element.text = shape(element.text)
        element.tail = shape(element.tail)
        for key, value in element.attrib.items():
            element.set(key, shape(str(value)) or "")
    return etree.tostring(root, encoding="utf-8")


def shape(value: str | None) -> str | None:
    """The form of a value without the value: ``Nguyễn An, 12/3`` is ``xxxxxx xx, 00/0``."""
    if value is None:
        return None
    return "".join("0" if sign.isdigit() else "x" if sign.isalpha() else sign for sign in value)


def event(_: object, __: str, values: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """A structlog processor: masks the texts of a log event; the last one before it is written."""
    return {key: _field(key, value) for key, value in values.items()}


def _field(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return name(value) if key.lower() in _NAMES else text(value)
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, Mapping):
        return {inner: _field(str(inner), one) for inner, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_field(key, one) for one in value]
    return value if isinstance(value, bool | int | float) or value is None else text(str(value))


def _other(body: bytes) -> bytes:
    """What is not XML: JSON keeps its keys, anything else only its signs."""
    try:
        return json.dumps(_shaped(json.loads(body)), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return (shape(body.decode("utf-8", "replace")) or "").encode()


def _shaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shaped(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_shaped(one) for one in value]
    if isinstance(value, bool) or value is None:
        return value
    return shape(str(value))
