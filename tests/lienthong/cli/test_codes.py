"""``lienthong codes``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lienthong.cli.conftest import Run


def test_list_says_where_a_table_is_from(fresh: Path, run: Run) -> None:
    """Every table has a basis."""
    rows = json.loads(run(0, fresh, "codes", "list", "--json").stdout)
    assert {"ethnic-groups-hotich", "sex-btxh", "countries-yte"} <= {row["name"] for row in rows}
    assert all(row["basis"] and row["rows"] for row in rows)


def test_a_table_on_a_day(fresh: Path, run: Run) -> None:
    """Rows out of force are left out when a day is given."""
    rows = json.loads(
        run(0, fresh, "codes", "show", "procedures-dvcqg", "--on", "2026-09-01", "--json").stdout
    )
    birth = [row["from"] for row in rows if row["to"] == "birth"]
    assert birth == ["3.000722", "2.002621"]
    run(4, fresh, "codes", "show", "no-such-table")


def test_find_a_word_without_accents(fresh: Path, run: Run) -> None:
    """Who types on a keyboard without Vietnamese letters finds it too; a number is found as a whole."""
    found = json.loads(run(0, fresh, "codes", "find", "xo-dang", "--json").stdout)
    assert ("ethnic-names", "14") in {(row["table"], row["to"]) for row in found}
    assert {row["to"] for row in json.loads(run(0, fresh, "codes", "find", "1034", "--json").stdout)} == {
        "1034"
    }
    run(4, fresh, "codes", "find", "không có từ này")


def test_a_faulty_table_is_told_with_its_line(fresh: Path, run: Run) -> None:
    """And nothing is listed."""
    (fresh / "mappings/codes/sex-btxh.yaml").write_text("table: sex-btxh\nrows: []\n", encoding="utf-8")
    assert "basis: is missing" in run(3, fresh, "codes", "list").stderr
