"""``lienthong log search`` and ``log verifications``."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from lienthong.cli import app
from tests.lienthong.cli.conftest import Run
from tests.worlds import birth


def number() -> str:
    """The personal number of the mother in the dossier that completed."""
    mother = birth().mother
    assert mother is not None
    assert mother.number is not None
    return mother.number


def found(run: Run, folder: Path, *arguments: str) -> list[dict[str, Any]]:
    """Hits of a search."""
    rows: list[dict[str, Any]] = json.loads(run(0, folder, "log", "search", *arguments, "--json").stdout)[
        "messages"
    ]
    return rows


def test_by_citizen(lived: Path, codes: dict[str, str], run: Run) -> None:
    """The mother's messages are those of her dossier; the number may come in by itself, and the search is an act."""
    by_argument = found(run, lived, "--citizen", number(), "--limit", "999")
    assert {row["dossier"] for row in by_argument} == {codes["done"]}
    arguments = ["log", "search", "--citizen", "-", "--limit", "999", "--json", "--project", str(lived)]
    result = CliRunner().invoke(app, arguments, input=f"{number()}\n")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["messages"] == by_argument
    assert number() not in result.output
    assert found(run, lived, "--citizen", "001199999999") == []
    with sqlite3.connect(lived / "hub.sqlite3") as database:
        acts = database.execute("SELECT target FROM acts WHERE act = 'search'").fetchall()
    database.close()
    assert len(acts) == 3
    assert number() not in repr(acts)


def test_by_any_code_and_all_else(lived: Path, codes: dict[str, str], run: Run) -> None:
    """The portal's code leads to the same messages as the hub's; all conditions must hold."""
    own = found(run, lived, "--dossier", codes["done"], "--limit", "999")
    assert found(run, lived, "--dossier", "H01.001-260001", "--limit", "999") == own
    some = found(run, lived, "--dossier", codes["done"], "--agency", "hotich", "--direction", "out")
    assert some == [row for row in own if (row["agency"], row["direction"]) == ("hotich", "out")]
    assert found(run, lived, "--message", own[0]["id"]) == own[:1]
    assert found(run, lived, "--to", "2026-11-22") == []
    assert len(found(run, lived, "--from", "2026-11-23", "--limit", "5")) == 5


def test_pages(lived: Path, run: Run) -> None:
    """Each page names the next."""
    first = json.loads(run(0, lived, "log", "search", "--limit", "4", "--json").stdout)
    rest = found(run, lived, "--limit", "4", "--after", first["next"])
    assert [row["entry"] for row in first["messages"] + rest] == list(
        range(first["messages"][0]["entry"], first["messages"][0]["entry"] - 8, -1)
    )
    assert "--after" in run(0, lived, "log", "search", "--limit", "4").stdout
    run(2, lived, "log", "search", "--after", "x")


def test_verified_now(lived: Path, codes: dict[str, str], run: Run) -> None:
    """Hits verify; one that was changed in the database does not, and the exit code says so."""
    hits = found(run, lived, "--dossier", codes["done"], "--verify")
    assert {row["state"] for row in hits} <= {"signed", "stamped"}
    with sqlite3.connect(lived / "hub.sqlite3") as database:
        database.execute("UPDATE messages SET outcome = 'khác' WHERE id = ?", (hits[0]["id"],))
    database.close()
    asked = ("log", "search", "--message", hits[0]["id"], "--verify")
    assert "says otherwise than the leaf: outcome" in run(1, lived, *asked).stdout
    [row] = json.loads(run(1, lived, *asked, "--json").stdout)["messages"]
    assert (row["state"], row["ok"]) == ("broken", False)


def test_masked_until_somebody_says_why(lived: Path, run: Run) -> None:
    """Texts are masked; in clear only for a purpose."""
    assert "--purpose" in run(2, lived, "log", "search", "--reveal").stderr
    run(0, lived, "log", "search", "--reveal", "--purpose", "thanh tra 3/2026")


def test_what_cannot_be_asked(lived: Path, run: Run) -> None:
    """Wrong words are named, all at once."""
    said = run(2, lived, "log", "search", "--direction", "up", "--from", "hôm qua", "--citizen", "12").stderr
    assert all(word in said for word in ("--direction", "--from", "--citizen"))


def test_verifications(lived: Path, run: Run) -> None:
    """What the clock verified is listed; where it has not run yet, that is said."""
    assert "not verified" in run(0, lived, "log", "verifications").stdout
    assert json.loads(run(0, lived, "log", "verifications", "--json").stdout) == []
