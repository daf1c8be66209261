"""Keeps the message log honest: signs its head, and verifies all of it against what was signed.

The signed heads (C2SP tlog-checkpoint, Ed25519) are kept in the database and, each as it is made, in a file beside it,
so that a database which was rewritten as a whole does not agree with them any more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from broker.clock import Clock
from broker.store.engine import Store, Tx
from signing.logcheck import LogReport, verify_log
from signing.note import Checkpoint, NoteSigner, NoteVerifier, sign_checkpoint


class Logbook:
    """The message log of one hub."""

    def __init__(self, store: Store, folder: Path, clock: Clock, signer: NoteSigner | None = None) -> None:
        """``folder`` holds ``checkpoints.txt``; without ``signer`` the log can be verified, not signed."""
        self._store = store
        self._file = folder / "checkpoints.txt"
        self._clock = clock
        self._signer = signer
        self._mended = False

    async def checkpoint(self) -> int | None:
        """Sign the head if it has moved since the last time; says its size, None if there was nothing to do."""
        if self._signer is None:
            return None
        head, last = await self._store.aread(lambda tx: (tx.log.head(), tx.log.last_checkpoint()))
        if head.size == (last.size if last else 0):
            return None
        note = sign_checkpoint(Checkpoint(self._signer.name, head.size, head.root), self._signer)
        self._append(note)
        await self._store.write(lambda tx: tx.log.add_checkpoint(note, head.size, self._clock()))
        return head.size

    def verify(self, verifier: NoteVerifier) -> LogReport:
        """Recompute everything: bodies, leaves, tree, head, and every signed head in the database and in the file."""

        written = list(self._written())  # before the snapshot: what is signed meanwhile is not beyond its end

        def recompute(tx: Tx) -> LogReport:
            head = tx.log.head()
            stored = [checkpoint.note for checkpoint in tx.log.checkpoints()]
            return verify_log(
                tx.log.entries(),
                head=(head.size, head.root),
                checkpoints=[*stored, *(note for note in written if note not in stored)],
                verifier=verifier,
                origin=verifier.name,
                with_bodies=True,
            )

        return self._store.read(recompute)

    def _append(self, note: str) -> None:
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


_SEPARATOR = "\f\n"
