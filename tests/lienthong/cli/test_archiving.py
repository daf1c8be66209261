"""``lienthong log archive``, ``archives``, ``redact`` and ``export``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lienthong.cli.conftest import Run
from tests.lienthong.cli.logged import logged, verified

ASKED = ("--who", "thanh-tra", "--purpose", "thanh tra năm 2026")


def test_the_whole_log_is_exported(fresh: Path, run: Run) -> None:
    """The file holds every entry, and verifies by itself; days of which nothing is signed give none."""
    logged(fresh, run)
    file = fresh / "out" / "log.asice"
    assert "2 entries" in run(0, fresh, "log", "export", "--out", str(file), *ASKED).stdout
    assert verified(fresh, file) == []
    early = ("--from", "2020-01-01", "--to", "2020-01-02")
    run(0, fresh, "log", "export", "--out", str(file), *ASKED, *early)
    late = ("--from", "2999-01-01")
    assert "signed" in run(4, fresh, "log", "export", "--out", str(fresh / "x"), *ASKED, *late).stderr


def test_no_archive_before_a_period_is_over(fresh: Path, run: Run) -> None:
    """The present month is not archived; what is not archived cannot be written anew."""
    logged(fresh, run)
    assert "0 archives" in run(0, fresh, "log", "archive").stdout
    assert json.loads(run(0, fresh, "log", "archives", "--json").stdout) == []
    assert "2026-01" in run(4, fresh, "log", "redact", "2026-01", "--who", "an", "--why", "test").stderr
