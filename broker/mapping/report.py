"""What a mapping does, told as data: lineage, coverage, and the checks left for run time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from lxml import etree

from broker.mapping.checks import RuntimeCheck, sources_of
from broker.mapping.conditions import ALWAYS
from broker.mapping.coverage import used_refs
from broker.mapping.mapping import Mapping
from broker.mapping.presence import written
from broker.mapping.rules import Block, Const, Embedded, Expression, Param, Read, operands


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """Where one target field comes from. ``how`` tells the steps in between, outermost first."""

    target: str
    sources: tuple[str, ...]
    how: str
    conditional: bool
    line: int


@dataclasses.dataclass(frozen=True, slots=True)
class Covered:
    """What becomes of one source field: ``mapped`` to targets, or ``dropped`` for a reason."""

    source: str
    targets: tuple[str, ...]
    dropped: str | None


def lineage(mapping: Mapping) -> list[Line]:
    """One line for each target field that is written, in document order."""
    return list(_lines(mapping.block))


def _lines(root: Block) -> Iterator[Line]:
    for block in root.blocks():
        if block.value is None:
            continue
        sources = tuple(dict.fromkeys(sources_of(block)))
        conditional = block.each is not None or written(block) != ALWAYS
        yield Line(block.target.path or ".", sources, describe(block.value), conditional, block.line)
        if isinstance(block.value, Embedded):
            for inner in _lines(block.value.block):
                yield dataclasses.replace(inner, target=f"{block.target.path}//{inner.target}")


def describe(expression: Expression) -> str:
    """An expression in a few words: ``join(date(…), const)``."""
    match expression:
        case Const(text):
            return f"constant {text!r}"
        case Param(parameter):
            return f"parameter {parameter.name}"
        case Read():
            return "copy"
    inner = [describe(part) for part in operands(expression)]
    name = type(expression).__name__.lower()
    shown = [part for part in inner if part != "copy"]
    return f"{name}({', '.join(shown)})" if shown else name


def coverage(mapping: Mapping) -> list[Covered]:
    """One entry for each source field."""
    targets: dict[str, list[str]] = {}
    for line in lineage(mapping):
        for source in line.sources:
            targets.setdefault(source, []).append(line.target)
    tested = {ref.path for ref in used_refs(mapping.block)}
    found = []
    for leaf in mapping.header.source.root.leaves():
        path = leaf.path or "."
        into = tuple(targets.get(path, ())) or (("(condition)",) if path in tested else ())
        found.append(Covered(path, into, None if into else mapping.drops.reason(leaf)))
    return found


def runtime_checks(mapping: Mapping) -> list[RuntimeCheck]:
    """What could not be proved and is checked for each document."""
    return sorted(mapping.checks.values(), key=lambda check: (check.line, check.name))


def stylesheet(mapping: Mapping) -> str:
    """The generated XSLT, indented."""
    return etree.tostring(mapping.stylesheet, pretty_print=True, encoding="unicode")
