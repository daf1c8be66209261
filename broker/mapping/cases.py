"""Golden cases: what a mapping must do, kept beside it and run by pytest, the command line and the console.

``cases/<name>.in.xml`` maps to ``cases/<name>.out.xml``. An optional ``cases/<name>.yaml`` gives the day
(``on``), the parameters (``params``), files by name below the cases folder (``blobs``) and, for a document
that must be refused, the fields that must be named (``refused``; then there is no ``.out.xml``).
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, cast

from lxml import etree

from broker.mapping.diff import Difference, diff
from broker.mapping.errors import Finding, MappingError, MappingFault, Problem
from broker.mapping.mapping import Mapping
from broker.mapping.yamltree import Items, Node, Table, Text, read
from signing import xml

_KEYS = {"on", "params", "blobs", "refused", "summary"}


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One golden case."""

    name: str
    source: Path
    expected: Path
    on: date
    params: dict[str, str]
    blobs: dict[str, bytes]
    refused: tuple[str, ...]
    summary: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What came of a case; passed if there is nothing to tell."""

    case: Case
    output: bytes | None
    differences: tuple[Difference, ...] = ()
    problems: tuple[Problem, ...] = ()
    complaint: str = ""

    @property
    def passed(self) -> bool:
        """True if the mapping did what the case says."""
        return not (self.differences or self.complaint)

    def __str__(self) -> str:
        """Why the case failed, a line for each reason."""
        lines = [self.complaint] if self.complaint else []
        lines += [str(one) for one in self.differences]
        lines += [f"  {one.path}: {one.message_en}" for one in self.problems]
        return "\n".join([f"{self.case.name}: {'passed' if self.passed else 'failed'}", *lines])


def cases(mapping: Mapping) -> Iterator[Case]:
    """The cases of a mapping, in order of their names. Raises MappingFault for a malformed side file."""
    for source in sorted((mapping.file.parent / "cases").glob("*.in.xml")):
        yield _case(source, mapping)


def _case(source: Path, mapping: Mapping) -> Case:
    name = source.name.removesuffix(".in.xml")
    side = source.with_name(f"{name}.yaml")
    tree = read(side) if side.is_file() else Table({}, {}, 1)
    unknown = sorted(tree.values.keys() - _KEYS)
    if unknown:
        wanted = f"Use {', '.join(sorted(_KEYS))}."
        raise MappingFault(
            [Finding(str(side), tree.line_of(unknown[0]), unknown[0], "is not a key of a case", wanted)]
        )
    day = _text(tree.get("on"))
    return Case(
        name,
        source,
        source.with_name(f"{name}.out.xml"),
        date.fromisoformat(day) if day else max(mapping.header.start, date(2025, 7, 1)),
        _texts(tree.get("params")),
        _blobs(tree.get("blobs"), source.parent),
        tuple(_text(item) for item in _items(tree.get("refused"))),
        _text(tree.get("summary")),
    )


def _text(node: Node | None) -> str:
    return node.value if isinstance(node, Text) and not node.empty else ""


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.values if isinstance(node, Items) else ()


def _texts(node: Node | None) -> dict[str, str]:
    return {key: _text(value) for key, value in node.values.items()} if isinstance(node, Table) else {}


def _blobs(node: Node | None, folder: Path) -> dict[str, bytes]:
    data = [(folder / _text(item)).read_bytes() for item in _items(node)]
    return {hashlib.sha256(one).hexdigest(): one for one in data}


def run_case(mapping: Mapping, case: Case) -> Result:
    """Run one case. Raises nothing for what the mapping does."""
    fault = _source_fault(mapping, case)
    if fault:
        return Result(case, None, complaint=fault)
    lookup: Callable[[str], bytes] = case.blobs.__getitem__
    try:
        output = mapping.run(case.source.read_bytes(), on=case.on, params=case.params, blobs=lookup)
    except MappingError as error:
        return _refused(case, error.problems)
    if case.refused:
        return Result(case, output, complaint="the document is mapped, but the case says that it is refused")
    if not case.expected.is_file():
        return Result(case, output, complaint=f"there is no {case.expected.name}")
    return Result(case, output, tuple(diff(case.expected.read_bytes(), output)))


def _source_fault(mapping: Mapping, case: Case) -> str:
    """A case whose source is not valid proves nothing."""
    schema = etree.XMLSchema(file=str(mapping.header.source.schema))
    if schema.validate(xml.parse(case.source.read_bytes())):
        return ""
    return f"the source is not valid: {cast('Any', schema.error_log).last_error}"


def _refused(case: Case, problems: tuple[Problem, ...]) -> Result:
    named = {problem.path for problem in problems}
    if named == set(case.refused):
        return Result(case, None, problems=problems)
    wanted = f"expected {', '.join(case.refused)}" if case.refused else "expected none"
    return Result(
        case, None, problems=problems, complaint=f"refused for {', '.join(sorted(named))}; {wanted}"
    )
