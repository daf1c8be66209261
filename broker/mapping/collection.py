"""All mappings of a project, found by name and day."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from broker.mapping.errors import Finding, MappingFault
from broker.mapping.mapping import Mapping, prepare

CODES = "codes"


def files(project: Path) -> Iterator[Path]:
    """Every mapping file: ``mappings/<name>/mapping.yaml`` and later versions ``mapping-<anything>.yaml``
    beside it.
    """
    yield from sorted((project / "mappings").glob("*/mapping*.yaml"))


class Mappings:
    """The mappings of a project; each name may have versions that follow each other."""

    def __init__(self, mappings: list[Mapping]) -> None:
        self._by_name: dict[str, list[Mapping]] = {}
        for mapping in sorted(mappings, key=lambda one: (one.name, one.header.start)):
            self._by_name.setdefault(mapping.name, []).append(mapping)

    def __iter__(self) -> Iterator[Mapping]:
        for versions in self._by_name.values():
            yield from versions

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, sorted."""
        return tuple(self._by_name)

    def get(self, name: str, on: date) -> Mapping:
        """The version of a mapping in force on a day. Raises LookupError."""
        for mapping in self._by_name.get(name, ()):
            if mapping.in_force(on):
                return mapping
        raise LookupError(f"no mapping {name} is in force on {on}")


def check_all(project: Path) -> list[Finding]:
    """The findings of every mapping file of a project, gaps and overlaps of validity included."""
    return _load(project)[1]


def load_all(project: Path) -> Mappings:
    """Every mapping of a project. Raises MappingFault, with all findings, if any has an error."""
    mappings, findings = _load(project)
    if any(finding.severity == "error" for finding in findings):
        raise MappingFault(findings)
    return Mappings(mappings)


def _load(project: Path) -> tuple[list[Mapping], list[Finding]]:
    mappings: list[Mapping] = []
    findings: list[Finding] = []
    for file in files(project):
        prepared = prepare(file, project)
        findings.extend(prepared.findings)
        if prepared.header is not None and not any(f.severity == "error" for f in prepared.findings):
            mappings.append(Mapping(prepared, file))
    findings.extend(_validity(mappings))
    return mappings, findings


def _validity(mappings: list[Mapping]) -> Iterator[Finding]:
    """Versions of one mapping must follow each other day by day."""
    for name in sorted({mapping.name for mapping in mappings}):
        versions = sorted((m for m in mappings if m.name == name), key=lambda m: m.header.start)
        for earlier, later in itertools.pairwise(versions):
            expected = None if earlier.header.end == date.max else earlier.header.end + timedelta(days=1)
            if later.header.start != expected:
                what = (
                    "overlaps" if expected is None or later.header.start < expected else "leaves a gap after"
                )
                message = f"{what} the version in {earlier.file.name}"
                yield Finding(
                    str(later.file), 1, "valid", message, "Let each version begin the day after the last."
                )
