"""Applies what agencies report, whichever way it came: receipt, poll, callback or canonical report."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from adapters.errors import Malformed
from broker.book import Book
from broker.canonical import read
from broker.changes import Cause, Changes, Decide, Told
from broker.clock import Clock, NewId
from broker.errors import Invalid
from broker.model import Dossier, ReportItem, Step, WorkItem
from broker.process import commands as c
from broker.process.apply import apply
from broker.process.engine import Engine
from broker.process.states import FINAL
from broker.store.blobs import BlobFolder
from broker.store.dossiers import HUB
from broker.store.engine import Store, Tx
from broker.store.errors import Conflict, StoreUnavailable

Keep = Callable[[Tx, str | None], object]
"""Stores what a report came with; is told the dossier's code if the report is about exactly one that is known."""

Target = tuple[Dossier, Step] | None


@dataclasses.dataclass(frozen=True, slots=True)
class Unpacked:
    """A report whose papers are on disk: the items name them by hash."""

    items: Sequence[ReportItem]
    papers: Mapping[str, int]
    """SHA-256 → size in bytes."""

    def keep(self, tx: Tx, dossiers: Iterable[str]) -> None:
        """Note the papers and the dossiers that they belong to, in the transaction of what refers to them."""
        for sha256, size in self.papers.items():
            tx.blobs.add(sha256, size, "application/pdf")
        for code in dossiers:
            tx.blobs.use(code, self.papers)


class Reports:
    """Finds the step that each item of a report is about and lets the process engine read it."""

    def __init__(
        self, store: Store, book: Book, changes: Changes, blobs: BlobFolder, clock: Clock, new_id: NewId
    ) -> None:
        """``blobs`` keeps the papers that results bring."""
        self._store = store
        self._book = book
        self._changes = changes
        self._blobs = blobs
        self._clock = clock
        self._new_id = new_id

    async def take(
        self, agency: str, document: bytes, settle: Keep, *, message_id: str | None = None
    ) -> list[str | None]:
        """Apply all items of an AgencyReport and ``settle`` in one transaction.

        Gives the dossier code that each item turned out to be about, None where nobody knows it: that is not an error
        of the agency's message but a work item with an owner. Raises `Malformed` for papers that cannot be read.
        """
        report = await self.unpack(document)
        targets = await self._store.aread(lambda tx: [target(tx, agency, item) for item in report.items])
        found = [None if one is None else one[0].code for one in targets]

        def keep(tx: Tx) -> None:
            settle(tx, found[0] if len(set(found)) == 1 else None)
            report.keep(tx, {code for code in found if code is not None})
            for item, code in zip(report.items, found, strict=True):
                if code is None:
                    tx.work.add(self._unroutable(agency, item, message_id))

        decisions = _decisions(agency, report.items, targets, self._clock())
        await self._changes.change_all(decisions, keep, Cause(message_id=message_id))
        return found

    async def unpack(self, document: bytes) -> Unpacked:
        """Put the papers of a report on disk and read its items.

        Raises `Malformed` for a paper that is not base64, StoreUnavailable if the disk does not take it.
        """
        try:
            stripped, papers = read.strip_documents(document)
        except Invalid as error:
            raise Malformed(str(error), raw=document) from error
        for sha256, content in papers.items():
            try:
                await asyncio.to_thread(self._blobs.put, [content], sha256)
            except OSError as error:
                raise StoreUnavailable(f"a result paper cannot be kept: {error}") from error
        sizes = {sha256: len(content) for sha256, content in papers.items()}
        return Unpacked(read.report_items(stripped), sizes)

    def _unroutable(self, agency: str, item: ReportItem, message_id: str | None) -> WorkItem:
        name = item.dossier_code or item.agency_code or "no code"
        return WorkItem(
            id=self._new_id(),
            kind="unroutable",
            at=self._clock(),
            owner=self._book.owner(agency),
            reason=f"{agency} reports on {name}, which the hub does not know with this agency",
            agency=agency,
            message_id=message_id,
        )


def _decisions(
    agency: str, items: Sequence[ReportItem], targets: Sequence[Target], now: datetime
) -> dict[str, Decide]:
    """One decision per dossier, over all items that are about it."""
    about: dict[str, list[tuple[str, ReportItem]]] = {}
    for item, found in zip(items, targets, strict=True):
        if found is not None:
            about.setdefault(found[0].id, []).append((found[1].id, item))
    return {dossier_id: _decide(agency, said, now) for dossier_id, said in about.items()}


def _decide(agency: str, said: Sequence[tuple[str, ReportItem]], now: datetime) -> Decide:
    def decide(engine: Engine, dossier: Dossier, told: Told) -> Sequence[c.Command]:
        commands: list[c.Command] = []
        for step, item in said:
            after = apply(dossier, commands)
            commands += engine.on_report(after, step, item, now, agency, told(step))
        return commands

    return decide


def target(tx: Tx, agency: str, item: ReportItem) -> Target:
    """The dossier and the step that an item is about: by our code, else by the agency's own."""
    for code in (item.dossier_code, item.agency_code):
        dossier = _by_code(tx, code) if code else None
        if dossier is not None:
            steps = [step for step in dossier.steps if step.agency == agency]
            if steps:
                return dossier, _meant(steps, item)
    return None


def _meant(steps: Sequence[Step], item: ReportItem) -> Step:
    """Which of an agency's steps in one dossier: by our key, by the agency's own number, else the one not ended."""
    named = (item.key or "").split(":")[1:2]
    for step in steps:
        if named == [step.id]:
            return step
    for step in steps:
        if item.agency_code is not None and item.agency_code == step.agency_code:
            return step
    return next((step for step in steps if step.state not in FINAL), steps[0])


def _by_code(tx: Tx, code: str) -> Dossier | None:
    try:
        return tx.dossiers.by_code(code)
    except Conflict:
        # Two systems gave this code to different dossiers: only the hub's own meaning is certain.
        return tx.dossiers.by_code(code, HUB)


def refine(item: ReportItem, judge: Callable[[str | None], object]) -> ReportItem:
    """The item with the outcome that the agency's table of texts gives its words, if it says anything."""
    judged = judge(item.reason)
    return item if judged is None else dataclasses.replace(item, outcome=judged)  # type: ignore[arg-type]
