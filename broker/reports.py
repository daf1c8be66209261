"""Applies what agencies report, whichever way it came: receipt, poll, callback or canonical report."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from broker.book import Book
from broker.canonical import read
from broker.changes import Cause, Changes, Unit
from broker.clock import Clock, NewId
from broker.model import Dossier, ReportItem, Step, WorkItem
from broker.process.states import FINAL
from broker.store.blobs import BlobFolder
from broker.store.engine import Store, Tx


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
        self, agency: str, document: bytes, settle: Callable[[Tx], object], *, message_id: str | None = None
    ) -> list[str | None]:
        """Apply every item of an AgencyReport; ``settle`` runs in the last transaction, and in it only.

        Gives the dossier code that each item turned out to be about, None where nobody knows it: that is not an error
        of the agency's message but a work item with an owner.
        """
        document, papers = read.strip_documents(document)
        for sha256, content in papers.items():
            self._blobs.put([content], sha256)
        items = read.report_items(document)
        found: list[str | None] = []
        for number, item in enumerate(items, 1):
            last = number == len(items)
            found.append(await self._take(agency, item, settle if last else _nothing, message_id, papers))
        if not items:
            await self._store.write(settle)
        return found

    async def _take(
        self,
        agency: str,
        item: ReportItem,
        settle: Callable[[Tx], object],
        message_id: str | None,
        papers: dict[str, bytes],
    ) -> str | None:
        target = await self._store.aread(lambda tx: _target(tx, agency, item))

        def keep(tx: Tx) -> None:
            settle(tx)
            for sha256, content in papers.items():
                tx.blobs.add(sha256, len(content), "application/pdf")

        if target is None:
            await self._store.write(lambda tx: self._unroutable(tx, agency, item, keep, message_id))
            return None
        dossier, step = target
        now = self._clock()
        await self._changes.change(
            dossier.id,
            lambda engine, current, told: engine.on_report(
                current, step.id, item, now, agency, told(step.id)
            ),
            keep,
            Cause(message_id=message_id),
        )
        return dossier.code

    def _unroutable(self, tx: Tx, agency: str, item: ReportItem, keep: Unit, message_id: str | None) -> None:
        keep(tx)
        name = item.dossier_code or item.agency_code or "no code"
        tx.work.add(
            WorkItem(
                id=self._new_id(),
                kind="unroutable",
                at=self._clock(),
                owner=self._book.owner(agency),
                reason=f"{agency} reports on {name}, which the hub does not know with this agency",
                agency=agency,
                message_id=message_id,
            )
        )


def _target(tx: Tx, agency: str, item: ReportItem) -> tuple[Dossier, Step] | None:
    """The dossier and the step that an item is about: by our code, else by the agency's own."""
    for code in (item.dossier_code, item.agency_code):
        dossier = tx.dossiers.by_code(code) if code else None
        if dossier is not None:
            steps = [step for step in dossier.steps if step.agency == agency]
            open_steps = [step for step in steps if step.state not in FINAL] or steps
            if open_steps:
                return dossier, open_steps[0]
    return None


def _nothing(tx: Tx) -> None:
    """An item that is not the last leaves the record to the last."""


def refine(item: ReportItem, judge: Callable[[str | None], object]) -> ReportItem:
    """The item with the outcome that the agency's table of texts gives its words, if it says anything."""
    judged = judge(item.reason)
    return item if judged is None else dataclasses.replace(item, outcome=judged)  # type: ignore[arg-type]
