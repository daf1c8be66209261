"""What the answers to deliveries mean: one handler per kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from broker.agency import Agency
from broker.book import Book
from broker.canonical import read
from broker.changes import Cause, Changes, Told
from broker.checks import Checks
from broker.clock import Clock, NewId
from broker.delivery.worker import CLASS_OF_OUTCOME, Failure, Handler, Settle
from broker.model import Delivery, DeliveryKind, Dossier, Outcome, ReportItem, WorkItem
from broker.outbox import Case, Outbox
from broker.process.commands import Command
from broker.process.engine import Engine
from broker.process.states import FINAL
from broker.reconciliation import Reconciliation
from broker.reports import Reports, refine
from broker.store.engine import Store, Tx


class Outcomes:
    """What all handlers need."""

    def __init__(
        self,
        *,
        store: Store,
        book: Book,
        agencies: Mapping[str, Agency],
        changes: Changes,
        reports: Reports,
        checks: Checks,
        reconciliation: Reconciliation,
        outbox: Outbox,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        """Collaborators of the hub."""
        self.store = store
        self.book = book
        self.agencies = agencies
        self.changes = changes
        self.reports = reports
        self.checks = checks
        self.reconciliation = reconciliation
        self.outbox = outbox
        self.clock = clock
        self.new_id = new_id

    def handlers(self) -> dict[DeliveryKind, Handler]:
        """A handler for every kind of delivery."""
        sent = SentHandler(self)
        return {
            DeliveryKind.STEP: sent,
            DeliveryKind.SUPPLEMENT: sent,
            DeliveryKind.WITHDRAWAL: sent,
            DeliveryKind.CORRECTION: sent,
            DeliveryKind.POLL: PollHandler(self),
            DeliveryKind.LOOKUP: LookupHandler(self),
            DeliveryKind.LIST: ListHandler(self),
            DeliveryKind.STATE: StateHandler(self),
            DeliveryKind.RESULT: StateHandler(self),
            DeliveryKind.NOTICE: NoticeHandler(self),
        }

    def receipt(self, delivery: Delivery, items: Sequence[ReportItem]) -> ReportItem:
        """The item of a receipt that is about this delivery. Raises `Failure` if the agency did not take it in."""
        code = delivery.context.get("dossier")
        named = [item for item in items if item.key is not None and item.key == delivery.key]
        own = named or [item for item in items if item.dossier_code == code] or items
        item = own[0] if own else ReportItem(Outcome.OK)
        item = refine(item, self.agencies[delivery.agency].judge)
        if item.outcome in CLASS_OF_OUTCOME:
            raise Failure(CLASS_OF_OUTCOME[item.outcome], item.reason or item.outcome.value)
        return item

    def dead_letter(self, tx: Tx, delivery: Delivery, reason: str) -> None:
        """Give a delivery that was given up to a person; polls of one agency, which come again, once a day."""
        now = self.clock()
        daily = f"poll:{delivery.agency}:{now:%y%m%d}" if delivery.kind is DeliveryKind.POLL else None
        tx.work.add(
            WorkItem(
                id=daily or self.new_id(),
                kind="dead-letter",
                at=now,
                owner=self.book.owner(delivery.agency),
                reason=reason,
                agency=delivery.agency,
                dossier_id=delivery.dossier_id,
                delivery_id=delivery.id,
                step=delivery.step,
            )
        )


class SentHandler:
    """Submissions, supplements and withdrawals: the receipt moves the step."""

    def __init__(self, outcomes: Outcomes) -> None:
        """Uses the hub's collaborators."""
        self._o = outcomes

    async def answered(self, delivery: Delivery, document: bytes, settle: Settle) -> None:
        """The agency took it in, or had it already; a question's answer may bring the result as well."""
        receipt = await self._o.reports.unpack(document)
        item = self._o.receipt(delivery, receipt.items)
        now = self._o.clock()
        step = delivery.step or ""

        def record(tx: Tx) -> None:
            settle(tx)
            receipt.keep(tx, [delivery.context["dossier"]])

        await self._o.changes.change(
            delivery.dossier_id or "",
            lambda engine, dossier, told: engine.on_sent(
                dossier, step, delivery.kind, item, now, delivery.agency, told(step)
            ),
            record,
            Cause(message_id=settle.message_id),
        )

    async def buried(self, delivery: Delivery, reason: str, settle: Settle) -> None:
        """The step is stuck until a person has acted; a withdrawal from a step that has ended is only given up."""
        now = self._o.clock()
        step = delivery.step or ""
        needless = False

        def decide(engine: Engine, dossier: Dossier, told: Told) -> Sequence[Command]:
            nonlocal needless
            ended = dossier.step(step).state in FINAL
            # A correction that is not taken has an owner of its own, and must not hold up what comes behind it.
            correction = delivery.kind is DeliveryKind.CORRECTION
            needless = correction or (delivery.kind is DeliveryKind.WITHDRAWAL and ended)
            return engine.on_failed(dossier, step, delivery.kind, reason, now, told(step))

        def record(tx: Tx) -> None:
            settle(tx)
            if needless:
                tx.deliveries.cancel(delivery.id, now, reason)
            else:
                self._o.dead_letter(tx, delivery, reason)

        cause = Cause(message_id=settle.message_id)
        await self._o.changes.change(delivery.dossier_id or "", decide, record, cause)


