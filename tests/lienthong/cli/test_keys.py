"""``lienthong keys``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lienthong.cli.conftest import Run


def test_create_and_list(fresh: Path, run: Run) -> None:
    """A key has a certificate and a verifier for the message log; only its owner may read it."""
    created = run(
        0, fresh, "keys", "create", "hub", "--algorithm", "ecdsa-p256", "--subject", "CN=Sở Tư pháp"
    )
    assert "verifier of the message log" in created.stdout
    (row,) = json.loads(run(0, fresh, "keys", "list", "--json").stdout)
    assert (row["name"], row["subject"]) == ("hub", "CN=Sở Tư pháp")
    assert row["log verifier"] in created.stdout.replace("\n", "")
    private = [file for file in (fresh / "var/keys").iterdir() if file.name.endswith(".key.pem")]
    assert [file.stat().st_mode & 0o077 for file in private] == [0]


def test_a_key_is_never_overwritten(fresh: Path, run: Run) -> None:
    """Making a key a second time is refused and leaves the first."""
    run(0, fresh, "keys", "create", "hub", "--algorithm", "ecdsa-p256")
    before = (fresh / "var/keys/hub.key.pem").read_bytes()
    assert "exists already" in run(3, fresh, "keys", "create", "hub").stderr
    assert (fresh / "var/keys/hub.key.pem").read_bytes() == before


def test_unknown_algorithm(fresh: Path, run: Run) -> None:
    """The refusal names the algorithms that there are."""
    assert "ecdsa-p256" in run(3, fresh, "keys", "create", "hub", "--algorithm", "dsa").stderr


def test_no_keys_yet(fresh: Path, run: Run) -> None:
    """An empty list is an answer."""
    assert json.loads(run(0, fresh, "keys", "list", "--json").stdout) == []
