"""Pieces of the log as files: whatever their size, in the same memory."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from broker.evidence.logfiles import ENTRIES, FileWrong, LogFiles, Piece, Redacted, line
from broker.model import Message
from broker.store.engine import Tx
from signing.audit import verify_file
from signing.container import asic
from signing.verifier.entries import Entry
from tests.broker.evidences import anchors, archives, errors
from tests.broker.rig import Rig

MANY, BODY = 10_000, 2_000


def files(rig: Rig, folder: Path) -> LogFiles:
    """What writes the files of a hub."""
    return archives(rig, folder)._files


async def piece(rig: Rig, start: int = 0) -> Piece:
    """The whole log up to its newest head."""
    await rig.hub.log.book.checkpoint()

    def read(tx: Tx) -> Piece:
        head, before = tx.proofs.at_size(tx.log.head().size), tx.proofs.at_size(start)
        assert head is not None
        return Piece("archive", "2026-09", start, head, before)

    return rig.hub.store.read(read)


async def test_ten_thousand_entries_take_no_more_memory_than_a_hundred(rig: Rig, tmp_path: Path) -> None:
    """Writing keeps a few entries at a time; the file verifies."""

    def add(tx: Tx, first: int) -> None:
        for number in range(first, first + 500):
            body = b"%0*d" % (BODY, number)
            tx.messages.add(Message(f"m{number}", rig.clock(), "in", "request", "bhxh", "submit", body))

    for first in range(0, MANY, 500):
        await rig.hub.store.write(lambda tx, first=first: add(tx, first))
    path, whole = tmp_path / "archive.asice", await piece(rig)
    tracemalloc.start()
    try:
        await files(rig, tmp_path).write(whole, path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MANY * BODY / 4
    report = verify_file(path, anchors(tmp_path))
    assert errors(report) == []
    assert report.files[0].facts.entries >= MANY


async def test_a_file_that_goes_on_in_the_middle_of_the_log(rig: Rig, tmp_path: Path) -> None:
    """The tree before the first entry is that of the head before, whatever the size of either."""
    await rig.submit()
    start = (await piece(rig)).head.size
    await rig.submit("message-2")
    path = tmp_path / "second.asice"
    await files(rig, tmp_path).write(await piece(rig, start), path)
    assert errors(verify_file(path, anchors(tmp_path))) == []
    with asic.read(path) as container:
        assert json.loads(next(iter(container.lines(ENTRIES))))["index"] == start


async def test_what_cannot_be_written(rig: Rig, tmp_path: Path) -> None:
    """A folder that is none is said to be none, and nothing is left behind."""
    await rig.submit()
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileWrong, match="cannot be written"):
        await files(rig, tmp_path).write(await piece(rig), tmp_path / "file" / "archive.asice")


def test_a_line_is_one_entry() -> None:
    """Text as text, bytes in base64; what was erased is null, and the salt with it."""
    leaf = '{"dossier":"Đ1"}'.encode()
    whole = json.loads(line(Entry(7, leaf, b"", b"\x01\x02", b"<a/>")))
    assert whole == {"index": 7, "leaf": '{"dossier":"Đ1"}', "salt": "AQI=", "body": "PGEvPg=="}
    assert json.loads(line(Entry(7, leaf, b"", None, None)))["salt"] is None
    assert json.loads(line(Entry(7, leaf, b"", b"\x01", b"")))["body"] == ""


async def test_bodies_are_taken_out_line_by_line(rig: Rig, tmp_path: Path) -> None:
    """Only those asked for go; all other lines stay as they are, to the byte."""
    await rig.submit()
    path = tmp_path / "archive.asice"
    await files(rig, tmp_path).write(await piece(rig), path)
    with asic.read(path) as container:
        before = list(container.lines(ENTRIES))
    redacted = Redacted(path, frozenset({1, 99}))
    after = [one async for one in redacted.lines()]
    assert redacted.gone == 1
    assert [one for at, one in enumerate(after) if at != 1] == [
        one + b"\n" for at, one in enumerate(before) if at != 1
    ]
    assert json.loads(after[1])["body"] is None
