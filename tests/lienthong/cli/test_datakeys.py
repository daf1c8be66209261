"""``lienthong keys data``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from signing.vault import list_data_keys
from tests.lienthong.cli.conftest import Run


def rows(folder: Path, run: Run) -> list[dict[str, Any]]:
    """The data keys as listed."""
    found: list[dict[str, Any]] = json.loads(run(0, folder, "keys", "data", "list", "--json").stdout)
    return found


def test_created_once_by_command(fresh: Path, run: Run) -> None:
    """The first comes with the hub's key or by its own command, never by itself; only its owner may read it."""
    assert "keys data create" in run(3, fresh, "dossier", "list").stderr
    assert "back it up" in run(0, fresh, "keys", "data", "create").stdout
    run(0, fresh, "keys", "create", "hub", "--algorithm", "ecdsa-p256")
    (key,) = list_data_keys(fresh / "var/keys")
    assert (fresh / f"var/keys/{key.id}.data.key").stat().st_mode & 0o077 == 0
    assert "rotate" in run(1, fresh, "keys", "data", "create").stderr


def test_nothing_to_rotate(fresh: Path, run: Run) -> None:
    """Rotating before there is a key is told as such."""
    assert "keys data create" in run(3, fresh, "keys", "data", "rotate").stderr


def test_rotate_reseal_retire(lived: Path, run: Run) -> None:
    """A new key seals, everything moves to it, the old one goes, and the database reads as before."""
    before = run(0, lived, "dossier", "list", "--json").stdout
    (old,) = rows(lived, run)
    assert old["state"] == "in use"
    run(0, lived, "keys", "data", "rotate")
    assert [row["sealed"] > 0 for row in rows(lived, run)] == [False, True]
    assert "reseal" in run(1, lived, "keys", "data", "retire", old["id"]).stderr
    moved = run(0, lived, "keys", "data", "reseal", "--who", "an", "--why", "yearly").stdout
    assert "moved to data key" in moved
    new, last = rows(lived, run)
    assert (new["state"], last["state"], last["id"]) == ("in use", "unused", old["id"])
    run(0, lived, "keys", "data", "retire", old["id"])
    assert [row["state"] for row in rows(lived, run)] == ["in use", "retired"]
    assert run(0, lived, "dossier", "list", "--json").stdout == before
    assert json.loads(run(0, lived, "log", "verify", "--json").stdout)["ok"]


def test_a_lost_key_is_named(lived: Path, run: Run) -> None:
    """Without the key that sealed a row, a command says which file to bring back."""
    (old,) = rows(lived, run)
    run(0, lived, "keys", "data", "rotate")
    (lived / "keys" / f"{old['id']}.data.key").unlink()
    assert f"bring {old['id']}.data.key back" in run(3, lived, "log", "verify").stderr