class _WithoutStep:
    """Handlers of deliveries that no step waits for: one that is given up moves nothing, but has an owner."""

    def __init__(self, outcomes: Outcomes) -> None:
        self._o = outcomes

    async def buried(self, delivery: Delivery, reason: str, settle: Settle) -> None:
        """A person must see to it."""

        def record(tx: Tx) -> None:
            settle(tx)
            self._o.dead_letter(tx, delivery, reason)

        await self._o.store.write(record)


class PollHandler(_WithoutStep):
    """Answers to "how does it stand": each item is a report. The next round asks again, whatever became of this one."""

    async def answered(self, delivery: Delivery, document: bytes, settle: Settle) -> None:
        """Every item is read as if the agency had called; a question refused as a whole has failed."""
        for item in read.report_items(document):
            if item.dossier_code is None and item.agency_code is None and item.outcome in CLASS_OF_OUTCOME:
                item = refine(item, self._o.agencies[delivery.agency].judge)
                raise Failure(CLASS_OF_OUTCOME.get(item.outcome, "retry"), item.reason or item.outcome.value)
        await self._o.reports.take(delivery.agency, document, settle, message_id=settle.message_id)


class ListHandler(_WithoutStep):
    """Pages of what an agency says it has."""

    async def answered(self, delivery: Delivery, document: bytes, settle: Settle) -> None:
        """Goes into the comparison with ours."""
        await self._o.reconciliation.answered(delivery, document, settle)


class LookupHandler(_WithoutStep):
    """Answers of the population database. Without one the dossier keeps waiting for its check."""

    async def answered(self, delivery: Delivery, document: bytes, settle: Settle) -> None:
        """Goes into the check of the person it is about."""
        await self._o.checks.answered(delivery, document, settle)


class NoticeHandler(_WithoutStep):
    """Notices that a mail relay or a client has taken."""

    async def answered(self, delivery: Delivery, document: bytes, settle: Settle) -> None:
        """A relay's or client's yes has no content that matters."""
        await self._o.store.write(settle)


class StateHandler(_WithoutStep):
    """State reports that a portal has taken, results that a keeper has. One that it has not shows an old state."""

    async def answered(self, delivery: Delivery, document: bytes, settle: Settle) -> None:
        """Nothing moves: they only had to know."""
        self._o.receipt(delivery, read.report_items(document))
        await self._o.store.write(settle)


class Questions:
    """Asks agencies whether they have a message, after an attempt without an answer."""

    def __init__(self, outcomes: Outcomes) -> None:
        """Uses the hub's collaborators."""
        self._o = outcomes

    async def question(self, delivery: Delivery) -> Delivery | None:
        """The delivery that asks about ``delivery``; None if this agency cannot be asked."""
        if delivery.kind is not DeliveryKind.STEP or delivery.dossier_id is None:
            return None
        dossier_id = delivery.dossier_id
        dossier, codes = await self._o.store.aread(
            lambda tx: (tx.dossiers.get(dossier_id), tx.dossiers.codes(dossier_id))
        )
        return self._o.outbox.question(Case(dossier, self._o.book.engine(dossier), codes), delivery)

    def found(self, delivery: Delivery, document: bytes) -> bool:
        """True if the agency's answer says that it has the message."""
        code = delivery.context.get("dossier")
        return any(
            item.outcome in (Outcome.OK, Outcome.DUPLICATE) and item.dossier_code in (code, None)
            for item in read.report_items(document)
        )
