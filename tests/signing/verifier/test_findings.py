"""Findings are kept up to a bound, and each code has a meaning."""

from __future__ import annotations

import re
from pathlib import Path

from signing.verifier.findings import MEANING, Findings

ROOT = Path(__file__).resolve().parents[3]


def test_severities() -> None:
    """Each severity with its place and entry."""
    findings = Findings()
    findings.error("body", "bodies/1.xml", "changed", index=1, offset=3)
    findings.warning("unanchored", "log/log.vkey", "no anchor")
    findings.info("erasure", "erasure", "erased")
    assert [(one.severity, one.index, one.offset) for one in findings.all()] == [
        ("error", 1, 3),
        ("warning", None, None),
        ("info", None, None),
    ]


def test_bound() -> None:
    """Beyond the bound only their number is kept, and told."""
    findings = Findings(most=2)
    for number in range(5):
        findings.error("leaf", "leaf", "changed", index=number)
    assert findings.left_out == 3
    assert [one.index for one in findings.all()] == [0, 1, None]
    assert findings.all()[-1].severity == "error"


def test_every_code_has_a_meaning() -> None:
    """Every code that the verifier uses is explained."""
    used: set[str] = set()
    for file in (ROOT / "signing").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        used |= set(re.findall(r'findings\.(?:error|warning|info)\(\s*"(\w+)"', text))
    assert len(used) > 12
    assert used <= MEANING.keys()
