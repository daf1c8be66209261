"""The report of a verification: what was verified, what was found, and what that means, as text, JSON or HTML."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from signing.verifier.case import Facts
from signing.verifier.findings import Finding
from signing.verifier.reportpage import page

OK, WRONG, UNREADABLE, UNPROVEN = 0, 1, 2, 3
EXIT_CODES = """exit codes:
  0  verified: nothing is wrong, and everything is proven
  1  something is wrong: at least one error was found
  2  the command line is wrong, or a file or the folder of anchors cannot be opened
  3  nothing is wrong, but not everything is proven: an anchor, a time-stamp or revocation data is missing"""
"""What the exit codes mean."""
FORMATS = ("text", "json", "html")
"""How a report can be written."""
VERSION = 1
"""Of the JSON form."""


@dataclasses.dataclass(frozen=True, slots=True)
class FileReport:
    """What was found in one file; ``readable`` is false if it could not even be opened."""

    name: str
    findings: tuple[Finding, ...]
    facts: Facts = dataclasses.field(default_factory=Facts)
    readable: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What was found in all files, and ``across`` them."""

    files: tuple[FileReport, ...]
    across: tuple[Finding, ...] = ()

    @property
    def findings(self) -> list[Finding]:
        """Everything that was found."""
        return [*(found for file in self.files for found in file.findings), *self.across]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; something may still be unproven."""
        return not any(found.severity == "error" for found in self.findings)

    @property
    def proven(self) -> bool:
        """Whether nothing is wrong and nothing is left unproven."""
        return not any(found.severity in ("error", "warning") for found in self.findings)

    @property
    def exit_code(self) -> int:
        """See `EXIT_CODES`."""
        return {"unreadable": UNREADABLE, "verified": OK, "unproven": UNPROVEN, "wrong": WRONG}[self.verdict]

    @property
    def verdict(self) -> str:
        """The outcome in one word: ``verified``, ``unproven``, ``wrong`` or ``unreadable``."""
        if not all(file.readable for file in self.files):
            return "unreadable"
        return "verified" if self.proven else "unproven" if self.ok else "wrong"

    def as_text(self) -> str:
        """For people at a terminal."""
        return "\n".join(_text(self)) + "\n"

    def as_json(self) -> str:
        """For programs; ``version`` changes when the form does."""
        return json.dumps(_json(self), ensure_ascii=False, indent=2) + "\n"

    def as_html(self) -> str:
        """One page without scripts or outside parts, Vietnamese and English."""
        return page(self)

    def write(self, form: str, out: Path | None) -> None:
        """Write in one of `FORMATS` to a file, or to standard output. Raises OSError."""
        forms: dict[str, Callable[[], str]] = {
            "text": self.as_text,
            "json": self.as_json,
            "html": self.as_html,
        }
        text = forms[form]()
        if out is None:
            sys.stdout.write(text)
        else:
            out.write_text(text, encoding="utf-8")


_VERDICTS = {
    "verified": "VERIFIED: nothing is wrong, and everything is proven.",
    "unproven": "NOT FULLY PROVEN: nothing is wrong, but the warnings say what could not be proven.",
    "wrong": "WRONG: at least one thing is not as it was signed.",
    "unreadable": "NOT READ: at least one file cannot be opened.",
}


def _text(report: Report) -> Iterator[str]:
    for file in report.files:
        yield file.name
        for line in _told(file.facts):
            yield f"  {line}"
        for found in file.findings:
            yield from _finding(found)
        yield ""
    for found in report.across:
        yield from _finding(found)
    yield _VERDICTS[report.verdict]


def _finding(found: Finding) -> Iterator[str]:
    where = found.place
    if found.index is not None:
        where += f", entry {found.index}"
    if found.offset is not None:
        where += f", byte {found.offset}"
    yield f"  {found.severity.upper():7} [{found.code}] {where}: {found.text}"
    yield f"          {found.meaning}"


def _told(facts: Facts) -> Iterator[str]:
    if facts.kind is not None:
        yield f"{facts.kind} {facts.subject}" + (f", made {moment(facts.made)}" if facts.made else "")
    if facts.signer is not None:
        stamped = f", stamped {moment(facts.sealed_at)}" if facts.sealed_at else ""
        yield f"signed by {facts.signer} on {moment(facts.signed_at)}{stamped} (XAdES {facts.level})"
    if facts.origin is not None:
        yield f"log {facts.origin}, {facts.size} entries, root {(facts.root or b'').hex()}"
    if facts.stamped_at is not None:
        kind = {True: "", False: ", not independent", None: ""}[facts.independent]
        yield f"head stamped {moment(facts.stamped_at)} by {facts.authority}{kind}"
    for witness in facts.witnesses:
        yield f"head seen by witness {witness}"
    if facts.kind is None:
        return
    counts = f"{facts.entries} entries, {facts.bodies} with their content, {facts.erased} erased"
    yield f"{counts}, {facts.bound} bound to what they answer, {facts.messages} signed messages verified"


def moment(at: datetime | None) -> str:
    """A moment as reports show it: UTC to the second."""
    return "?" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _json(report: Report) -> dict[str, Any]:
    return {
        "version": VERSION,
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "files": [_file(file) for file in report.files],
        "across": [_found(found) for found in report.across],
    }


def _file(file: FileReport) -> dict[str, Any]:
    facts = {name: _plain(value) for name, value in dataclasses.asdict(file.facts).items()}
    findings = [_found(found) for found in file.findings]
    return {"file": file.name, "readable": file.readable, "facts": facts, "findings": findings}


def _found(found: Finding) -> dict[str, Any]:
    return dataclasses.asdict(found) | {"meaning": found.meaning}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.hex() if isinstance(value, bytes) else value
