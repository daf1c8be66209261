"""Signed heads of the message log."""

from __future__ import annotations

from pathlib import Path

from broker.log.logbook import Logbook
from signing.log.note import load_note_key
from signing.verifier.logcheck import LogReport
from tests.broker.rig import Rig


def verify(rig: Rig, folder: Path) -> LogReport:
    """Recompute everything, as the command does."""
    key = load_note_key(folder / "keys", "hub")
    return rig.hub.log.book.verify(key.verifier)


async def test_checkpoint(rig: Rig, tmp_path: Path) -> None:
    """The head is signed when it has moved, in the database and in the file, and everything verifies."""
    await rig.opened()
    assert await rig.hub.log.book.checkpoint() == len(rig.messages())
    assert await rig.hub.log.book.checkpoint() is None
    assert verify(rig, tmp_path).ok
    note = rig.hub.store.read(lambda tx: tx.log.last_checkpoint())
    assert note is not None
    assert note.note in (tmp_path / "data/checkpoints.txt").read_text(encoding="utf-8")


async def test_file_of_another_history(rig: Rig, tmp_path: Path) -> None:
    """A signed head in the file that the database does not reach is found."""
    await rig.opened()
    await rig.hub.log.book.checkpoint()
    notes = tmp_path / "data/checkpoints.txt"
    beyond = notes.read_text(encoding="utf-8")
    other = beyond.replace(f"\n{len(rig.messages())}\n", f"\n{len(rig.messages()) + 5}\n", 1)
    notes.write_text(beyond + other, encoding="utf-8")
    assert not verify(rig, tmp_path).ok


async def test_died_before_the_database_had_it(rig: Rig, tmp_path: Path) -> None:
    """A head that reached the file and not the database is checked like any other, and signing goes on."""
    await rig.opened()
    await rig.hub.log.book.checkpoint()
    await rig.submit("message-2")
    before = (tmp_path / "data/checkpoints.txt").read_bytes()
    await rig.hub.log.book.checkpoint()
    assert (tmp_path / "data/checkpoints.txt").read_bytes().startswith(before)
    assert verify(rig, tmp_path).ok


async def test_torn_note(rig: Rig, tmp_path: Path) -> None:
    """A note of which a crash left only a part is not a note; the next one follows the last whole one."""
    await rig.opened()
    await rig.hub.log.book.checkpoint()
    with (tmp_path / "data/checkpoints.txt").open("a", encoding="utf-8") as file:
        file.write("lienthong.example/test\n12")
    assert verify(rig, tmp_path).ok
    await rig.submit("message-2")
    again = Logbook(rig.hub.store, tmp_path / "data", rig.clock, load_note_key(tmp_path / "keys", "hub"))
    await again.checkpoint()
    assert verify(rig, tmp_path).ok
    assert (tmp_path / "data/checkpoints.txt").read_text(encoding="utf-8").count("\f\n") == 2


async def test_without_a_key(rig: Rig, tmp_path: Path) -> None:
    """A hub without the log's key verifies and signs nothing."""
    await rig.opened()
    assert await Logbook(rig.hub.store, tmp_path, rig.clock).checkpoint() is None
