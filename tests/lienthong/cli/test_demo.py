"""The demo as a newcomer runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.worlds import ROOT

COMMAND = [sys.executable, "-c", "from lienthong.cli import main; main()", "demo"]


def test_the_demo_ends_well_and_says_so(tmp_path: Path) -> None:
    """Sixty declarations of both groups come to their end, none fails, the log verifies, the report has figures."""
    report = tmp_path / "report.json"
    done = subprocess.run(
        [*COMMAND, "--report", str(report)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(report.read_text(encoding="utf-8"))
    assert figures["dossiers"] == 60
    assert figures["failed"] == 0
    assert figures["completed"] + figures["refused"] == 60
    groups = figures["groups"]
    assert {group: found["dossiers"] for group, found in groups.items()} == {"birth": 40, "death": 20}
    assert groups["death"]["refused"] == 2
    assert figures["mails"] > figures["completed"]
    assert figures["log"]["verified"]
    assert figures["log"]["entries"] > figures["exchanges"] > figures["steps"] > 100
    assert {"p50", "p99"} <= set(figures["per_dossier_ms"])
    assert "thirteen digits in a number" in done.stdout
    for words in ("23.400.000 đ", "closed)", "taken over: residence-removal, pension-stop"):
        assert words in done.stdout
    assert f"{figures['dossiers']} declarations" in done.stdout
