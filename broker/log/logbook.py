"""Keeps the message log honest: signs its head, and verifies all of it against what was signed.

The signed heads (C2SP tlog-checkpoint, Ed25519) are kept in the database and, each as it is made, in a file beside it,
so that a database which was rewritten as a whole does not agree with them any more.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from broker.clock import Clock
from broker.log import tokens
from broker.log.logreading import LogReading, Pace
from broker.store.engine import Store, Tx
from signing.errors import SignatureInvalid
from signing.log.cosignature import CosignatureVerifier, cosignatures, with_lines
from signing.log.note import Checkpoint, NoteSigner, NoteVerifier, sign_checkpoint
from signing.verifier.findings import Finding
from signing.verifier.logcheck import LogReport, verify_log


class Logbook:
    """The message log of one hub."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        clock: Clock,
        signer: NoteSigner | None = None,
        witnesses: Sequence[CosignatureVerifier] = (),
        anchors: Callable[[], tokens.Anchors | None] = lambda: None,
    ) -> None:
        """``folder`` holds ``checkpoints.txt``; without ``signer`` the log can be verified, not signed.

        ``witnesses`` are those whose co-signatures are verified; ``anchors`` gives those by which
        time-stamps are, asked anew each time: an authority may be new.
        """
        self._store = store
        self._file = folder / "checkpoints.txt"
        self._clock = clock
        self._signer = signer
        self._witnesses = witnesses
        self._anchors = anchors
        self._mended = False
        self._appending = threading.Lock()

    async def checkpoint(self) -> int | None:
        """Sign the head if it has moved since the last time; says its size, None if there was nothing to do."""
        if self._signer is None:
            return None
        head, last = await self._store.aread(lambda tx: (tx.log.head(), tx.log.last_checkpoint()))
        if head.size == (last.size if last else 0):
            return None
        note = sign_checkpoint(Checkpoint(self._signer.name, head.size, head.root), self._signer)
        await asyncio.to_thread(
            self._append, note
        )  # it waits for the disk, and messages are not to wait with it
        await self._store.write(lambda tx: tx.log.add_checkpoint(note, head.size, self._clock()))
        return head.size

    async def fill_tiles(self) -> int:
        """Write the tiles of a log from before there were tiles, in steps that let messages pass; says how many."""
        filled = 0
        while step := await self._store.write(lambda tx: tx.tiles.fill(_TILES_AT_ONCE)):
            filled += step
        return filled

    def verify(self, verifier: NoteVerifier, pace: Pace = lambda: None) -> LogReport:
        """Recompute everything: bodies, leaves, tree, head, and every signed head in the database and in the file.

        Reads in pieces, and calls ``pace`` between them.
        """
        written = list(
            self._written()
        )  # before the entries: what is signed meanwhile is not beyond their end
        stored = self._store.read(lambda tx: [checkpoint.note for checkpoint in tx.log.checkpoints()])
        known = set(stored)
        reading = LogReading(self._store, pace)
        report = verify_log(
            reading.entries(),
            checkpoints=[*stored, *(note for note in written if note not in known)],
            verifier=verifier,
            origin=verifier.name,
            with_bodies=True,
        )
        more = reading.findings(report.entries, report.root) + self._store.read(self._proofs)
        return dataclasses.replace(report, findings=[*report.findings, *more])

    def _proofs(self, tx: Tx) -> list[Finding]:
        """What is wrong with the stored tree and with the lines of the witnesses."""
        notes = {checkpoint.size: checkpoint.note for checkpoint in tx.log.checkpoints()}
        return [*_tiles(tx), *self._stamped(tx), *self._cosigned(notes, tx.cosignatures.all())]

    def _stamped(self, tx: Tx) -> Iterator[Finding]:
        for checked in tokens.verify_all(tx, self._anchors()):
            if checked.fault is not None:
                yield Finding("error", None, f"time-stamp of {checked.kept.size}", checked.fault, "timestamp")

    def _cosigned(self, notes: Mapping[int, str], lines: Sequence[tuple[int, str]]) -> Iterator[Finding]:
        for size, line in lines:
            place = f"cosignature of {size}"
            if size not in notes:
                text = "a witness has signed a head that is not there any more"
                yield Finding("error", None, place, text, "cosignature")
                continue
            try:
                signed = cosignatures(with_lines(notes[size], [line]), self._witnesses)
            except SignatureInvalid as error:
                yield Finding("error", None, place, error.reason, "cosignature")
                continue
            if self._witnesses and not signed:
                yield Finding("warning", None, place, "by a witness whom nobody knows", "cosignature")

    def _append(self, note: str) -> None:
        with self._appending:
            self._mend()
            with self._file.open("a", encoding="utf-8") as file:
                file.write(note + _SEPARATOR)
                file.flush()
                os.fsync(file.fileno())

    def _written(self) -> Iterator[str]:
        if self._file.exists():
            *notes, _ = self._file.read_text(encoding="utf-8").split(_SEPARATOR)
            yield from notes

    def _mend(self) -> None:
        """Cut off what a crash left of a note that was being written; before the first note of this process."""
        if not self._mended and self._file.exists():
            *_, torn = self._file.read_bytes().split(_SEPARATOR.encode())
            if torn:
                os.truncate(self._file, self._file.stat().st_size - len(torn))
        self._mended = True


def _tiles(tx: Tx) -> Iterator[Finding]:
    for place in tx.tiles.strange():
        text = f"tile {place} is not what the entries give: a proof made from it will not verify"
        yield Finding("error", None, f"tile {place}", text, "tile")


_SEPARATOR = "\f\n"
_TILES_AT_ONCE = 16
