"""``lienthong statistics``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from broker.store.certificates import Certificate
from lienthong.cli.common import load, store
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


def test_certificates_that_came_late(lived: Path, run: Run) -> None:
    """Counted per health facility in a period, by when they came."""
    came = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    late = Certificate("1.GCS.01005.26", 1, "birth", "01005", b"<GCS/>", came.date(), came, True, "m-1")
    with store(load(lived)) as opened:
        opened.write_sync(lambda tx: tx.certificates.add(late, None))
    period = ("--from", "2026-11-23", "--to", "2026-11-23")
    rows = json.loads(run(0, lived, "statistics", "--by", "facility", *period, "--json").stdout)
    assert rows == [{"facility": "01005", "certificates": 1, "late": 1}]
