"""``lienthong item``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lienthong.cli.conftest import Run


def test_list_and_close(lived: Path, run: Run) -> None:
    """Every item has an owner; what is closed is off the list, and cannot be closed twice."""
    rows = json.loads(run(0, lived, "item", "list", "--json").stdout)
    assert {row["kind"] for row in rows} >= {"dead-letter"}
    assert all(row["owner"] for row in rows)
    first = rows[0]["id"]
    run(0, lived, "item", "close", first, "--who", "trực ban", "--why", "called the agency")
    assert first not in [row["id"] for row in json.loads(run(0, lived, "item", "list", "--json").stdout)]
    run(4, lived, "item", "close", first, "--who", "trực ban", "--why", "again")


def test_a_kind(lived: Path, run: Run) -> None:
    """The list can be narrowed to one kind."""
    rows = json.loads(run(0, lived, "item", "list", "--kind", "dead-letter", "--json").stdout)
    assert [row["agency"] for row in rows] == ["hotich"]
