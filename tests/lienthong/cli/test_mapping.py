"""``lienthong mapping``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.lienthong.cli.conftest import Run

NAME = "ack-to-bhxh"


@pytest.fixture
def few(fresh: Path) -> Path:
    """A project with few mappings: proving all takes its time."""
    for folder in (fresh / "mappings").iterdir():
        if folder.name not in (NAME, "birth-to-cutru", "codes"):
            shutil.rmtree(folder)
    return fresh


def test_check(few: Path, run: Run) -> None:
    """Mappings are proved and their cases run; the figures say how much that was."""
    report = json.loads(run(0, few, "mapping", "check", "--json").stdout)
    assert report["mappings"] == 2
    assert report["findings"] == []
    assert report["cases"] >= 5
    assert "0 failed" in run(0, few, "mapping", "check", NAME).stdout


def test_check_places_a_fault(few: Path, run: Run) -> None:
    """A path that does not exist is named with file, line, field and remedy."""
    file = few / "mappings" / NAME / "mapping.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("MoTa: Note", "MoTa: Notes"), encoding="utf-8")
    output = run(1, few, "mapping", "check", NAME).stdout
    assert f"mappings/{NAME}/mapping.yaml:" in output
    assert "Notes" in output
    report = json.loads(run(1, few, "mapping", "check", NAME, "--json").stdout)
    assert report["findings"][0]["line"] > 1
    assert report["findings"][0]["remedy"]


def test_check_tells_a_failed_case(few: Path, run: Run) -> None:
    """A golden case that comes out otherwise is shown as a difference."""
    case = few / "mappings" / NAME / "cases" / "first.out.xml"
    case.write_text(case.read_text(encoding="utf-8").replace(">200<", ">201<"), encoding="utf-8")
    output = run(1, few, "mapping", "check", NAME).stdout
    assert f"{NAME}/first" in output
    assert "expected '201', got '200'" in output


@pytest.mark.parametrize(
    ("option", "key"), [("--lineage", "target"), ("--coverage", "source"), ("--checks", "kind")]
)
def test_show(few: Path, run: Run, option: str, key: str) -> None:
    """Lineage, coverage and run-time checks come as tables and as JSON."""
    rows = json.loads(run(0, few, "mapping", "show", NAME, option, "--json").stdout)
    assert all(row[key] for row in rows)
    assert "ReportResponse" in run(0, few, "mapping", "show", NAME, option).stdout


def test_show_stylesheet(few: Path, run: Run) -> None:
    """The generated stylesheet can be read."""
    assert "<xsl:stylesheet" in run(0, few, "mapping", "show", NAME, "--xslt").stdout


def test_run(few: Path, run: Run) -> None:
    """A document is mapped; against what is expected there is no difference, and against another there is."""
    cases = few / "mappings" / NAME / "cases"
    arguments = (
        "mapping",
        "run",
        NAME,
        str(cases / "first.in.xml"),
        "--param",
        "notice=TB-0001",
        "--on",
        "2026-11-25",
    )
    output = run(0, few, *arguments).stdout
    assert "TB-0001" in output
    expected = cases.parent / "expected.xml"
    expected.write_text(output, encoding="utf-8")
    assert "0 differences" in run(0, few, *arguments, "--expect", str(expected)).stdout
    expected.write_text(output.replace("TB-0001", "TB-0002"), encoding="utf-8")
    differences = json.loads(run(1, few, *arguments, "--expect", str(expected), "--json").stdout)
    assert [one["expected"] for one in differences] == ["TB-0002"]


def test_run_finds_attachments_beside_the_document(few: Path, run: Run) -> None:
    """Files that the document names by hash are taken from its own folder."""
    cases = few / "mappings/birth-to-cutru/cases"
    day = ("--on", "2026-03-02")
    expect = ("--expect", str(cases / "with-parents.out.xml"))
    run(0, few, "mapping", "run", "birth-to-cutru", str(cases / "with-parents.in.xml"), *day, *expect)


def test_run_refused(few: Path, run: Run) -> None:
    """What cannot be mapped is explained field by field, in both languages; nothing is printed as a result."""
    case = few / "mappings/birth-to-cutru/cases/without-household.in.xml"
    refused = run(1, few, "mapping", "run", "birth-to-cutru", str(case), "--on", "2026-03-02")
    assert refused.stdout == ""
    assert "ChuHo" in refused.stderr
    problems = json.loads(run(1, few, "mapping", "run", "birth-to-cutru", str(case), "--json").stdout)
    assert {"ChuHo", "NoiThuongTru"} <= {problem["path"] for problem in problems}
    assert all(problem["message_vi"] and problem["message_en"] for problem in problems)


def test_wrong_command_lines(few: Path, run: Run) -> None:
    """No such mapping, no such file, no name=value, no such day: each has its exit code."""
    case = str(few / "mappings" / NAME / "cases" / "first.in.xml")
    assert NAME in run(4, few, "mapping", "show", "no-such").stderr
    run(2, few, "mapping", "run", NAME, "no-such-file.xml")
    assert "name=value" in run(2, few, "mapping", "run", NAME, case, "--param", "notice").stderr
    run(2, few, "mapping", "run", NAME, case, "--on", "25/11/2026")
