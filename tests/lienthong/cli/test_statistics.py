"""``lienthong statistics``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lienthong.cli.conftest import Run


def test_a_period_by_agency(lived: Path, run: Run) -> None:
    """Days count in Vietnam's time; a day without dossiers is empty."""
    period = ("--from", "2026-11-23", "--to", "2026-11-23")
    rows = json.loads(run(0, lived, "statistics", *period, "--json").stdout)
    assert {row["unit"] for row in rows} >= {"hotich", "bhxh"}
    assert "hotich" in run(0, lived, "statistics", *period).stdout
    empty = run(0, lived, "statistics", "--from", "2026-11-01", "--to", "2026-11-01", "--json")
    assert json.loads(empty.stdout) == []


def test_only_what_can_be_counted(lived: Path, run: Run) -> None:
    """The error says by what."""
    assert "commune" in run(2, lived, "statistics", "--by", "citizen").stderr
