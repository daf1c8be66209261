"""``lienthong log timestamps`` and ``lienthong keys timestamp``."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path

from signing.keys import read_certificates
from tests import authorities
from tests.lienthong.cli.conftest import Run


def test_the_first_key_brings_the_authority_inside(fresh: Path, run: Run) -> None:
    """A new hub can stamp its log; the word is that this is not independent."""
    said = run(0, fresh, "keys", "create", "hub", "--algorithm", "ecdsa-p256").stdout
    assert "not independent" in said
    (certificate,) = read_certificates(fresh / "var/keys/tsa/ben-trong.crt.pem")
    assert "KHÔNG độc lập" in certificate.subject.rfc4514_string()
    assert (fresh / "var/keys/tsa/ben-trong.key.pem").stat().st_mode & 0o077 == 0
    assert "ben-trong" not in run(0, fresh, "keys", "list").stdout
    run(0, fresh, "keys", "create", "second", "--algorithm", "ecdsa-p256")


def test_an_authority_is_created_by_command_and_once(fresh: Path, run: Run) -> None:
    """For a hub from before there were time-stamps; a second one is refused."""
    run(0, fresh, "keys", "timestamp", "create", "--algorithm", "ecdsa-p384", "--days", "400")
    assert "exists already" in run(3, fresh, "keys", "timestamp", "create").stderr
    run(0, fresh, "keys", "timestamp", "create", "other")


def test_creating_an_authority_is_an_act(lived: Path, run: Run) -> None:
    """Who made a key is an entry of the log."""
    run(0, lived, "keys", "timestamp", "create", "second", "--who", "an")
    found = run(0, lived, "log", "search", "--operation", "key create", "--officer", "an", "--json").stdout
    assert [row["kind"] for row in json.loads(found)["messages"]] == ["act"]


def test_with_outside_authorities_only_the_name_must_be_given(fresh: Path, run: Run) -> None:
    """There is no default to create."""
    file = fresh / "config/hub.yaml"
    outside = "{name: quoc-gia, url: 'http://tsa.example', certificates: tsa.pem}"
    settings = f"evidence: {{timestamps: {{authorities: [{outside}]}}}}\n"
    file.write_text(file.read_text(encoding="utf-8") + settings, encoding="utf-8")
    assert "outside authorities only" in run(1, fresh, "keys", "timestamp", "create").stderr


def test_time_stamps_are_listed(lived: Path, run: Run) -> None:
    """When, by whom, for how many entries; and what waits."""
    found = json.loads(run(0, lived, "log", "timestamps", "--json").stdout)
    (row,) = found["timestamps"]
    assert (row["authority"], row["independent"], row["entries"] > 20) == ("ben-trong", False, True)
    assert "ben-trong" in run(0, lived, "log", "timestamps").stdout


def test_time_stamps_are_verified(lived: Path, run: Run) -> None:
    """Every one that is kept; a changed token or time is found, and the exit code says so."""
    assert "every time-stamp fits" in run(0, lived, "log", "timestamps", "--verify").stdout
    for change in ("at = datetime(at, '+1 hour')", "token = x'3000'", "size = size - 1", "authority = 'x'"):
        _change(lived / "hub.sqlite3", f"UPDATE log_timestamps SET {change}")
        found = json.loads(run(1, lived, "log", "timestamps", "--verify", "--json").stdout)
        assert found["timestamps"][0]["finding"]


@authorities.needs_openssl
def test_the_newest_is_saved_for_standard_tools(lived: Path, run: Run) -> None:
    """What is written is all that ``openssl ts`` needs, as the page on evidence says."""
    folder = lived / "saved"
    run(0, lived, "log", "timestamps", "--save", str(folder))
    files = ["-data", "checkpoint.note", "-in", "checkpoint.tst", "-token_in", "-CAfile", "authority.pem"]
    command = [str(authorities.OPENSSL), "ts", "-verify", *files]
    command += ["-attime", "1795399200"]  # the world's Monday
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert "Verification: OK" in done.stdout, done.stderr


def test_without_any_there_is_nothing_to_save(lived: Path, run: Run) -> None:
    """A log that was never stamped says so."""
    _change(lived / "hub.sqlite3", "DELETE FROM log_timestamps")
    assert "no time-stamp yet" in run(4, lived, "log", "timestamps", "--save", str(lived / "saved")).stderr
    assert "entries have no time-stamp yet since" in run(0, lived, "log", "timestamps").stdout


def _change(database: Path, statement: str) -> None:
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(statement)
    connection.close()
