"""The program that takes archives elsewhere."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from broker.evidence.transfer import Transfer, TransferFailed


def program(script: str) -> tuple[str, ...]:
    """A program that does what ``script`` says; the file is its first argument."""
    return (sys.executable, "-c", script, "{file}")


async def test_the_file_is_named_to_the_program(tmp_path: Path) -> None:
    """``{file}`` stands for the file, and code 0 is success."""
    seen = tmp_path / "seen"
    script = f"import pathlib, sys; pathlib.Path({str(seen)!r}).write_text(sys.argv[1])"
    transfer = Transfer(program(script))
    assert transfer.wanted
    await transfer.take(tmp_path / "a file.asice")
    assert seen.read_text() == str(tmp_path / "a file.asice")


async def test_a_program_that_fails_says_why(tmp_path: Path) -> None:
    """Its code and the beginning of what it said are the reason, however much it says."""
    loud = program("import sys; sys.stderr.write('disk full ' * 100_000); sys.exit(3)")
    with pytest.raises(TransferFailed, match="code 3: disk full") as failed:
        await Transfer(loud).take(tmp_path / "file")
    assert len(str(failed.value)) < 500


async def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    """A wrong name is said in words."""
    with pytest.raises(TransferFailed, match="cannot be run"):
        await Transfer((str(tmp_path / "nothing"), "{file}")).take(tmp_path / "file")


async def test_a_program_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    """It waits for something that never comes: it is killed, and the next run may try again."""
    waits = program("import threading; threading.Event().wait()")
    with pytest.raises(TransferFailed, match="was stopped"):
        await Transfer(waits, timedelta(milliseconds=50)).take(tmp_path / "file")


def test_no_program() -> None:
    """Without one nothing is taken anywhere."""
    assert not Transfer(()).wanted
