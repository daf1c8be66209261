"""Reads the whole message log in pieces, for those who verify it: no snapshot lasts long, and nobody waits.

What is appended meanwhile is read too. A body that is erased while the log is read was there, or the entry that says
who erased it is read afterwards: both are in the same transaction, and the last piece is the end of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from broker.store.engine import Store, Tx
from broker.store.rows import Head
from broker.store.verifications import Piece
from signing.log.tiles import WIDTH
from signing.verifier.entries import Entry
from signing.verifier.findings import Finding, Findings

Pace = Callable[[], None]
"""Called between two pieces; it may wait, or raise to give up."""


class LogReading:
    """One pass over the log."""

    def __init__(self, store: Store, pace: Pace) -> None:
        """Nothing is read before `entries` is iterated."""
        self._store = store
        self._pace = pace
        self._findings = Findings()
        self._head: Head | None = None

    def entries(self) -> Iterator[Entry]:
        """All entries as stored, in order of their positions."""
        start = 0
        while True:
            piece = self._store.read(partial(_piece, start=start))
            self._findings.extend(piece.findings)
            yield from piece.entries
            if piece.last:
                self._head = piece.head
                return
            start += WIDTH
            self._pace()

    def findings(self, size: int, root: bytes) -> list[Finding]:
        """What rows, stored tree and head say otherwise than the entries that were read, of which there are ``size``
        and ``root`` the root.
        """
        head = self._head
        if head is not None and (head.size, head.root) != (size, root):
            text = f"the stored head of {head.size} entries is not that of the {size} entries there are"
            self._findings.error("head", "head", text)
        return self._findings.all()


def _piece(tx: Tx, start: int) -> Piece:
    return tx.verifications.piece(start)
