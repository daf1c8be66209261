"""What commands about keys share."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest
import typer

from lienthong.cli.keyacts import token_of, whoever
from signing.pki.pkcs11 import TokenKey
from tests.lienthong.cli.conftest import Run


def test_who_acts() -> None:
    """Who says so, else who is logged in."""
    assert whoever("an") == "an"
    assert whoever("") == getpass.getuser()


def test_where_a_token_is() -> None:
    """Both halves or neither."""
    assert token_of(None, None, "hub") is None
    assert token_of(Path("m.so"), "t", "hub") == TokenKey("m.so", "t", "hub")
    with pytest.raises(typer.Exit):
        token_of(None, "t", "hub")


def test_an_act_is_entered_when_there_is_a_database(fresh: Path, run: Run) -> None:
    """The first key is made before the database: its act comes with the next one."""
    assert "when the hub starts" in run(0, fresh, "keys", "create", "hub", "--algorithm", "ecdsa-p256").stdout
    run(0, fresh, "db", "upgrade")
    said = run(0, fresh, "keys", "rotate", "--who", "an", "--why", "tới hạn").stdout
    assert "when the hub starts" not in said
