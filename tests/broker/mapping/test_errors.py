"""Findings and problems."""

from __future__ import annotations

from pathlib import Path

from broker.mapping.errors import Findings, MappingError, MappingFault, Problem


def test_finding_reads_like_a_compiler_message(tmp_path: Path) -> None:
    """File, line, severity, field, message and remedy, in the form editors jump to."""
    findings = Findings(tmp_path / "mappings" / "a.yaml", tmp_path)
    findings.error(3, "ma", "has no rule", "Write one.")
    assert [str(item) for item in findings.items] == ["mappings/a.yaml:3: error: ma: has no rule. Write one."]


def test_warnings_do_not_fail(tmp_path: Path) -> None:
    """Only an error makes a mapping unusable."""
    findings = Findings(tmp_path / "a.yaml", tmp_path / "elsewhere")
    findings.warn(1, "x", "is idle", "Remove it.")
    assert not findings.failed
    findings.error(1, "x", "is wrong", "Mend it.")
    assert findings.failed


def test_exceptions_tell_everything() -> None:
    """Both exceptions carry every reason, in their text as well."""
    one, two = (Problem(path, "s", "vi", f"en {path}") for path in ("a", "b"))
    assert str(MappingError([one, two])) == "a: en a; b: en b"
    assert MappingFault([]).findings == ()
