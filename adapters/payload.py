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
from signing.xml import Limits, parse, serialize

Sign = Callable[[etree._Element], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Proven:
    """An element that a signature covered, and the subject of the certificate that made it."""

    element: etree._Element
    signer: str


_WITHIN_BOUNDS = Limits(size=2**31, tags=2**31, names=2**31, namespaces=2**31)  # parsed before, within bounds

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
    """The payload that ``body`` carries; `Proven` if ``verify`` is given.

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
    proven = verify(_own_document(content))
    return dataclasses.replace(proven, element=_as_document(message, proven.element))


def _wrapped(wrapper: str, part: str, payload: etree._Element, sign: Sign | None) -> etree._Element:
    """The rpc wrapper around ``payload`` in the dress of its part accessor."""
    spaces = _spaces(payload, etree.QName(wrapper).namespace, "op")
    # A new node, because a renamed one would keep xmlns="…"; a document of its own, because it is signed as
    # such. Both declare the same prefixes, so that joining them changes none and the signature holds.
    accessor = etree.Element(part, nsmap=spaces)
    _move(payload, accessor)
    if sign is not None:
        sign(accessor)
    root = etree.Element(wrapper, nsmap=spaces)
    root.append(accessor)
    return root


def _as_document(message: Message, content: etree._Element) -> etree._Element:
    """``content`` under the name that the contract gives to such documents."""
    if content.tag == message.element:
        return content
    root = etree.Element(message.element, nsmap=_spaces(content, etree.QName(message.element).namespace, "d"))
    _move(content, root)
    return root


def _spaces(element: etree._Element, also: str | None, prefix: str) -> dict[str, str]:
    """Namespaces in scope, one prefix each and no default, with ``also`` among them."""
    prefixes: dict[str, str] = {}
    for known, uri in element.nsmap.items():
        if known is not None:
            prefixes.setdefault(uri, known)
    if also is not None and also not in prefixes:
        taken = set(prefixes.values())
        prefixes[also] = next(name for name in (prefix, f"{prefix}-", f"{prefix}--") if name not in taken)
    return {known: uri for uri, known in prefixes.items()}


def _move(source: etree._Element, target: etree._Element) -> None:
    target.text = source.text
    for name, value in source.attrib.items():
        target.set(name, value)
    target.extend(list(source))


def _own_document(element: etree._Element) -> etree._Element:
    """A copy with every namespace in scope, as a document: what the signer of the part had before them."""
    return parse(serialize(element), limits=_WITHIN_BOUNDS)
