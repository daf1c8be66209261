"""Small texts with holes, for what a setting must be able to say about each message.

``{key}`` is the idempotency key, ``{id}`` a new identifier, ``{context:officer}`` a value that travels
beside the payload, ``{payload:Unit/Code}`` the text of the first element on that path of local names,
``{attribute:Unit/@ma}`` an attribute. Nothing else: a hole that cannot be filled is an error, never an
empty text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.sax.saxutils import escape

from lxml import etree

from adapters.base import Request

HOLE = re.compile(r"\{([^{}]*)\}")
"""A hole; its first group is what is inside the braces."""

_KINDS = re.compile(r"key|id|context:[\w.-]+|payload:[\w./-]+|attribute:[\w./-]*@[\w.-]+")


def check(template: str) -> str:
    """Give back ``template`` if every hole is one that `fill` knows. Raises ValueError naming the first
    that is not.
    """
    for hole in HOLE.findall(template):
        if not _KINDS.fullmatch(hole):
            raise ValueError(
                f"{{{hole}}} is unknown; use {{key}}, {{id}}, {{context:…}}, {{payload:…}}, {{attribute:…}}"
            )
    return template


def fill(template: str, request: Request, payload: etree._Element | None, new_id: Callable[[], str]) -> str:
    """``template`` with every hole filled, as plain text. Raises ValueError naming a hole that has no
    value.
    """
    return HOLE.sub(lambda hole: _value(hole[1], request, payload, new_id), template)


def fill_xml(
    template: str, request: Request, payload: etree._Element | None, new_id: Callable[[], str]
) -> bytes:
    """``template``, an XML document, with every hole filled and escaped. Raises ValueError."""
    quotes = {'"': "&quot;", "'": "&apos;"}
    return HOLE.sub(lambda hole: escape(_value(hole[1], request, payload, new_id), quotes), template).encode()


def _value(hole: str, request: Request, payload: etree._Element | None, new_id: Callable[[], str]) -> str:
    if hole == "key":
        return request.key
    if hole == "id":
        return new_id()
    kind, _, name = hole.partition(":")
    value = request.context.get(name) if kind == "context" else in_payload(kind, name, payload)
    if not value:
        raise ValueError(f"{request.operation}: nothing to put in place of {{{hole}}}")
    return value


def in_payload(kind: str, name: str, payload: etree._Element | None) -> str | None:
    """The text (``payload``) or attribute (``attribute``) on a path of local names; None if there is none."""
    if payload is None:
        return None
    path, _, attribute = name.partition("@")
    steps = [f"{{*}}{step}" for step in path.split("/") if step]
    node = payload.find("/".join(steps)) if steps else payload
    if node is None:
        return None
    return node.get(attribute) if kind == "attribute" else (node.text or "").strip()
