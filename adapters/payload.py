"""The payload and its place on the wire: literal bodies of SOAP messages, signed and verified where the
profile says so.

In document style the payload is the body. In rpc style the payload is a document of the part's type, and
the unqualified part accessor takes the place of its root (WS-I Basic Profile 1.1 R2735); an enveloped
signature covers the accessor taken as a document of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from lxml import etree

from adapters.contract import Message

Sign = Callable[[etree._Element], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Proven:
    """An element that a signature covered, and the subject of the certificate that made it."""

    element: etree._Element
    signer: str


Verify = Callable[[etree._Element], Proven]


def to_body(message: Message, payload: etree._Element, sign: Sign | None = None) -> etree._Element:
    """The element for the SOAP body, made of ``payload``, which is used up. Raises ValueError if it does
    not fit.
    """
    if payload.tag != message.element:
        raise ValueError(f"the payload is {payload.tag}, but the contract asks for {message.element}")
    if message.wrapper is None or message.part is None:
        body = payload
        if sign is not None:
            sign(body)
    else:
        body = _wrapped(message.wrapper, message.part, payload, sign)
    problems = message.problems(body)
    if problems:
        raise ValueError(f"the payload does not satisfy the contract: {'; '.join(problems)}")
    return body


def from_body(
    message: Message, body: etree._Element, verify: Verify | None = None
) -> Proven | etree._Element:
    """The payload that ``body`` carries; `Proven` if ``verify`` is given. ``body`` leaves its envelope.

    Raises ValueError if it is not what ``message`` describes, and whatever ``verify`` raises.
    """
    expected = message.wrapper or message.element
    if body.tag != expected:
        raise ValueError(f"the body holds {body.tag}, but the contract promises {expected}")
    problems = message.problems(body)
    if problems:
        raise ValueError("; ".join(problems))
    content = body if message.part is None else next(body.iterchildren(etree.Element))
    if verify is None:
        return _as_document(message, content)
    proven = verify(_detached(content))
    return dataclasses.replace(proven, element=_as_document(message, proven.element))


def _wrapped(wrapper: str, part: str, payload: etree._Element, sign: Sign | None) -> etree._Element:
    space = etree.QName(wrapper).namespace
    spaces = {prefix: uri for prefix, uri in payload.nsmap.items() if prefix is not None}
    if space not in spaces.values():
        spaces[next(name for name in ("op", "op1", "op2") if name not in spaces)] = space or ""
    root = etree.Element(wrapper, nsmap=spaces)
    accessor = _renamed(payload, root, part)
    if sign is not None:
        # Inside the wrapper first, so that prefixes are final; then out: it is signed as its own document.
        root.remove(accessor)
        sign(accessor)
        root.append(accessor)
    return root


def _renamed(element: etree._Element, parent: etree._Element, name: str) -> etree._Element:
    """``element`` under another name as a child of ``parent``. A new node, because renaming keeps
    ``xmlns="…"``.
    """
    renamed = etree.SubElement(parent, name)
    _move(element, renamed)
    return renamed


def _as_document(message: Message, content: etree._Element) -> etree._Element:
    """``content`` as the root of a document, under the name that the contract gives to such documents."""
    if content.tag == message.element:
        return _detached(content)
    space = etree.QName(message.element).namespace
    spaces = {prefix: uri for prefix, uri in content.nsmap.items() if prefix is not None}
    if space is not None and space not in spaces.values():
        spaces[next(name for name in ("d", "d1", "d2") if name not in spaces)] = space
    root = etree.Element(message.element, nsmap=spaces)
    _move(content, root)
    return root


def _move(source: etree._Element, target: etree._Element) -> None:
    target.text = source.text
    for name, value in source.attrib.items():
        target.set(name, value)
    target.extend(list(source))


def _detached(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
    element.tail = None
    return element
