"""The nightly comparison: each agency's list against ours, and dossiers that nobody has touched for too long.

The list is asked for as deliveries like any other (retried, logged), a page at a time. Every difference is a work item
with an owner and a date; one on which both sides agree again closes itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from broker.agency import Agency
from broker.book import Book
from broker.canonical import read
from broker.clock import Clock
from broker.comparing import Difference, Ours, compare, submissions
from broker.config.reconciliation import Reconciling
from broker.delivery.worker import Settle
from broker.model import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Dossier,
    Listed,
    Outcome,
    Phase,
    ReportItem,
    StepState,
    WorkItem,
)
from broker.outbox import Outbox
from broker.reports import target
from broker.store.engine import Store, Tx
from broker.store.rows import DeliveryFilter, StepRef

KIND = "reconciliation"
"""Kind of the work items."""

_ALL = 1000
_IDLE = "rec:idle-"
_SENT = frozenset(StepState) - {
    StepState.PLANNED,
    StepState.SENDING,
    StepState.STUCK,
    StepState.CANCELLED,
    StepState.WITHDRAWN,
}


class Reconciliation:
    """Compares, and keeps the list of differences."""

    def __init__(
        self,
        store: Store,
        book: Book,
        agencies: Mapping[str, Agency],
        outbox: Outbox,
        settings: Reconciling,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        """``wake`` tells the worker that something may be due."""
        self._store = store
        self._book = book
        self._agencies = agencies
        self._outbox = outbox
        self._settings = settings
        self._clock = clock
        self._wake = wake

    async def run(self) -> int:
        """Ask every agency that has a list for it, and look for dossiers that stand still; says how many were asked."""
        asked = [agency for agency in self._agencies.values() if agency.offers("list")]
        for agency in asked:
            await self.ask(agency)
        await self.untouched()
        return len(asked)

    async def ask(self, agency: Agency) -> None:
        """Ask ``agency`` for the first page of what it has taken in since the oldest difference that is open."""
        until = self._clock()
        start = await self._store.aread(lambda tx: self._start(tx, agency.id, until))
        run = f"{agency.id}:{until:%y%m%d%H%M%S}"
        first = self._page(agency, run, start, until, 1)
        await self._store.write(lambda tx: tx.deliveries.enqueue(first))
        self._wake()

    async def answered(self, delivery: Delivery, document: bytes, settle: Settle) -> None:
        """Keep a page and ask for the next one; after the last compare."""
        lines, more = read.agency_list(document)
        run = delivery.context["run"]
        start, until = (datetime.fromisoformat(delivery.context[name]) for name in ("from", "until"))
        agency = self._agencies[delivery.agency]
        number = int(delivery.context["page"]) + 1
        following = self._page(agency, run, start, until, number) if more else None

        def keep(tx: Tx) -> None:
            settle(tx)
            tx.lists.add(run, lines)
            if following is not None:
                tx.deliveries.enqueue(following)

        await self._store.write(keep)
        if following is None:
            await self.conclude(agency.id, run, start, until)

    async def conclude(self, agency: str, run: str, start: datetime, until: datetime) -> None:
        """Compare a list that is complete with ours, and bring the work items up to date."""
        found = await self._store.aread(lambda tx: list(self._differences(tx, agency, run, start, until)))
        now = self._clock()
        items = [self._item(agency, one, now) for one in found]

        def note(tx: Tx) -> None:
            tested = [item for item in _open(tx, agency) if self._was_tested(item, start)]
            _renew(tx, items, tested)
            tx.lists.forget(run)

        await self._store.write(note)

    async def untouched(self) -> int:
        """Raise every step, and every dossier that has none yet, that stands for too long; says how many there are."""
        now = self._clock()
        idle, unchecked = await self._store.aread(
            lambda tx: (list(self._idle(tx, now)), list(self._unchecked(tx, now)))
        )
        items = [self._still(ref, now) for ref in idle] + [self._waiting(one, now) for one in unchecked]

        def note(tx: Tx) -> None:
            _renew(tx, items, [item for item in _open(tx, None) if item.id.startswith(_IDLE)])

        await self._store.write(note)
        return len(items)

    # ------------------------------------------------------------------ what is found

    def _differences(
        self, tx: Tx, agency: str, run: str, start: datetime, until: datetime
    ) -> Iterator[Difference]:
        lines = submissions(tx.lists.of(run))
        theirs = [(line, _ours(tx, agency, line)) for line in lines]
        return compare(theirs, self._expected(tx, agency, start, until), until, self._settings.grace)

    def _expected(self, tx: Tx, agency: str, start: datetime, until: datetime) -> Iterator[Ours]:
        """Our steps that the agency acknowledged in that time, so that its list must have them."""
        after: StepRef | None = None
        while page := tx.dossiers.started(agency, start, until, _ALL, after=after):
            after = page[-1]
            for ref in page:
                if ref.step.state in _SENT and self._acknowledged(tx, ref, start, until):
                    yield Ours(ref.dossier_id, tx.dossiers.get(ref.dossier_id).code, ref.step)

    def _acknowledged(self, tx: Tx, ref: StepRef, start: datetime, until: datetime) -> bool:
        wanted = DeliveryFilter(dossier_id=ref.dossier_id, kind=DeliveryKind.STEP, state=DeliveryState.DONE)
        done = (one.done_at for one in tx.deliveries.list(wanted, limit=50).items if one.step == ref.step.id)
        last = until - self._settings.grace
        return any(at is not None and start <= at < last for at in done)

    def _idle(self, tx: Tx, now: datetime) -> Iterator[StepRef]:
        for state, longest in self._settings.untouched.items():
            yield from tx.dossiers.idle(state, now - longest, _ALL)

    def _unchecked(self, tx: Tx, now: datetime) -> Iterator[Dossier]:
        """Dossiers that have waited for the register since they came, or since the citizen answered."""
        for dossier_id in tx.dossiers.in_phase(Phase.CHECKING, _ALL):
            dossier = tx.dossiers.get(dossier_id)
            moved = max(
                [dossier.received_at, *(move.recorded_at for move in tx.dossiers.transitions(dossier_id))]
            )
            if moved <= now - self._settings.unchecked:
                yield dossier

    # ------------------------------------------------------------------ work items

    def _item(self, agency: str, found: Difference, now: datetime) -> WorkItem:
        return WorkItem(
            id=f"rec:{found.digest(agency)}:{now:%y%m%d%H%M%S}",
            kind=KIND,
            at=now,
            owner=self._book.owner(agency),
            reason=found.reason,
            agency=agency,
            dossier_id=found.dossier_id,
            step=found.step,
            due=self._due(now),
        )

    def _still(self, ref: StepRef, now: datetime) -> WorkItem:
        at_agency = ref.step.state not in (StepState.PLANNED, StepState.SENDING, StepState.STUCK)
        return WorkItem(
            id=_idle_id(f"{ref.dossier_id}:{ref.step.id}", now),
            kind=KIND,
            at=now,
            owner=self._book.owner(ref.step.agency if at_agency else None),
            reason=f"{ref.step.id} is {ref.step.state} since {ref.step.since.isoformat()}: nobody has touched it",
            agency=ref.step.agency,
            dossier_id=ref.dossier_id,
            step=ref.step.id,
            due=self._due(now),
        )

    def _waiting(self, dossier: Dossier, now: datetime) -> WorkItem:
        return WorkItem(
            id=_idle_id(dossier.id, now),
            kind=KIND,
            at=now,
            owner=self._book.owner(None),
            reason="the population register has not been heard yet, so no agency has the dossier",
            dossier_id=dossier.id,
            due=self._due(now),
        )

    def _due(self, now: datetime) -> datetime:
        return self._book.calendar.last_moment(now, self._settings.due_days)

    def _was_tested(self, item: WorkItem, start: datetime) -> bool:
        """Whether a list from ``start`` on reaches back to what the item is about."""
        return not item.id.startswith(_IDLE) and item.at - self._settings.days >= start

    # ------------------------------------------------------------------ asking

    def _start(self, tx: Tx, agency: str, until: datetime) -> datetime:
        """From when the list is wanted: some days back, and before the oldest difference that is still open."""
        oldest = min([until, *(item.at for item in _open(tx, agency))])
        return max(oldest - self._settings.days, until - self._settings.longest)

    def _page(self, agency: Agency, run: str, start: datetime, until: datetime, page: int) -> Delivery:
        return self._outbox.listing(agency, run, start, until, page)


def _open(tx: Tx, agency: str | None) -> list[WorkItem]:
    """Open differences, of one agency or of all."""
    found: list[WorkItem] = []
    after: str | None = None
    while True:
        page = tx.work.list(kind=KIND, agency=agency, limit=_ALL, after=after)
        found += page.items
        after = page.after
        if after is None:
            return found


def _name(item: WorkItem) -> str:
    """What an item is about, without the time of its finding."""
    return item.id.removeprefix("rec:").rpartition(":")[0]


def _idle_id(what: str, now: datetime) -> str:
    return f"{_IDLE}{hashlib.sha256(what.encode()).hexdigest()[:32]}:{now:%y%m%d%H%M%S}"


def _renew(tx: Tx, items: Sequence[WorkItem], tested: Sequence[WorkItem]) -> None:
    """Close what is no difference any more, add what is new; what is open already stays as it is."""
    current = {_name(item): item for item in items}
    for item in tested:
        if _name(item) not in current:
            tx.work.close(item.id, "hub", "a later comparison agrees")
    for name, item in current.items():
        if name not in {_name(known) for known in tested}:
            tx.work.add(item)


def _ours(tx: Tx, agency: str, line: Listed) -> Ours | None:
    """Our step that a line of the agency's list is about."""
    item = ReportItem(
        outcome=Outcome.OK,
        dossier_code=line.code or _code(line.key),
        key=line.key,
        agency_code=line.agency_code,
    )
    found = target(tx, agency, item)
    return None if found is None else Ours(found[0].id, found[0].code, found[1])


def _code(key: str | None) -> str | None:
    return key.partition(":")[0] if key and ":" in key else None
