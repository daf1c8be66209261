"""The head of a mapping file: name, validity, schemas, parameters and code tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from broker.mapping import codes, dates, schema, simpletypes
from broker.mapping.errors import Findings, MappingFault
from broker.mapping.rules import Parameter
from broker.mapping.schema import Field, SchemaFault
from broker.mapping.yamltree import Items, Node, Table, Text

KEYS = {"mapping", "summary", "valid", "zone", "source", "target", "params", "tables", "map", "drops"}
VIETNAM = timedelta(hours=7)


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """One end of a mapping: a schema file and the root element of its documents."""

    schema: Path
    root: Field


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    """Everything about a mapping but its rules. ``start`` and ``end`` are inclusive days."""

    name: str
    summary: str
    start: date
    end: date
    zone: timedelta
    source: Document
    target: Document
    params: Mapping[str, Parameter]
    tables: Mapping[str, codes.CodeTable]


def text(node: Node | None) -> str:
    """The text of a scalar, empty for anything else."""
    return node.value if isinstance(node, Text) and not node.empty else ""


def read(tree: Table, findings: Findings, path: Path, project: Path) -> Header | None:
    """The head of the mapping in ``tree``; None, with findings, if it cannot be made out."""
    for key in tree.values.keys() - KEYS:
        findings.error(tree.line_of(key), key, "is not a key of a mapping", f"Use {', '.join(sorted(KEYS))}.")
    name = text(tree.get("mapping"))
    if name != path.parent.name:
        findings.error(
            tree.line_of("mapping"), "mapping", f"must be {path.parent.name!r}", "Name it as its folder."
        )
    start, end = _validity(tree, findings)
    source = document(tree.get("source"), "source", tree, findings, project)
    target = document(tree.get("target"), "target", tree, findings, project)
    params = _params(tree.get("params"), findings, project)
    tables = _tables(tree.get("tables"), findings, project)
    zone = _zone(tree, findings)
    if source is None or target is None:
        return None
    return Header(name, text(tree.get("summary")), start, end, zone, source, target, params, tables)


def document(
    node: Node | None, field: str, tree: Table, findings: Findings, project: Path
) -> Document | None:
    """The schema and root element named by ``{schema: …, element: …}``."""
    if not isinstance(node, Table) or {"schema", "element"} - node.values.keys():
        findings.error(
            tree.line_of(field), field, "is missing", "Write {schema: file below xsd/, element: name}."
        )
        return None
    folder = project / "xsd"
    path = (folder / text(node.get("schema"))).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        findings.error(
            node.line_of("schema"),
            field,
            f"there is no {text(node.get('schema'))} below xsd/",
            "Check the path.",
        )
        return None
    try:
        return Document(path, schema.root(path, folder, text(node.get("element"))))
    except SchemaFault as error:
        findings.error(node.line_of("element"), field, str(error), "Check the schema and the element.")
        return None


def _validity(tree: Table, findings: Findings) -> tuple[date, date]:
    node = tree.get("valid")
    if not isinstance(node, Table):
        findings.error(tree.line_of("valid"), "valid", "is missing", "Write {from: 2025-07-01, until: null}.")
        return codes.ALL_TIME
    try:
        start, end = codes.day(node.get("from"), date.min), codes.day(node.get("until"), date.max)
    except ValueError:
        findings.error(node.line, "valid", "has a date that does not exist", "Write dates as 2025-07-01.")
        return codes.ALL_TIME
    if end < start:
        findings.error(node.line, "valid", "ends before it begins", "Swap from and until.")
    return start, end


def _zone(tree: Table, findings: Findings) -> timedelta:
    written = text(tree.get("zone"))
    try:
        return dates.parse_zone(written) if written else VIETNAM
    except dates.DateRefused as error:
        findings.error(tree.line_of("zone"), "zone", str(error), "Write an offset such as +07:00.")
        return VIETNAM


def _params(node: Node | None, findings: Findings, project: Path) -> dict[str, Parameter]:
    found: dict[str, Parameter] = {}
    for name, value in node.values.items() if isinstance(node, Table) else ():
        kind, optional = text(value), False
        if isinstance(value, Table):
            kind, optional = text(value.get("type")), text(value.get("optional")) == "true"
        xsd_type = _type(kind, project)
        if xsd_type is None:
            findings.error(
                value.line, name, f"has no type {kind!r}", "Use a built-in XSD type or file.xsd#Type."
            )
        else:
            empty = simpletypes.accepts_empty(xsd_type)
            found[name] = Parameter(name, simpletypes.space(xsd_type), optional, empty)
    return found


def _type(kind: str, project: Path) -> object | None:
    file, _, name = kind.rpartition("#")
    if not file:
        builtin: object | None = simpletypes.builtin(kind)
        return builtin
    try:
        loaded = schema.load(project / "xsd" / file, project / "xsd")
    except SchemaFault:
        return None
    found = loaded.types.get(name)
    return found if found is not None and found.is_simple() else None


def _tables(node: Node | None, findings: Findings, project: Path) -> dict[str, codes.CodeTable]:
    found: dict[str, codes.CodeTable] = {}
    for item in node if isinstance(node, Items) else ():
        name = text(item)
        path = project / "mappings" / "codes" / f"{name}.yaml"
        if not path.is_file():
            findings.error(item.line, name, f"there is no code table mappings/codes/{name}.yaml", "Write it.")
            continue
        try:
            found[name] = codes.load(path, project)
        except MappingFault as fault:
            findings.items.extend(fault.findings)
    return found
