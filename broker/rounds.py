"""The hub's rounds: what it does by the clock and not because a message came.

Ask agencies how dossiers stand, look for deadlines that have passed, sign the head of the log, erase what is no longer
needed, move what is sealed to the newest data key.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from broker.agency import Agency
from broker.book import Book
from broker.changes import Changes
from broker.checks import Checks
from broker.clock import Clock
from broker.config.schedule import Schedule
from broker.keys.keyring import Keeping
from broker.log.joined import HubLog
from broker.mapping import MappingError
from broker.model import Delivery, DeliveryKind, DeliveryState, Phase, Step, WorkItem
from broker.outbox import Case, Outbox, office
from broker.reconciliation import Reconciliation
from broker.reseal import Reseal
from broker.retention import Retention
from broker.scheduler import Job
from broker.store.engine import Store, Tx
from broker.store.rows import DeliveryFilter, StepRef

_AT_ONCE = 500


class Rounds:
    """The recurring jobs of a hub."""

    def __init__(
        self,
        *,
        store: Store,
        book: Book,
        agencies: Mapping[str, Agency],
        changes: Changes,
        checks: Checks,
        outbox: Outbox,
        log: HubLog,
        reconciliation: Reconciliation,
        retention: Retention,
        reseal: Reseal,
        keeping: Keeping,
        clock: Clock,
        wake: Callable[[], None],
        confirm: timedelta = timedelta(days=1),
    ) -> None:
        """``wake`` tells the worker that something may be due; ``confirm``: how long a keeper may take for a result."""
        self._confirm = confirm
        self._store = store
        self._book = book
        self._agencies = agencies
        self._changes = changes
        self._checks = checks
        self._outbox = outbox
        self._log = log
        self._reconciliation = reconciliation
        self._retention = retention
        self.reseal = reseal
        self._keeping = keeping
        self._clock = clock
        self._wake = wake

    def jobs(self, schedule: Schedule) -> list[Job]:
        """All jobs that ``schedule`` does not switch off, each as often as it says."""
        found = (
            ("poll", timedelta(seconds=30), self.polls, True),
            ("deadlines", timedelta(minutes=1), self.deadlines, True),
            ("reconcile", timedelta(days=1), self._reconciliation.run, True),
            ("retention", timedelta(days=1), self._retention.run, True),
            ("reseal", timedelta(days=1), self.reseal.once, True),
            ("keys", timedelta(minutes=1), self._keeping.run, False),
            ("wake", timedelta(seconds=1), self.retries, False),
        )
        own = (
            Job(name, pause, run, shared, schedule.at(name))
            for name, default, run, shared in found
            if (pause := schedule.every(name, default)) is not None
        )
        return [*self._log.jobs(schedule), *own]

    async def retries(self) -> None:
        """Let the worker look whether a delivery's waiting time is over."""
        self._wake()

    async def polls(self) -> int:
        """Ask every agency about its dossiers whose turn has come; says how many questions that are."""
        return sum([await self.poll(agency) for agency in self._agencies.values()])

    async def poll(self, agency: Agency) -> int:
        """Ask ``agency`` about its dossiers whose turn has come; says how many questions that are.

        As long as questions are unanswered no new ones are asked: an agency that was down finds no flood.
        """
        config = agency.config.poll
        if config is None:
            return 0
        now = self._clock()
        refs = await self._store.aread(lambda tx: _to_poll(tx, agency.id, now))
        if not refs:
            return 0
        cases = await self._store.aread(lambda tx: [self._case(tx, ref) for ref in refs])
        polls: list[Delivery] = []
        unasked: list[WorkItem] = []
        for chunk in _chunks(cases, config.chunk):
            self._ask(agency, chunk, polls, unasked)

        def enqueue(tx: Tx) -> None:
            for delivery in polls:
                tx.deliveries.enqueue(delivery)
            for item in unasked:
                tx.work.add(item)
            tx.dossiers.postpone_polls(refs, now + config.every)

        await self._store.write(enqueue)
        self._wake()
        return len(polls)

    def _ask(
        self,
        agency: Agency,
        cases: Sequence[tuple[Case, Step]],
        polls: list[Delivery],
        unasked: list[WorkItem],
    ) -> None:
        """Add the question about ``cases``; one that cannot be asked about goes to a person and spares the others."""
        try:
            polls.append(self._outbox.poll(agency, cases))
        except MappingError as error:
            if len(cases) == 1:
                unasked.append(self._unasked(agency, *cases[0], str(error)))
                return
            for case in cases:
                self._ask(agency, [case], polls, unasked)

    def _unasked(self, agency: Agency, case: Case, step: Step, reason: str) -> WorkItem:
        return WorkItem(
            id=f"unasked:{case.dossier.id[:40]}:{step.id}"[:64],
            kind="mapping",
            at=self._clock(),
            owner=self._book.owner(agency.id),
            reason=f"{step.id} cannot be asked about: {reason}",
            agency=agency.id,
            dossier_id=case.dossier.id,
        )

    async def deadlines(self) -> None:
        """Let the process engine see every dossier in which something is past its time.

        And conclude population checks whose last answer was stored by a process that died before it could.
        """
        now = self._clock()
        for dossier_id in await self._store.aread(lambda tx: tx.dossiers.in_phase(Phase.CHECKING, _AT_ONCE)):
            await self._checks.conclude(dossier_id)
        async for dossier_id in self._all_late(now):
            await self._changes.change(dossier_id, lambda engine, dossier, told: engine.on_tick(dossier, now))
        before = now - self._confirm
        late = await self._store.aread(lambda tx: tx.deliveries.unconfirmed(before, _AT_ONCE))

        def name_them(tx: Tx) -> None:
            for delivery in late:
                tx.work.add(self._unconfirmed(delivery))

        if late:
            await self._store.write(name_them)
        self._wake()

    def _unconfirmed(self, delivery: Delivery) -> WorkItem:
        """A copy of a result that its keeper has not confirmed for long: one item, however often it is seen."""
        return WorkItem(
            id=f"unconfirmed:{delivery.id}"[:64],
            kind="deadline",
            at=self._clock(),
            owner=self._book.owner(delivery.agency),
            reason=f"the result of {delivery.step} is not confirmed by {delivery.agency}",
            agency=delivery.agency,
            dossier_id=delivery.dossier_id,
            delivery_id=delivery.id,
        )

    async def _all_late(self, now: datetime) -> AsyncIterator[str]:
        """Every dossier with something past its time, once: those that stay late do not hide those behind them."""
        seen: set[str] = set()
        limit = _AT_ONCE
        while new := set(await self._store.aread(partial(_late, now=now, limit=limit))) - seen:
            for dossier_id in sorted(new):
                yield dossier_id
            seen |= new
            limit += _AT_ONCE

    def _case(self, tx: Tx, ref: StepRef) -> tuple[Case, Step]:
        dossier = tx.dossiers.get(ref.dossier_id)
        return Case(dossier, self._book.engine(dossier), {}), ref.step


