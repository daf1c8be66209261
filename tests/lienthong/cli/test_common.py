"""What all commands share: the project, its overrides, tables, masks, exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienthong.cli.common import print_table, text
from tests.lienthong.cli.conftest import Run


def test_a_folder_without_a_project(tmp_path: Path, run: Run) -> None:
    """The missing files are named, with exit code 3 and without a traceback."""
    assert "config/hub.yaml" in run(3, tmp_path, "dossier", "list").stderr


def test_all_faults_at_once(fresh: Path, run: Run) -> None:
    """Every fault of the configuration is told in one go, as file:line: key."""
    for name in ("hub.yaml", "schedule.yaml"):
        with (fresh / "config" / name).open("a", encoding="utf-8") as file:
            file.write("\nmispelt: 1\n")
    message = run(3, fresh, "agency", "list").stderr
    assert message.count("mispelt: is not a setting") == 2


def test_local_overrides(fresh: Path, run: Run) -> None:
    """``local.json`` goes on top of the files; a key that leads nowhere, and text that is no JSON, are faults."""
    (fresh / "local.json").write_text('{"agencies.cutru.owner": "someone"}', encoding="utf-8")
    assert "someone" in run(0, fresh, "agency", "list", "--json").stdout
    (fresh / "local.json").write_text('{"agency.cutru.owner": "someone"}', encoding="utf-8")
    assert "agency.cutru.owner" in run(3, fresh, "agency", "list").stderr
    (fresh / "local.json").write_text("{", encoding="utf-8")
    assert "local.json" in run(3, fresh, "agency", "list").stderr


def test_the_project_may_come_from_the_environment(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LIENTHONG_PROJECT stands for --project."""
    from typer.testing import CliRunner

    from lienthong.cli import app

    monkeypatch.setenv("LIENTHONG_PROJECT", str(fresh))
    assert "hotich" in CliRunner().invoke(app, ["agency", "list", "--json"]).stdout


def test_text() -> None:
    """Cells are plain: nothing for None and no, lists with commas."""
    assert [text(value) for value in (None, False, True, ["a", "b"], 3)] == ["", "", "yes", "a, b", "3"]


def test_a_table_cuts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Codes that people copy stay whole, long texts are folded, and markup is only text."""
    code, reason = "G22.99.08-261123-000001", "[bold]lý do " + "rất dài " * 30
    print_table("", ["code", "reason"], [{"code": code, "reason": reason}])
    output = capsys.readouterr().out
    assert code in output
    assert output.count("dài") == 30
    assert "[bold]" in output
