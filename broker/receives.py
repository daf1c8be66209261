"""What an agency gets to know: every canonical field that reaches it, by which mapping and in which of its own fields.

Taken from the lineage of the mappings that lead to the agency, so that it says what happens and not what was meant.
Whoever widens what an agency receives widens this list, where it is seen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from broker.config.project import Project
from broker.mapping import collection, report, schema
from broker.mapping.mapping import Mapping, load
from broker.mapping.schema import Field

_PLAIN = {"notice": ("notice.xsd", "Notice"), "result": ("step.xsd", "StepResult")}
"""Logical operations that may go without a mapping → schema and element of their canonical document."""


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Received:
    """One canonical field that reaches an agency. ``label`` is the field's name in Vietnamese."""

    document: str
    source: str
    label: str
    mapping: str
    targets: tuple[str, ...]


def outbound(project: Project, agency: str) -> tuple[str, ...]:
    """Names of the mappings whose documents go to the agency, sorted."""
    config = project.agencies[agency]
    steps = {
        step.mapping
        for process in project.processes.values()
        for rules in process.rule_sets
        for step in rules.steps
        if step.agency == agency
    }
    operations = {one.request for one in config.operations.values()}
    answers = {one.answer for one in config.callbacks.values()}
    return tuple(sorted(name for name in {*steps, *operations, *answers} if name is not None))


def receives(project: Project, agency: str) -> list[Received]:
    """Every field that reaches the agency, by canonical document and field. Raises MappingFault, KeyError."""
    names = set(outbound(project, agency))
    files = [file for file in collection.files(project.folder) if file.parent.name in names]
    mapped = [one for file in files for one in _fields(load(file, project.folder))]
    operations = project.agencies[agency].operations.items()
    plain = [logical for logical, one in operations if one.request is None and logical in _PLAIN]
    return sorted([*mapped, *(one for logical in plain for one in _whole(project, logical))])


def fields(found: Sequence[Received]) -> list[str]:
    """The fields alone, each once with its label: what is compared from one version to the next."""
    return sorted({f"{one.document}/{one.source}\t{one.label}" for one in found})


def _fields(mapping: Mapping) -> Iterator[Received]:
    root = mapping.header.source.root
    for covered in report.coverage(mapping):
        field = root.find(covered.source)
        if not covered.targets:
            continue
        label = _label(field) if field is not None else ""
        yield Received(root.name, covered.source, label, mapping.name, tuple(sorted(covered.targets)))


def _whole(project: Project, logical: str) -> Iterator[Received]:
    """A canonical document that goes as it is: all of its fields."""
    file, element = _PLAIN[logical]
    schemas = project.folder / "xsd"
    for field in schema.root(schemas / "lienthong/1.0" / file, schemas, element).leaves():
        yield Received(element, field.path, _label(field), "(as it is)", (field.path,))


def _label(field: Field) -> str:
    return " › ".join(one.label("vi") for one in reversed(list(field.ancestors())) if one.path)


def write(project: Project, folder: Path) -> list[Path]:
    """Write the fields of every agency to ``folder``, a file each; gives the files that changed."""
    changed = []
    for agency in sorted(project.agencies):
        file, text = folder / f"{agency}.txt", "\n".join(fields(receives(project, agency))) + "\n"
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            changed.append(file)
    return changed
