"""``lienthong person``."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from lienthong.cli import app
from tests.lienthong.cli.conftest import Run
from tests.worlds import birth


def test_who_looked_up_a_citizen(lived: Path, run: Run) -> None:
    """A citizen is told who asked for them, when and for which purpose; somebody else's look-ups are not among them."""
    mother = birth().mother
    assert mother is not None
    assert mother.number is not None
    ask = ("person", "lookups", "--who", "an", "--why", "yêu cầu của công dân", "--json")
    rows = json.loads(run(0, lived, *ask, "--number", mother.number).stdout)
    assert rows
    assert {(row["officer"], row["unit"]) for row in rows} == {("CB000001", "H01.001")}
    assert all(row["purpose"] for row in rows)
    assert json.loads(run(0, lived, *ask, "--number", "001199999999").stdout) == []


def test_the_number_is_asked_for(lived: Path) -> None:
    """It stands neither on the command line nor on the screen."""
    mother = birth().mother
    assert mother is not None
    arguments = ["person", "lookups", "--who", "an", "--why", "đơn 7", "--project", str(lived)]
    result = CliRunner().invoke(app, arguments, input=f"{mother.number}\n")
    assert result.exit_code == 0, result.output
    assert "CB000001" in result.output
    assert str(mother.number) not in result.output


def test_nobody_looked(lived: Path, run: Run) -> None:
    """An answer all the same."""
    ask = ("person", "lookups", "--who", "an", "--why", "đơn 7", "--number", "001199999999")
    assert "nobody looked" in run(0, lived, *ask).stdout
