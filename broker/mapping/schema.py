"""A schema seen as a tree of fields: what a document of one root element may contain, and how often.

Built once with the ``xmlschema`` package, which reads files only from below the schema folder. Named types,
extension, restriction, imports and includes are already resolved by it; substitution groups and wildcards are
not followed. Children are worked out when first asked for, so a recursive type costs nothing until somebody
descends into it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

import xmlschema
from xmlschema.validators import XsdAttribute, XsdElement, XsdGroup

from broker.mapping import simpletypes
from broker.mapping.values import Space

DEPTH = 24
"""Levels below the root that are looked at; deeper ones count as recursion."""


class SchemaFault(ValueError):
    """The schema cannot be read, or has no such element."""


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """A content model group: its members and how often it occurs; ``maximum`` None is without bound."""

    kind: Literal["sequence", "choice", "all"]
    members: tuple[Field | Group, ...]
    minimum: int
    maximum: int | None


class Field:
    """An element or attribute at one place of a document. Compared by identity: each place has one `Field`.

    ``minimum`` and ``maximum`` count occurrences within the content model group it stands in.
    """

    def __init__(self, xsd: Any, parent: Field | None) -> None:
        """``xsd`` is the declaration of the xmlschema package."""
        self.xsd = xsd
        self.parent = parent
        self.attribute = isinstance(xsd, XsdAttribute)
        self.qname: str = xsd.name
        self.name: str = ("@" if self.attribute else "") + xsd.local_name
        self.minimum = int(xsd.use == "required") if self.attribute else xsd.min_occurs
        self.maximum: int | None = 1 if self.attribute else xsd.max_occurs
        self.depth: int = 0 if parent is None else parent.depth + 1

    def __repr__(self) -> str:
        return f"Field({self.path or self.name})"

    @functools.cached_property
    def path(self) -> str:
        """Local names from below the root, ``Child/Name/@source``; empty for the root."""
        if self.parent is None:
            return ""
        return f"{self.parent.path}/{self.name}" if self.parent.path else self.name

    def label(self, language: str) -> str:
        """What the schema's documentation calls the field in a language; its name if nothing is said."""
        for text in _documentation(self.xsd, language):
            return text
        return str(self.name)

    @property
    def simple(self) -> Any:
        """The simple type of the text, None if the element holds elements only."""
        kind = self.xsd.type
        if kind.is_simple():
            return kind
        return kind.content if kind.has_simple_content() else None

    @functools.cached_property
    def space(self) -> Space | None:
        """The non-empty texts allowed here, None if the element holds elements only."""
        return None if self.simple is None else simpletypes.space(self.simple)

    @functools.cached_property
    def may_be_empty(self) -> bool:
        """True if the element may be there without text."""
        return self.simple is not None and simpletypes.accepts_empty(self.simple)

    @property
    def blanks(self) -> str:
        """White space processing of the text: preserve, replace or collapse."""
        return str(getattr(self.simple, "white_space", None) or "preserve")

    @functools.cached_property
    def content(self) -> Group | None:
        """The content model, None for text-only and empty elements."""
        kind = None if self.attribute else self.xsd.type
        if kind is None or kind.is_simple() or kind.has_simple_content() or self.recursive:
            return None
        return self._group(kind.content)

    @functools.cached_property
    def recursive(self) -> bool:
        """True if the content is not looked into: too deep, or the declaration contains itself."""
        above = self.ancestors()
        next(above)
        return self.depth >= DEPTH or any(
            one.xsd.type is self.xsd.type and one.simple is None for one in above
        )

    @functools.cached_property
    def attributes(self) -> tuple[Field, ...]:
        """The attributes, without those that are prohibited."""
        if self.attribute or self.xsd.type.is_simple():
            return ()
        declared = self.xsd.attributes.values()
        return tuple(
            Field(xsd, self) for xsd in declared if isinstance(xsd, XsdAttribute) and xsd.use != "prohibited"
        )

    @functools.cached_property
    def children(self) -> dict[str, Field]:
        """Elements and attributes directly below, by name; a name used twice keeps its first place."""
        found: dict[str, Field] = {}
        for field in (*self.attributes, *(fields_of(self.content) if self.content else ())):
            found.setdefault(field.name, field)
        return found

    def ancestors(self) -> Iterator[Field]:
        """The field itself, its parent, and so on up to the root."""
        field: Field | None = self
        while field is not None:
            yield field
            field = field.parent

    def leaves(self) -> Iterator[Field]:
        """Every field below that holds text, the field itself included."""
        if self.space is not None:
            yield self
        for child in self.children.values():
            yield from child.leaves()

    def below(self) -> Iterator[Field]:
        """Every field below, elements and attributes, the field itself left out."""
        for child in self.children.values():
            yield child
            yield from child.below()

    def find(self, path: str) -> Field | None:
        """The field at ``path`` below this one; ``.`` is the field itself."""
        field: Field | None = self
        for step in path.split("/") if path not in ("", ".") else ():
            field = field.children.get(step) if field is not None else None
        return field

    def _group(self, xsd: XsdGroup) -> Group:
        members: list[Field | Group] = []
        for member in xsd:
            if isinstance(member, XsdGroup):
                members.append(self._group(member))
            elif isinstance(member, XsdElement):
                members.append(Field(member, self))
        return Group(cast(Any, xsd.model), tuple(members), xsd.min_occurs, xsd.max_occurs)


