"""What commands about evidence need, and what they say when it is not there."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from broker.evidence.gathering import TooMuch
from broker.evidence.vouching import Vouching
from lienthong.cli.vouching import run as prove
from tests.lienthong.cli.conftest import Run
from tests.lienthong.cli.logged import logged


def test_a_project_without_keys(fresh: Path, run: Run) -> None:
    """Without keys no evidence is made, and the remedy is said."""
    asked = ("--out", str(fresh / "x"), "--who", "an", "--purpose", "test")
    assert "keys data create" in run(3, fresh, "evidence", "message", "x", *asked).stderr


def test_what_cannot_be_made_is_explained(fresh: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Evidence that is refused ends in words and an exit code, not in a traceback."""
    logged(fresh, run)

    async def too_much(_: Vouching) -> None:
        raise TooMuch("more than is put into one file")

    with pytest.raises(typer.Exit) as ended:
        prove(fresh, too_much)
    assert ended.value.exit_code == 1
    assert "more than is put" in capsys.readouterr().err