def _to_poll(tx: Tx, agency: str, now: datetime) -> list[StepRef]:
    for state in (DeliveryState.QUEUED, DeliveryState.LEASED):
        wanted = DeliveryFilter(agency=agency, kind=DeliveryKind.POLL, state=state)
        if tx.deliveries.list(wanted, limit=1).items:
            return []
    return tx.dossiers.to_poll(agency, now, _AT_ONCE)


def _late(tx: Tx, now: datetime, limit: int) -> list[str]:
    steps = [
        *tx.dossiers.past_due(now, limit),
        *tx.dossiers.past_supplement_due(now, limit),
        *tx.dossiers.past_alarm(now, limit),
    ]
    return sorted(
        {ref.dossier_id for ref in steps}
        | set(tx.dossiers.dossiers_past_due(now, limit))
        | set(tx.dossiers.in_phase(Phase.ASKING, limit, due_before=now))
    )


def _chunks(cases: Sequence[tuple[Case, Step]], size: int) -> Iterator[list[tuple[Case, Step]]]:
    """Cases that may stand in one question: at most ``size``, all of one province, as registers are, and of one
    procedure, as their forms are.
    """

    def alike(one: tuple[Case, Step]) -> tuple[str, str]:
        return office(*one)[0], one[0].rules.procedure

    for _, group in itertools.groupby(sorted(cases, key=alike), key=alike):
        same = list(group)
        for at in range(0, len(same), size):
            yield same[at : at + size]
