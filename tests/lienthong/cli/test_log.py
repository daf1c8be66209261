"""``lienthong log``."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from tests.lienthong.cli.conftest import Run


def test_verify(lived: Path, run: Run) -> None:
    """An untouched log verifies, with a count and the root."""
    report = json.loads(run(0, lived, "log", "verify", "--json").stdout)
    assert report["ok"]
    assert report["entries"] > 20
    assert len(report["root"]) == 64
    assert "verified" in run(0, lived, "log", "verify").stdout


def test_verify_finds_a_removed_entry(lived: Path, run: Run) -> None:
    """A message that somebody took out of the database is found, and the exit code says so."""
    with sqlite3.connect(lived / "hub.sqlite3") as database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("DELETE FROM messages WHERE idx = 3")
    database.close()
    report = json.loads(run(1, lived, "log", "verify", "--json").stdout)
    assert not report["ok"]
    assert report["findings"]
    assert "NOT" in run(1, lived, "log", "verify").stdout


def test_verify_with_another_key(lived: Path, run: Run) -> None:
    """The heads are not signed by somebody else's key; a key that is none is refused."""
    run(0, lived, "keys", "create", "other", "--algorithm", "ecdsa-p256")
    rows = json.loads(run(0, lived, "keys", "list", "--json").stdout)
    other = next(row["log verifier"] for row in rows if row["name"] == "other")
    run(1, lived, "log", "verify", "--key", other)
    run(3, lived, "log", "verify", "--key", "nonsense")


def test_show(lived: Path, codes: dict[str, str], run: Run) -> None:
    """Messages of a dossier are listed newest first; one of them gives its bytes."""
    rows = json.loads(run(0, lived, "log", "search", "--dossier", codes["done"], "--json").stdout)["messages"]
    assert rows
    entries = [row["entry"] for row in rows]
    assert entries == sorted(entries, reverse=True)
    assert "<" in run(0, lived, "log", "show", rows[0]["id"]).stdout
    assert "nothing" in run(4, lived, "log", "show", "nothing").stderr


def test_look_ups_name_the_officer(lived: Path, run: Run) -> None:
    """Who asked the population database, and what for, is in the log."""
    rows = json.loads(run(0, lived, "log", "search", "--agency", "dancu", "--json").stdout)["messages"]
    assert {row["officer"] for row in rows if row["direction"] == "out"} == {"CB000001"}


def test_a_message_is_masked_until_somebody_says_why(lived: Path, codes: dict[str, str], run: Run) -> None:
    """The bytes of a declaration are shown as a shape; in clear only for a purpose, which is an act."""
    rows = json.loads(
        run(0, lived, "log", "search", "--dossier", codes["done"], "--limit", "999", "--json").stdout
    )["messages"]
    message = next(
        row["id"] for row in rows if row["operation"] == "SubmitRequest" and row["direction"] == "in"
    )
    masked = run(0, lived, "log", "show", message).stdout
    assert "<PersonalNumber>000000000000</PersonalNumber>" in masked
    assert "Minh" not in masked
    assert "--purpose" in run(2, lived, "log", "show", message, "--reveal").stderr
    shown = run(0, lived, "log", "show", message, "--reveal", "--purpose", "khiếu nại 3/2026").stdout
    assert "Minh" in shown
