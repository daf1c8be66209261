"""The canonical schemas as plain values: what the explanations, the JSON form and the API description walk
along.

Read once from the XSD files. Only the small part of XML Schema 1.0 that these files use is understood, and
anything else is refused at load, so that nothing in them is silently ignored. Verdicts are libxml2's
(`schemas`); this is for words.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias, cast

from lxml import etree

from signing.xml import parse

Node: TypeAlias = "etree._Element"
"""One element of an XML tree."""

NAMESPACE = "urn:lienthong:1.0"
NSMAP = cast("dict[str, str]", {None: NAMESPACE})
"""Documents are written with the canonical namespace as the default one."""

_XS = "{http://www.w3.org/2001/XMLSchema}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_FACETS = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "minInclusive": "minimum",
    "maxInclusive": "maximum",
}
_BUILT_IN = frozenset({"string", "token", "date", "dateTime", "boolean", "int"})


class UnknownConstruct(Exception):
    """A canonical schema uses a part of XML Schema that the hub does not understand; the text names file and
    line.
    """


@dataclasses.dataclass(frozen=True, slots=True)
class Label:
    """What people call a field, in Vietnamese and English; empty where the schema does not say."""

    vi: str = ""
    en: str = ""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A simple type with the facets of all its restrictions; ``base`` is the built-in type, ``name`` the
    nearest named one.
    """

    base: str
    name: str | None = None
    patterns: tuple[str, ...] = ()
    enumeration: tuple[str, ...] = ()
    min_length: int | None = None
    max_length: int | None = None
    minimum: int | None = None
    maximum: int | None = None


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """An attribute of a leaf, such as ``source``."""

    name: str
    value: Value
    required: bool


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """One place in a sequence: one element, or a choice of one among several."""

    options: tuple[Element, ...]
    minimum: int
    maximum: int | None

    @property
    def many(self) -> bool:
        """Whether the place may be taken more than once."""
        return self.maximum != 1


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Element:
    """An element and all below it.

    A leaf has a ``value``; a group has ``slots`` in schema order, and ``places`` finds one by tag; an
    ``opaque`` element (a signature) has neither and is not looked into.
    """

    name: str
    namespace: str
    label: Label
    type_name: str | None = None
    many: bool = False
    value: Value | None = None
    attributes: tuple[Attribute, ...] = ()
    slots: tuple[Slot, ...] = ()
    places: Mapping[str, tuple[int, Element]] = dataclasses.field(default_factory=dict)
    opaque: bool = False

    @property
    def tag(self) -> str:
        """The name as lxml writes it."""
        return f"{{{self.namespace}}}{self.name}"

    def leaves(self) -> Iterator[Element]:
        """This element if it is a leaf, and every leaf below."""
        if self.value is not None:
            yield self
        for slot in self.slots:
            for option in slot.options:
                yield from option.leaves()


def read_plan(folder: Path) -> Mapping[str, Element]:
    """Every global element of the XSD files in ``folder``, by name. Raises `UnknownConstruct` and OSError."""
    reader = _Reader(sorted(folder.glob("*.xsd")))
    return MappingProxyType({name: reader.element(node) for name, node in reader.elements.items()})


