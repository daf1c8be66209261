"""What the mapping engine reports: faults of a mapping file, and refusals of one document.

::

    MappingFault       a mapping, code table or case file cannot be loaded (carries findings)
    MappingError       one document cannot be mapped (carries problems, each with its field)

A `Finding` is for the author of a mapping: file, line, field, remedy. A `Problem` is for the officer who
holds the document: it names the field in Vietnamese and English and never repeats the citizen's value.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning"]


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One fault of a mapping, found without running it. ``line`` starts at 1."""

    file: str
    line: int
    field: str
    message: str
    remedy: str
    severity: Severity = "error"

    def __str__(self) -> str:
        """``file:line: field: message (remedy)``, the form that editors understand."""
        return f"{self.file}:{self.line}: {self.severity}: {self.field}: {self.message}. {self.remedy}"


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """Why one document cannot be mapped.

    ``path`` is the target field, ``field`` the source field it is fed from. ``check`` names the declared run-
    time check that refused; an empty ``check`` means that the static proof failed to foresee this, a bug
    worth reporting.
    """

    path: str
    field: str
    message_vi: str
    message_en: str
    check: str = ""


class MappingError(Exception):
    """The document cannot be mapped; nothing was produced."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """``problems`` holds every reason found, not only the first."""
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.path}: {p.message_en}" for p in self.problems))


class MappingFault(Exception):
    """A mapping, a code table or a schema is not usable as written."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        """``findings`` says where and what to do about it."""
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class Findings:
    """Collects findings about one file, so that an author sees all of them at once."""

    def __init__(self, file: Path, project: Path) -> None:
        """``file`` is shown relative to ``project``."""
        self.file = str(file.relative_to(project)) if file.is_relative_to(project) else str(file)
        self.items: list[Finding] = []

    def error(self, line: int, field: str, message: str, remedy: str) -> None:
        """Record a fault that makes the mapping unusable."""
        self.items.append(Finding(self.file, line, field, message, remedy))

    def warn(self, line: int, field: str, message: str, remedy: str) -> None:
        """Record a doubt that does not stop the mapping from running."""
        self.items.append(Finding(self.file, line, field, message, remedy, "warning"))

    @property
    def failed(self) -> bool:
        """True if anything recorded so far makes the mapping unusable."""
        return any(item.severity == "error" for item in self.items)