def _documentation(xsd: Any, language: str) -> Iterator[str]:
    notes = getattr(xsd, "annotation", None)
    for note in notes.documentation if notes is not None else ():
        if note.get("{http://www.w3.org/XML/1998/namespace}lang") == language and note.text:
            yield " ".join(note.text.split())


def fields_of(group: Group) -> Iterator[Field]:
    """The elements of a content model in document order."""
    for member in group.members:
        if isinstance(member, Field):
            yield member
        else:
            yield from fields_of(member)


def unconditional(field: Field) -> bool:
    """True if the element or attribute is there whenever its parent is, by the schema alone."""
    if field.attribute or field.parent is None or field.parent.content is None:
        return field.minimum > 0
    return _always(field.parent.content, field)


def _always(group: Group, field: Field) -> bool:
    if group.minimum == 0 or (group.kind == "choice" and len(group.members) > 1):
        return False
    for member in group.members:
        if member is field:
            return field.minimum > 0
        if isinstance(member, Group) and field in fields_of(member):
            return _always(member, field)
    return False


def occurrences(field: Field, start: Field) -> tuple[int, int | None]:
    """How often ``field`` can occur below one ``start``: the product of the steps between; (least, most)."""
    least, most = 1, 1
    unbounded = False
    for step in field.ancestors():
        if step is start:
            break
        least *= step.minimum if unconditional(step) else 0
        group_most = _group_maximum(step)
        unbounded = unbounded or step.maximum is None or group_most is None
        most *= (step.maximum or 1) * (group_most or 1)
    return least, None if unbounded else most


def _group_maximum(field: Field) -> int | None:
    """How often the groups around the element repeat it."""
    if field.attribute or field.parent is None or field.parent.content is None:
        return 1
    most = 1
    group: Group | None = field.parent.content
    while group is not None:
        if group.maximum is None:
            return None
        most *= group.maximum
        inner = (m for m in group.members if isinstance(m, Group) and field in fields_of(m))
        group = next(inner, None)
    return most


@functools.lru_cache(maxsize=32)
def load(path: Path, folder: Path) -> xmlschema.XMLSchema10:
    """The schema in ``path``; what it imports must lie below ``folder``. Raises SchemaFault."""
    try:
        return xmlschema.XMLSchema10(str(path), base_url=str(folder), allow="sandbox")
    except OSError as error:
        raise SchemaFault(f"{path.name} cannot be read") from error
    except (xmlschema.XMLSchemaException, ValueError) as error:
        raise SchemaFault(f"{path.name} is not a usable schema: {str(error).splitlines()[0]}") from error


def root(path: Path, folder: Path, element: str) -> Field:
    """The field of a global element, named ``{namespace}local`` or by local name. Raises SchemaFault."""
    schema = load(path, folder)
    name = element if element.startswith("{") else f"{{{schema.target_namespace}}}{element}"
    if schema.target_namespace == "" and not element.startswith("{"):
        name = element
    declared = schema.maps.elements.get(name) if hasattr(schema.maps.elements, "get") else None
    if declared is None:
        known = ", ".join(sorted(key.rpartition("}")[2] for key in schema.elements)) or "none"
        raise SchemaFault(f"{path.name} has no element {element}; it has {known}")
    return Field(declared, None)
