"""Entries of a log in a file, and signed heads beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from signing.audit import verify_file
from signing.log.note import NoteSigner
from signing.verifier.anchors import Anchors
from tests.evidence import building
from tests.evidence.building import anchors, line_of, messages
from tests.evidence.reading import codes, errors


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Five entries, and heads of three and of five."""
    made = messages(5)
    (tmp_path / "three.note").write_text(building.note_of(made[:3]), encoding="utf-8")
    (tmp_path / "five.note").write_text(building.note_of(made), encoding="utf-8")
    file = tmp_path / "log.jsonl"
    file.write_bytes(b"".join(map(line_of, made)))
    return file


def test_verified(log: Path) -> None:
    """Entries and heads fit, and nothing is left unproven."""
    report = verify_file(log, anchors())
    assert (report.findings, report.exit_code) == ([], 0)
    facts = report.files[0].facts
    assert (facts.kind, facts.entries, facts.bound, facts.origin) == ("log", 5, 2, building.ORIGIN)
    assert "log log.jsonl" in report.as_text()
    assert "không niêm phong" in report.as_html()


def test_changed(log: Path) -> None:
    """The heads that cover a change contradict it, by the names of their files."""
    log.write_bytes(log.read_bytes().replace(b"2026-09-01T08:23", b"2026-09-01T08:24"))
    assert errors(verify_file(log, anchors())) == [("checkpoint", "five.note")]


def test_cut_off(log: Path) -> None:
    """A head of more entries than there are shows that the end is missing; a line without its end is damage."""
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:4])[:-1])
    assert errors(verify_file(log, anchors())) == [("damaged", "log.jsonl"), ("checkpoint", "five.note")]


def test_without_heads(log: Path) -> None:
    """Without a key of the log, or without a head, the entries prove nothing about themselves."""
    assert codes(verify_file(log, Anchors())) == {"unanchored", "coverage"}
    for note in log.parent.glob("*.note"):
        note.unlink()
    report = verify_file(log, anchors())
    assert (codes(report), report.exit_code) == ({"coverage"}, 3)


def test_forged_head(log: Path) -> None:
    """A head that another key has signed is not believed."""
    note = building.note_of(messages(5), NoteSigner(building.ORIGIN, bytes(32)))
    (log.parent / "five.note").write_text(note, encoding="utf-8")
    assert errors(verify_file(log, anchors())) == [("checkpoint", "five.note")]


def test_not_there(tmp_path: Path) -> None:
    """A file that is not there cannot be read."""
    assert verify_file(tmp_path / "log.jsonl", anchors()).exit_code == 2
