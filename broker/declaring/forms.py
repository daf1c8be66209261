"""An agency's document as people read it: line by line in the order of the form, with labels and meanings."""

from __future__ import annotations

import base64
import binascii
import copy
import dataclasses
from collections.abc import Iterator, Mapping
from datetime import date

from lxml import etree

from broker.canonical.document import text_at
from broker.canonical.edit import place_of
from broker.canonical.explain import named
from broker.canonical.plan import Element, Node
from broker.declaring.meanings import Meanings
from broker.declaring.trace import Trace
from broker.mapping import Mapping as AgencyMapping
from broker.mapping import lineage
from signing.xml import parse, serialize

_LONG = 400
"""Texts of a form are shorter than this; what is longer is a file's content."""


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One line of a form. ``field`` is where in the declaration it came from; ``pending``: still to come."""

    path: str
    label: str
    value: str
    meaning: str | None = None
    field: str | None = None
    pending: bool = False


class Reader:
    """Reads agencies' documents back into lines."""

    def __init__(self, plan: Element, trace: Trace, meanings: Meanings, on: date) -> None:
        """``plan`` is that of the declaration; ``on`` the day of receipt."""
        self._plan = plan
        self._trace = trace
        self._meanings = meanings
        self._on = on

    def lines(
        self, document: bytes, mapping: AgencyMapping, declaration: Node, office: str, *, pending: bool = True
    ) -> tuple[Line, ...]:
        """What the document says about the citizen's matter; keys and dates of the exchange are left out.

        ``office``: where the declaration names the unit that gets the document; ``pending``: what comes from a result
        is a placeholder.
        """
        origins: dict[str, tuple[str, ...]] = {}
        for one in lineage(mapping):
            origins[one.target] = (*origins.get(one.target, ()), *one.sources)
        found = []
        for path, text in _leaves(parse(document), ""):
            line = self._line(path, text, origins.get(path, ()), declaration, office)
            if line is not None:
                found.append(dataclasses.replace(line, pending=line.pending and pending))
        return tuple(found)

    def _line(
        self, path: str, text: str, sources: tuple[str, ...], declaration: Node, office: str
    ) -> Line | None:
        paths = self._trace.fields(sources)
        # Several steps may share a mapping: what it says of the unit that acts is said of this step's.
        paths = tuple(one for one in paths if one.startswith(f"{office}/")) or paths
        if self._trace.pending(sources):
            if _last(sources[0]) == _FILE:
                return None
            return Line(path, _last(sources[0]), text, pending=True)
        if not paths:
            return None
        given = [one for one in paths if text_at(declaration, one)] or list(paths)
        field = given[0]
        label = self._trace.label(field if len(given) == 1 else self._trace.common(given)).vi
        meaning = None
        if len(given) == 1:
            meaning = self._meanings.of(self._plan, field, text_at(declaration, field) or "", self._on)
        return Line(path, label[:1].upper() + label[1:], text, meaning if meaning != text else None, field)


def declared(plan: Element, declaration: Node, meanings: Meanings, on: date) -> list[tuple[str, list[Line]]]:
    """The declaration itself, block by block: heading and lines."""
    found: list[tuple[str, list[Line]]] = []
    for block in declaration.iterchildren(etree.Element):
        below = plan.places.get(str(block.tag))
        if below is None:
            continue
        lines = list(_declared(_Declared(plan, meanings, on), block, below[1].name))
        found.append((below[1].label.vi or below[1].name, lines))
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class _Declared:
    """How the fields of a declaration are told."""

    plan: Element
    meanings: Meanings
    on: date

    def line(self, path: str, value: str, meaning: str | None = None) -> Line:
        """A line under the name of the field."""
        label = named(self.plan, path).vi
        return Line(path, label[:1].upper() + label[1:], value, meaning, path)

    def said(self, path: str, text: str) -> str | None:
        """What a code means."""
        return self.meanings.of(self.plan, path, text, self.on)


def _declared(told: _Declared, node: Node, path: str) -> Iterator[Line]:
    """A line for each field; a name and a place are one line each, and elements of one name are numbered."""
    parts = {etree.QName(child).localname: (child.text or "").strip() for child in node if not len(child)}
    if len(parts) == len(node) and set(parts) <= set(_NAME):
        yield told.line(path, " ".join(parts[name] for name in _NAME if parts.get(name)))
        return
    if len(parts) == len(node) and set(parts) <= set(_PLACE) and "Province" in parts:
        words = [told.said(f"{path}/{name}", parts[name]) or parts[name] for name in _PLACE if name in parts]
        yield told.line(path, ", ".join(words))
        return
    for child in node.iterchildren(etree.Element):
        below = f"{path}/{place_of(child)}"
        text = (child.text or "").strip()
        if len(child):
            yield from _declared(told, child, below)
        elif text and _last(below) not in _UNREAD:
            yield told.line(below, text, told.said(below, text))


_NAME = ("Family", "Middle", "Given")
_PLACE = ("Detail", "Commune", "Province", "Country", "ResultDelivery")


def _leaves(node: Node, prefix: str) -> Iterator[tuple[str, str]]:
    """Path and text of each attribute and element that holds text; a document inside a text is looked into."""
    for child in node.iterchildren(etree.Element):
        path = prefix + etree.QName(child).localname
        yield from (
            (f"{path}/@{etree.QName(name).localname}", str(text)) for name, text in child.attrib.items()
        )
        text = (child.text or "").strip()
        if len(child):
            yield from _leaves(child, f"{path}/")
        elif text.startswith("<") and text.endswith(">"):
            yield from _leaves(parse(text.encode()), f"{path}//")
        elif text:
            yield path, shortened(text)


def shortened(text: str) -> str:
    """The text; the content of a file is told by its size instead."""
    size = None if len(text) < _LONG else _decoded_size(text)
    return text if size is None else f"[{size} byte]"


def readable(document: bytes) -> str:
    """The document indented, with contents of files told by their size."""
    root = copy.deepcopy(parse(document))
    for element in root.iter(etree.Element):
        if element.text and not len(element):
            element.text = shortened(element.text)
    etree.indent(root)
    return serialize(root).decode()


def _decoded_size(text: str) -> int | None:
    try:
        return len(base64.b64decode("".join(text.split()), validate=True))
    except (binascii.Error, ValueError):
        return None


_FILE = "SHA256"
"""Hash and content of a paper that is still to come: nothing to read."""
_UNREAD = frozenset({"SHA256", "Size", "MediaType"})
"""What of a file says nothing to people."""
_NAMES: Mapping[str, str] = {
    "PersonalNumber": "Số định danh cá nhân (cấp khi đăng ký)",
    "Number": "Số đăng ký (có khi đăng ký)",
    "Book": "Quyển số (có khi đăng ký)",
    "Page": "Trang số (có khi đăng ký)",
    "RegisteredOn": "Ngày đăng ký (có khi đăng ký)",
    "Kind": "Loại giấy tờ kết quả (có khi đăng ký)",
    "FileName": "Tên tệp của giấy tờ kết quả (có khi đăng ký)",
}


def _last(source: str) -> str:
    name = source.rpartition("/")[2]
    return _NAMES.get(name, name)
