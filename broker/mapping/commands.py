"""What the command line and the console ask of mappings; plain data in, plain data out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from collections.abc import Mapping as Dictionary
from datetime import date
from pathlib import Path

from broker.mapping import report
from broker.mapping.cases import Result, cases, run_case
from broker.mapping.checks import RuntimeCheck
from broker.mapping.collection import check_all, files
from broker.mapping.diff import Difference, diff
from broker.mapping.errors import Finding, MappingError, Problem
from broker.mapping.mapping import Mapping, load, prepare
from broker.mapping.report import Covered, Line


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """All there is to know about one mapping."""

    name: str
    summary: str
    valid: tuple[date, date]
    lineage: tuple[Line, ...]
    coverage: tuple[Covered, ...]
    checks: tuple[RuntimeCheck, ...]
    xslt: str


@dataclasses.dataclass(frozen=True, slots=True)
class DryRun:
    """What a mapping makes of one document, and how that differs from what was expected."""

    output: bytes | None
    problems: tuple[Problem, ...]
    differences: tuple[Difference, ...]


def names(project: Path) -> list[str]:
    """The name of every mapping of a project, sorted."""
    return sorted({file.parent.name for file in files(project)})


def check(project: Path, name: str | None = None) -> list[Finding]:
    """The findings of one mapping, or of all of them with their validity."""
    if name is None:
        return check_all(project)
    return [finding for file in _versions(project, name) for finding in prepare(file, project).findings]


def show(project: Path, name: str) -> list[Shown]:
    """Lineage, coverage, run-time checks and stylesheet of each version of a mapping.

    Raises MappingFault if it does not pass its checks, LookupError if there is no such mapping.
    """
    return [_shown(load(file, project)) for file in _versions(project, name)]


def _shown(mapping: Mapping) -> Shown:
    return Shown(
        mapping.name,
        mapping.header.summary,
        (mapping.header.start, mapping.header.end),
        tuple(report.lineage(mapping)),
        tuple(report.coverage(mapping)),
        tuple(report.runtime_checks(mapping)),
        report.stylesheet(mapping),
    )


def run(
    project: Path,
    name: str,
    document: bytes,
    *,
    on: date,
    params: Dictionary[str, str] | None = None,
    expected: bytes | None = None,
    blobs: Callable[[str], bytes] | None = None,
) -> DryRun:
    """Map a document without sending anything; with ``expected``, compare.

    Raises MappingFault for a faulty mapping, LookupError if none of that name is in force on the day.
    """
    mapping = _in_force(project, name, on)
    try:
        output = mapping.run(document, on=on, params=params or {}, blobs=blobs)
    except MappingError as error:
        return DryRun(None, error.problems, ())
    return DryRun(output, (), tuple(diff(expected, output)) if expected is not None else ())


def run_cases(project: Path, name: str | None = None) -> list[tuple[str, Result]]:
    """The golden cases of one mapping or of all, with the mapping's name and what came of each."""
    chosen = [name] if name is not None else names(project)
    mappings = [load(file, project) for one in chosen for file in _versions(project, one)]
    return [(mapping.name, run_case(mapping, case)) for mapping in mappings for case in cases(mapping)]


def _versions(project: Path, name: str) -> list[Path]:
    found = [file for file in files(project) if file.parent.name == name]
    if not found:
        raise LookupError(f"there is no mapping {name}; there are {', '.join(names(project)) or 'none'}")
    return found


def _in_force(project: Path, name: str, on: date) -> Mapping:
    for file in _versions(project, name):
        mapping = load(file, project)
        if mapping.in_force(on):
            return mapping
    raise LookupError(f"no version of {name} is in force on {on}")
