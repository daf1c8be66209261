"""A readable difference of two XML documents, by path."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from lxml import etree

from signing import xml


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One place where two documents differ; None stands for nothing there."""

    path: str
    expected: str | None
    actual: str | None

    def __str__(self) -> str:
        """One line for people."""
        if self.expected is None:
            return f"+ {self.path}: {self.actual!r} is not expected"
        if self.actual is None:
            return f"- {self.path}: {self.expected!r} is missing"
        return f"! {self.path}: expected {self.expected!r}, got {self.actual!r}"


def diff(expected: bytes, actual: bytes) -> list[Difference]:
    """Every difference in names, attributes, texts and order; prefixes, comments and layout do not count.

    Raises signing.errors.XmlRefused if one of them is not acceptable XML.
    """
    return list(_elements("", xml.parse(expected), xml.parse(actual)))


def _elements(path: str, one: etree._Element, other: etree._Element) -> Iterator[Difference]:
    here = f"{path}/{etree.QName(one).localname}"
    if one.tag != other.tag:
        yield Difference(here, str(one.tag), str(other.tag))
        return
    for name in sorted({*map(str, one.attrib), *map(str, other.attrib)}):
        if one.get(name) != other.get(name):
            yield Difference(f"{here}/@{name}", one.get(name), other.get(name))
    if _text(one) != _text(other):
        yield Difference(here, _text(one), _text(other))
    yield from _children(here, one, other)


def _children(path: str, one: etree._Element, other: etree._Element) -> Iterator[Difference]:
    """Children matched by name and number, so that one missing element does not spoil the rest."""
    left, right = _numbered(one), _numbered(other)
    for key, child in left.items():
        if key in right:
            yield from _elements(f"{path}{_index(key, left, right)}", child, right[key])
        else:
            yield Difference(f"{path}/{_name(key)}", _summary(child), None)
    for key, child in right.items():
        if key not in left:
            yield Difference(f"{path}/{_name(key)}", None, _summary(child))
    if list(left) != list(right) and set(left) == set(right):
        yield Difference(path, " ".join(map(_name, left)), " ".join(map(_name, right)))


Key = tuple[str, int]


def _numbered(element: etree._Element) -> dict[Key, etree._Element]:
    counts: dict[str, int] = {}
    found: dict[Key, etree._Element] = {}
    for child in element.iterchildren(etree.Element):
        tag = str(child.tag)
        counts[tag] = counts.get(tag, 0) + 1
        found[(tag, counts[tag])] = child
    return found


def _index(key: Key, *sides: dict[Key, etree._Element]) -> str:
    """The number of a repeated element, put before the step that names it."""
    return f"[{key[1]}]" if any((key[0], 2) in side for side in sides) else ""


def _name(key: Key) -> str:
    return f"{etree.QName(key[0]).localname}[{key[1]}]" if key[1] > 1 else etree.QName(key[0]).localname


def _text(element: etree._Element) -> str:
    own = element.text or ""
    return own if len(element) == 0 else own.strip()


def _summary(element: etree._Element) -> str:
    return _text(element) if len(element) == 0 else f"element with {len(element)} children"
