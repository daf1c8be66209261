"""Pieces of the log as files: entries in order, the tree before them, the signed head behind them.

A file is written beside its place, verified by a process of its own, and then put there at once: what is under its name
is complete. Entries are read in small pieces, so that neither memory nor the database's other users feel it.
Format: docs/evidence-format.md.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path

from broker.clock import Clock
from broker.evidence.containers import STATEMENT, Containers, head_files, statement
from broker.evidence.explaining import Story, page
from broker.evidence.gathering import Asked, told_of, witness_names
from broker.evidence.verifying import Verifying
from broker.store.archives import StoredArchive
from broker.store.engine import Store
from broker.store.proofs import SignedHead
from signing.container import asic
from signing.log.note import NoteVerifier, open_checkpoint
from signing.verifier.entries import Entry
from signing.xmlsig.xades_opened import Level

ENTRIES, FRONTIER, PREVIOUS = "log/entries.jsonl", "log/frontier.bin", "log/previous.note"
_AT_ONCE = 100


class FileWrong(Exception):
    """A file that was written does not verify, or could not be written; there is none of it under its name."""


@dataclasses.dataclass(frozen=True, slots=True)
class Piece:
    """What becomes a file: entries ``start`` to before the size of ``head``; ``before`` is the head at ``start``."""

    kind: str
    subject: str
    start: int
    head: SignedHead
    before: SignedHead | None = None
    previous: StoredArchive | None = None
    asked: Asked | None = None


class LogFiles:
    """Writes pieces of the log as files."""

    def __init__(
        self,
        store: Store,
        containers: Containers,
        verifier: NoteVerifier,
        clock: Clock,
        verifying: Verifying,
        witnesses: Sequence[str] = (),
    ) -> None:
        """``witnesses``: their verifier keys."""
        self._store = store
        self._containers = containers
        self._verifier = verifier
        self._clock = clock
        self._verifying = verifying
        self._witnesses = tuple(witnesses)

    async def write(self, piece: Piece, path: Path, lines: AsyncIterator[bytes] | None = None) -> str:
        """Write the file at ``path``, replacing what is there; gives its SHA-256. Raises FileWrong.

        ``lines`` replaces the entries that the store has.
        """
        part, entries = path.with_name(f".{path.name}.part"), path.with_name(f".{path.name}.entries")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            await _collect(entries, lines or self._lines(piece))
            await self._pack(piece, entries, part)
            if wrong := await self._verifying.errors(part):
                raise FileWrong("; ".join(wrong[:3]))
            sha256 = await asyncio.to_thread(_digest, part)
            await asyncio.to_thread(_put, part, path)
        except OSError as error:
            raise FileWrong(f"{path} cannot be written: {error}") from error
        finally:
            for left in (entries, part):
                with contextlib.suppress(
                    OSError
                ):  # there is nothing, or it cannot be helped: it never counts
                    left.unlink()
        return sha256

    async def _lines(self, piece: Piece) -> AsyncIterator[bytes]:
        """The entries as the store has them, a piece at a time; others get their turn in between."""
        for at in range(piece.start, piece.head.size, _AT_ONCE):
            end = min(at + _AT_ONCE, piece.head.size)
            yield await self._store.aread(lambda tx, a=at, b=end: b"".join(map(line, tx.log.entries(a, b))))  # type: ignore[misc]

    async def _pack(self, piece: Piece, entries: Path, part: Path) -> None:
        made = self._clock()
        checkpoint = open_checkpoint(piece.head.note, self._verifier)
        files: dict[str, bytes | Path] = {ENTRIES: entries}
        files |= head_files(piece.head, [self._verifier.vkey, *self._witnesses])
        frontier = await self._store.aread(lambda tx: tx.log.frontier(piece.start))
        files[FRONTIER] = frontier.to_bytes()
        if piece.before is not None:
            files[PREVIOUS] = piece.before.note.encode()
        last = piece.previous
        previous = last and {"file": last.file, "sha256": last.sha256, "size": last.stop}
        bounds = {"first": piece.start, "stop": piece.head.size, "previous": previous}
        files[STATEMENT] = statement(piece.kind, piece.subject, made, piece.head, checkpoint, **bounds)
        period = await self._period(piece)
        story = Story(
            kind=piece.kind,
            subject=piece.subject,
            made=made,
            origin=checkpoint.origin,
            size=checkpoint.size,
            root=checkpoint.root,
            signer=self._containers.signed_by,
            level="B-B",
            stamp=told_of(piece.head.token),
            witnesses=witness_names(piece.head),
            asked=piece.asked.who if piece.asked else None,
            purpose=piece.asked.purpose if piece.asked else None,
            count=piece.head.size - piece.start,
            period=period,
            previous=(last.file, last.stop) if last else None,
        )

        def explain(level: Level) -> bytes:
            return page(dataclasses.replace(story, level=level))

        with part.open("wb") as out:
            await self._containers.write(files, explain, out, compressed={ENTRIES})
            out.flush()
            await asyncio.to_thread(os.fsync, out.fileno())

    async def _period(self, piece: Piece) -> tuple[datetime, datetime]:
        ends = (piece.start, piece.head.size - 1)
        first, last = await self._store.aread(lambda tx: [tx.proofs.time_of(index) for index in ends])
        return first, last


def line(entry: Entry) -> bytes:
    """One entry as a line of ``log/entries.jsonl``."""
    whole = entry.body is not None and entry.salt is not None
    fields = {
        "index": entry.index,
        "leaf": entry.leaf.decode("utf-8", "backslashreplace"),
        "salt": _base64(entry.salt) if whole else None,
        "body": _base64(entry.body) if whole else None,
    }
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


class Redacted:
    """The entries of a file without the bodies of some; ``gone`` counts those that were still there."""

    def __init__(self, path: Path, without: frozenset[int]) -> None:
        """``path`` is a file of ours."""
        self._path = path
        self._without = without
        self.gone = 0

    async def lines(self) -> AsyncIterator[bytes]:
        """What stands in ``log/entries.jsonl``, line by line. Raises ContainerRefused."""
        container = await asyncio.to_thread(asic.read, self._path)
        with container:
            lines = container.lines(ENTRIES)
            while (found := await asyncio.to_thread(next, lines, None)) is not None:
                yield self._without_body(found) + b"\n"

    def _without_body(self, found: bytes) -> bytes:
        index = int(found[len(b'{"index":') : found.index(b",")])
        if index not in self._without:
            return found
        fields = json.loads(found)
        self.gone += fields["body"] is not None
        fields |= {"salt": None, "body": None}
        return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()


async def _collect(path: Path, chunks: AsyncIterator[bytes]) -> None:
    with path.open("wb") as file:
        async for chunk in chunks:
            await asyncio.to_thread(file.write, chunk)


def _put(part: Path, path: Path) -> None:
    """Give the file its name, durably."""
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _base64(data: bytes | None) -> str:
    return base64.b64encode(data or b"").decode("ascii")
