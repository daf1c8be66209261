"""Archives of the log by period: each verifiable alone, linked to the one before, verified before it counts.

A period ends in the log at the first signed head after its last day, so that an archive ends where something is signed
and stamped; what happened in the seconds between begins the next. Nothing is half done: a file that is complete,
verified and under its name counts when it is recorded; what a crash leaves before that is made again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path

import structlog

from broker.clock import Clock, local_day
from broker.config.evidence import Archives as Settings
from broker.counting import midnight
from broker.evidence.gathering import Asked
from broker.evidence.logfiles import FileWrong, LogFiles, Piece, Redacted
from broker.evidence.transfer import Transfer, TransferFailed
from broker.log.logbook import Logbook
from broker.model import WorkItem
from broker.store.archives import StoredArchive
from broker.store.engine import Store, Tx
from broker.store.errors import Missing
from broker.store.rows import Act
from signing.errors import ContainerRefused

log = structlog.get_logger(__name__)

HUB = "hub"
KIND = "archive"
"""Kind of the work items about archives, and of the act that notes one."""
_PATIENCE = timedelta(hours=4)
"""How long a period waits for a time-stamp on the head behind it."""


class Archives:
    """Writes archives when their period is over, takes them elsewhere, and exports the log on demand."""

    def __init__(
        self,
        store: Store,
        logbook: Logbook,
        files: LogFiles,
        clock: Clock,
        *,
        settings: Settings,
        folder: Path,
        owner: str,
        stamp_head: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """``folder`` takes the archives; ``owner`` is told what goes wrong; ``stamp_head`` asks for a time-stamp on the
        newest head, for an export that cannot wait for the next round.
        """
        self._store = store
        self._logbook = logbook
        self._files = files
        self._clock = clock
        self._period = settings.period
        self._folder = folder.absolute()
        self._owner = owner
        self._transfer = Transfer(settings.transfer)
        self._stamp_head = stamp_head
        self._running: asyncio.Task[object] | None = None

    def stop(self) -> None:
        """Give up the run that is under way: what it has not recorded is made again by another."""
        if self._running is not None:
            self._running.cancel()

    async def run(self) -> int:
        """Write the archives of all periods that are over, and take elsewhere what was not; says how many are new.

        What goes wrong becomes a work item and is tried again by the next run.
        """
        self._running = asyncio.current_task()
        try:
            return await self._run()
        finally:
            self._running = None

    async def _run(self) -> int:
        written = 0
        while (piece := await self._store.aread(self._due)) is not None:
            item = f"archive:{piece.subject}"
            try:
                await self._archive(piece)
            except FileWrong as error:
                await self._tell(item, f"there is no archive of {piece.subject}: {error}")
                break
            await self._settle(item)
            written += 1
        if self._transfer.wanted:
            for archive in await self._store.aread(lambda tx: tx.archives.waiting()):
                await self._take(archive)
        return written

    async def export(
        self, out: Path, asked: Asked, first: date | None = None, last: date | None = None
    ) -> int:
        """Write all entries from the first day to the last, both included and both optional, to a file; says how many.

        It begins and ends at signed heads, so what happened around midnight may be in it too. Raises Missing if nothing
        was signed in that time, FileWrong.
        """
        if last is None:
            await self._logbook.checkpoint()
            if self._stamp_head is not None:
                await self._stamp_head()
        piece = await self._store.aread(lambda tx: _between(tx, asked, first, last))
        act = Act(self._clock(), asked.who, "export", f"log: {piece.subject}", asked.purpose)
        await self._store.write(lambda tx: tx.acts.add(act))
        await self._files.write(piece, out)
        return piece.head.size - piece.start

    async def redact(self, period: str, who: str, why: str) -> int:
        """Write an archive anew without the bodies that were erased since; says how many went.

        What remains verifies as before: entries, tree and heads are the same. The file has another SHA-256 than the one
        that the next archive names; the act of the redaction names both. Raises Missing, FileWrong.
        """
        archive, erased, piece = await self._store.aread(lambda tx: _recorded(tx, period))
        path = self._folder / archive.file
        redacted = Redacted(path, erased)
        try:
            sha256 = await self._files.write(piece, path, redacted.lines())
        except ContainerRefused as error:
            raise FileWrong(f"{path}: {error.reason}") from error
        now = self._clock()
        act = Act(
            now, who, "redact", archive.file, f"{why} ({redacted.gone} bodies; {archive.sha256} → {sha256})"
        )

        def record(tx: Tx) -> None:
            tx.archives.rewritten(period, sha256, now)
            tx.acts.add(act)

        await self._store.write(record)
        return redacted.gone

    def _due(self, tx: Tx) -> Piece | None:
        """The next period that is over and is not archived, once a head behind it is signed and stamped."""
        last, now = tx.archives.last(), self._clock()
        start = last.stop if last else 0
        if start >= tx.log.head().size:
            return None
        day = local_day(tx.proofs.time_of(start))
        if last is not None:
            # An entry that was committed late may belong to a day that is archived already.
            day = max(day, _following(last.period))
        period = day.isoformat() if self._period == "day" else f"{day:%Y-%m}"
        end = midnight(_following(period))
        if now < end:
            return None
        head = tx.proofs.since(end, start, stamped=True)
        if head is None and now >= end + _PATIENCE:
            head = tx.proofs.since(end, start, stamped=False)
        if head is None:
            return None
        return Piece("archive", period, start, head, tx.proofs.at_size(start) if start else None, last)

    async def _archive(self, piece: Piece) -> None:
        path = self._folder / f"{piece.subject}.asice"
        sha256 = await self._files.write(piece, path)
        now = self._clock()
        made = StoredArchive(piece.subject, piece.start, piece.head.size, now, path.name, sha256)

        def record(tx: Tx) -> None:
            tx.archives.add(made)
            tx.acts.add(Act(now, HUB, KIND, path.name, f"sha256 {sha256}"))

        await self._store.write(record)
        log.info("archived", period=piece.subject, entries=piece.head.size - piece.start, file=path.name)

    async def _take(self, archive: StoredArchive) -> None:
        item = f"archive:{archive.period}:{archive.sha256[:16]}"
        try:
            await self._transfer.take(self._folder / archive.file)
        except TransferFailed as error:
            await self._tell(item, f"{archive.file} was not taken elsewhere: {error}")
            return
        now = self._clock()
        await self._store.write(lambda tx: tx.archives.transferred(archive.period, now))
        await self._settle(item)

    async def _tell(self, item: str, reason: str) -> None:
        log.error("archive", reason=reason)
        told = WorkItem(id=item, kind=KIND, at=self._clock(), owner=self._owner, reason=reason)
        await self._store.write(lambda tx: tx.work.add(told))

    async def _settle(self, item: str) -> None:
        """Close a work item if there is one: what went wrong is right now."""

        def close(tx: Tx) -> None:
            if any(open_.id == item for open_ in tx.work.list(kind=KIND, limit=1000).items):
                tx.work.close(item, HUB, "done")

        await self._store.write(close)


def _between(tx: Tx, asked: Asked, first: date | None, last: date | None) -> Piece:
    """What is exported: from the last head before the first day to the first head after the last day."""
    before = tx.proofs.before(midnight(first)) if first else None
    start = before.size if before else 0
    after = tx.proofs.since(midnight(last + timedelta(days=1)), start, stamped=False) if last else None
    newest = tx.log.last_checkpoint()
    size = after.size if after else newest.size if newest else 0
    head = tx.proofs.at_size(size)
    if head is None or size <= start:
        raise Missing("nothing of that time is signed")
    subject = f"{first or '…'} – {last or '…'}"
    return Piece("export", subject, start, head, before, asked=asked)


def _recorded(tx: Tx, period: str) -> tuple[StoredArchive, frozenset[int], Piece]:
    """An archive that there is, which of its bodies were erased since, and what it was made of."""
    archive = tx.archives.of(period)
    head = tx.proofs.at_size(archive.stop)
    if head is None:
        raise Missing(f"there is no signed head of {archive.stop} entries any more")
    before = tx.proofs.at_size(archive.start) if archive.start else None
    previous = tx.archives.before(archive.start) if archive.start else None
    piece = Piece("archive", period, archive.start, head, before, previous)
    return archive, frozenset(tx.proofs.erased(archive.start, archive.stop)), piece


def _following(period: str) -> date:
    """The day after a day or a month."""
    if len(period) > len("2026-11"):
        return date.fromisoformat(period) + timedelta(days=1)
    year, month = map(int, period.split("-"))
    return date(year + month // 12, month % 12 + 1, 1)
