"""``lienthong verify``: the verifier as a command, without project and hub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lienthong.cli import app
from signing.verifier.report import EXIT_CODES
from tests.evidence.building import evidence, trust_folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Evidence that is sound."""
    path = tmp_path / "evidence.asice"
    path.write_bytes(evidence().sealed())
    return path


def run(*arguments: str | Path) -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["verify", *map(str, arguments)])


def test_verified(file: Path, tmp_path: Path) -> None:
    """With anchors everything is proven, and the code is 0."""
    result = run(file, "--trust", trust_folder(tmp_path / "trust"))
    assert (result.exit_code, "VERIFIED" in result.stdout) == (0, True)


def test_without_anchors(file: Path) -> None:
    """Without anchors nothing is wrong and not all is proven."""
    assert run(file).exit_code == 3


def test_wrong(file: Path) -> None:
    """A changed file is wrong, and the report says where."""
    data = file.read_bytes()
    file.write_bytes(data.replace("Nguyễn Văn 1".encode(), "Nguyễn Văn 2".encode(), 1))
    result = run(file, "--format", "json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["verdict"]) == (1, "wrong")
    assert "bodies/1.xml" in {found["place"] for found in report["files"][0]["findings"]}


def test_page(file: Path, tmp_path: Path) -> None:
    """The report can be a page in a file."""
    out = tmp_path / "report.html"
    run(file, "--format", "html", "--out", out)
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    "arguments", [["--format", "xml"], ["--trust", "/nowhere"], ["--out", "/nowhere/report"]]
)
def test_usage(file: Path, arguments: list[str]) -> None:
    """What cannot be done is said, with code 2."""
    assert run(file, *arguments).exit_code == 2


def test_not_there(tmp_path: Path) -> None:
    """A file that is not there cannot be read."""
    assert run(tmp_path / "nothing.asice").exit_code == 2


def test_help_has_the_exit_codes() -> None:
    """The codes are in the help."""
    shown = " ".join(run("--help").stdout.split())
    assert " ".join(EXIT_CODES.splitlines()[1].split()) in shown
