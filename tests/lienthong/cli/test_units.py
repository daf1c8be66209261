"""``lienthong units``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lienthong.cli.conftest import Run


def test_a_code_is_shown_by_both_lists(fresh: Path, run: Run) -> None:
    """00016 was the old ward Ngọc Hà, which lies in two wards of today, and means nothing since."""
    (row,) = json.loads(run(0, fresh, "units", "show", "00016", "--json").stdout)
    assert (row["name"], row["in"]) == ("Phường Ngọc Hà", "Quận Ba Đình, Hà Nội")
    assert row["corresponds to"] == ["Phường Ba Đình (00004)", "Phường Ngọc Hà (00008)"]
    both = json.loads(run(0, fresh, "units", "show", "52", "--json").stdout)
    assert [row["name"] for row in both] == ["Bình Định", "Gia Lai"]
    (today,) = json.loads(run(0, fresh, "units", "show", "52", "--on", "2026-09-01", "--json").stdout)
    assert today["corresponds to"] == ["Bình Định (52)", "Gia Lai (64)"]
    run(4, fresh, "units", "show", "64", "--on", "2026-09-01")


def test_a_code_is_translated_or_a_question(fresh: Path, run: Run) -> None:
    """One unit is a value; several are listed and the exit code says that nothing was decided; none says why."""
    old = ("--from", "2025-06-30", "--to", "2026-09-01", "--json")
    assert json.loads(run(0, fresh, "units", "translate", "64", *old).stdout) == [
        {"code": "52", "name": "Gia Lai"}
    ]
    asked = run(1, fresh, "units", "translate", "00016", *old)
    assert [row["code"] for row in json.loads(asked.stdout)] == ["00004", "00008"]
    assert "a person has to choose" in asked.stderr
    assert "means nothing" in run(4, fresh, "units", "translate", "99999", *old[:2]).stderr
