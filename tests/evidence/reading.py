"""What tests ask of the verifier, and of its report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from signing.audit import verify_file
from signing.verifier.anchors import Anchors
from signing.verifier.report import Report
from tests.evidence.building import Draft, anchors

Verify = Callable[..., Report]
"""Verifies a draft or bytes, with other anchors if they are given."""


def verifier(folder: Path) -> Verify:
    """Verifies with the anchors of `building`, or others, by way of a file in the folder."""
    file = folder / "evidence.asice"

    def verified(what: Draft | bytes, known: Anchors | None = None) -> Report:
        file.write_bytes(what if isinstance(what, bytes) else what.sealed())
        return verify_file(file, known or anchors())

    return verified


def errors(report: Report) -> list[tuple[str, str]]:
    """Code and place of every error."""
    return [(found.code, found.place) for found in report.findings if found.severity == "error"]


def codes(report: Report) -> set[str]:
    """Codes of everything that was found."""
    return {found.code for found in report.findings}