class _Reader:
    """Resolves names across files, then turns declarations into values."""

    def __init__(self, files: Iterable[Path]) -> None:
        self.elements: dict[str, Node] = {}
        self.types: dict[str, Node] = {}
        self.groups: dict[str, Node] = {}
        self.foreign: dict[str, str] = {}
        self.file_of: dict[Node, Path] = {}
        for file in files:
            root = parse(file.read_bytes())
            self.file_of[root] = file
            if root.get("targetNamespace") == NAMESPACE:
                self._globals(root)
            else:
                names = (child.get("name") or "" for child in root.iterfind(f"{_XS}element"))
                self.foreign.update(dict.fromkeys(names, root.get("targetNamespace") or ""))

    def _globals(self, root: Node) -> None:
        homes = {
            "element": self.elements,
            "attributeGroup": self.groups,
            "simpleType": self.types,
            "complexType": self.types,
        }
        for child in root.iterchildren(f"{_XS}*"):
            kind = etree.QName(child).localname
            if kind in homes:
                homes[kind][child.get("name") or ""] = child
            elif kind not in ("annotation", "include", "import"):
                self._refuse(child)

    def _refuse(self, node: Node) -> None:
        file = self.file_of.get(node.getroottree().getroot())
        what = etree.QName(node).localname
        raise UnknownConstruct(f"{file}, line {node.sourceline}: <xs:{what}> is not understood here")

    def element(self, node: Node) -> Element:
        """The element declared by ``node``, or the one it refers to."""
        many = node.get("maxOccurs", "1") != "1"
        if ref := node.get("ref"):
            name = ref.rpartition(":")[2]
            if ":" in ref:
                return Element(name, self.foreign[name], Label("Chữ ký số", "Signature"), opaque=True)
            return dataclasses.replace(self.element(self.elements[name]), many=many)
        type_node = self._type_node(node)
        blank = Element(node.get("name") or "", NAMESPACE, _label(node), node.get("type"), many)
        if type_node is not None and type_node.tag == f"{_XS}complexType":
            return self._complex(blank, type_node)
        return dataclasses.replace(blank, value=self._value(node.get("type"), type_node))

    def _type_node(self, node: Node) -> Node | None:
        if (name := node.get("type")) is not None:
            return self.types.get(name)
        return next(node.iterchildren(f"{_XS}simpleType", f"{_XS}complexType"), None)

    def _complex(self, blank: Element, node: Node) -> Element:
        for child in node.iterchildren(f"{_XS}*"):
            kind = etree.QName(child).localname
            if kind == "sequence":
                slots = tuple(self._slot(particle) for particle in child.iterchildren(f"{_XS}*"))
                places = {
                    option.tag: (at, option) for at, slot in enumerate(slots) for option in slot.options
                }
                return dataclasses.replace(blank, slots=slots, places=MappingProxyType(places))
            if kind == "simpleContent":
                extension = child[0]
                attributes = tuple(self._attributes(extension))
                return dataclasses.replace(
                    blank, value=self._value(extension.get("base"), None), attributes=attributes
                )
            if kind != "annotation":
                self._refuse(child)
        raise UnknownConstruct(f"type of {blank.name} has no content")

    def _slot(self, node: Node) -> Slot:
        least, most = int(node.get("minOccurs", "1")), node.get("maxOccurs", "1")
        maximum = None if most == "unbounded" else int(most)
        kind = etree.QName(node).localname
        if kind == "element":
            return Slot((self.element(node),), least, maximum)
        if kind != "choice":
            self._refuse(node)
        return Slot(
            tuple(self.element(child) for child in node.iterchildren(f"{_XS}element")), least, maximum
        )

    def _attributes(self, node: Node) -> Iterator[Attribute]:
        for child in node.iterchildren(f"{_XS}*"):
            if child.tag == f"{_XS}attributeGroup":
                yield from self._attributes(self.groups[child.get("ref") or ""])
            elif child.tag == f"{_XS}attribute":
                value = self._value(child.get("type"), None)
                yield Attribute(child.get("name") or "", value, child.get("use") == "required")

    def _value(self, name: str | None, node: Node | None) -> Value:
        """The simple type called ``name``, or the anonymous one at ``node``."""
        local = (name or "").removeprefix("xs:")
        if name is not None and local in _BUILT_IN:
            return Value(local)
        node = self.types[local] if name is not None else node
        restriction = next(node.iterchildren(f"{_XS}restriction"), None) if node is not None else None
        if restriction is None:
            raise UnknownConstruct(f"simple type {name or '(anonymous)'} is not a restriction")
        base = self._value(restriction.get("base"), None)
        return self._restricted(dataclasses.replace(base, name=local or base.name), restriction)

    def _restricted(self, value: Value, restriction: Node) -> Value:
        facets: dict[str, list[str]] = {}
        for child in restriction.iterchildren(f"{_XS}*"):
            facets.setdefault(etree.QName(child).localname, []).append(child.get("value") or "")
            if etree.QName(child).localname not in (*_FACETS, "pattern", "enumeration"):
                self._refuse(child)
        patterns = ("|".join(facets["pattern"]),) if "pattern" in facets else ()
        numbers = {field: int(facets[facet][0]) for facet, field in _FACETS.items() if facet in facets}
        enumeration = tuple(facets.get("enumeration", ())) or value.enumeration
        return dataclasses.replace(
            value,
            patterns=value.patterns + patterns,
            enumeration=enumeration,
            **numbers,  # type: ignore[arg-type]
        )


def _label(node: Node) -> Label:
    """The label of an element: its xs:documentation, white space collapsed."""
    texts = {
        documentation.get(_LANG, "en"): " ".join((documentation.text or "").split())
        for documentation in node.iterfind(f"{_XS}annotation/{_XS}documentation")
    }
    return Label(texts.get("vi", ""), texts.get("en", ""))
