"""Claims deliveries, runs their attempts side by side, and acts on how each ended.

The decisions are elsewhere and pure: `broker.delivery.policy` says when to try again, the kind's handler says what an
answer means. The worker owns only the loop: claim, attempt, settle, wait until something is due.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Protocol

import structlog

from adapters.errors import AdapterError, Malformed, Unavailable
from broker.agency import Agency
from broker.canonical import build
from broker.canonical import document as documents
from broker.clock import Clock
from broker.delivery.attempt import Attempts, Broken, Exchanged
from broker.delivery.policy import Ask, Bury, Decision, Pause, decide
from broker.delivery.queue import Queue
from broker.model import Delivery, DeliveryKind, Message, Outcome, WorkItem
from broker.store.engine import Store, Tx
from broker.store.errors import LeaseLost, StoreUnavailable
from signing.errors import KeyProblem

log = structlog.get_logger(__name__)

CLASS_OF_OUTCOME: Mapping[Outcome, str] = {
    Outcome.RETRY: "retry",
    Outcome.UNAUTHORIZED: "unauthorized",
    Outcome.DATA_ERROR: "data-error",
    Outcome.FAILED: "failed",
    Outcome.ABSENT: "rejected",
}
"""Class of error (`broker.delivery.policy`) for each way in which an agency says no."""


@dataclasses.dataclass(frozen=True, slots=True)
class Settle:
    """What is stored together with the change that an answer makes: the answer, and how the delivery ended.

    ``message`` is None when nothing came that could be logged; ``document`` is what it says, canonically.
    """

    message: Message | None
    end: Callable[[Tx], None]
    document: bytes | None = None

    def __call__(self, tx: Tx, dossier: str | None = None) -> None:
        """Store both; ``dossier`` is the code of the only dossier that the answer turned out to be about."""
        if self.message is not None:
            about = self.message.dossier or dossier
            tx.messages.add(dataclasses.replace(self.message, dossier=about))
            if about is None and self.document is not None:  # of several dossiers: found by whom it names
                tx.people.note(self.message.id, documents.personal_numbers(self.document))
        # Lost: the agency's own report ended the delivery before its answer came, or another worker has it. What came
        # still counts.
        with contextlib.suppress(LeaseLost):
            self.end(tx)

    @property
    def message_id(self) -> str | None:
        """Id of the answer in the message log."""
        return self.message.id if self.message is not None else None


class Failure(Exception):
    """An agency's answer that is not a success: ``error_class`` is a class of `broker.delivery.policy`."""

    def __init__(self, error_class: str, reason: str, retry_after: float | None = None) -> None:
        """``reason`` is shown to people beside the delivery; ``retry_after`` is in seconds."""
        super().__init__(reason)
        self.error_class = error_class
        self.reason = reason
        self.retry_after = retry_after


class Handler(Protocol):
    """What the answers to one kind of delivery mean."""

    async def answered(self, delivery: Delivery, document: bytes, settle: Settle) -> None:
        """Act on a canonical answer; run ``settle`` in the transaction that does. Raises `Failure` or `Malformed`."""

    async def buried(self, delivery: Delivery, reason: str, settle: Settle) -> None:
        """The delivery will not be tried again: tell whom it concerns; run ``settle`` in the last transaction."""


class Asker(Protocol):
    """Finds out whether an agency already has a message, after a time-out."""

    async def question(self, delivery: Delivery) -> Delivery | None:
        """The delivery that asks about ``delivery``; None if this agency cannot be asked."""

    def found(self, delivery: Delivery, document: bytes) -> bool:
        """True if the agency's answer says that it has the message."""


@dataclasses.dataclass(frozen=True)
class WorkerSettings:
    """How much a worker takes on: ``batch`` per claim, ``in_flight`` at one time; ``idle`` is in seconds."""

    owner: str
    lease: timedelta = timedelta(seconds=120)
    batch: int = 50
    in_flight: int = 64
    idle: float = 1.0
    limits: Mapping[str, int] = dataclasses.field(default_factory=dict)


class Worker:
    """Runs deliveries until told to stop."""

    def __init__(
        self,
        *,
        store: Store,
        queue: Queue,
        agencies: Mapping[str, Agency],
        attempts: Attempts,
        handlers: Mapping[DeliveryKind, Handler],
        asker: Asker,
        clock: Clock,
        rng: random.Random,
        settings: WorkerSettings,
    ) -> None:
        """All collaborators are passed in, so that a simulation can replace any of them."""
        self._store = store
        self._queue = queue
        self._agencies = agencies
        self._attempts = attempts
        self._handlers = handlers
        self._asker = asker
        self._clock = clock
        self._rng = rng
        self._settings = settings
        self._flying: dict[asyncio.Task[None], Delivery] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; then finish what is in flight and give the rest back."""
        while not stop.is_set():
            try:
                claimed = await self.launch()
            except StoreUnavailable as error:
                log.warning("store away, will try again", reason=str(error))
                claimed = 0
            except (
                KeyProblem
            ) as error:  # a data key is not there: others' work waits until it is brought back
                log.error("data key missing, will try again", reason=str(error))
                claimed = 0
            if not claimed:
                await self._queue.wait(self._settings.idle)
        await self._drain()
        with contextlib.suppress(StoreUnavailable):  # then the leases run out by themselves
            await self._queue.release(self._settings.owner)

    async def pump(self) -> int:
        """Claim what is due now, run it to its end, and say how many deliveries that were."""
        claimed = await self.launch()
        await self._drain()
        return claimed

    @property
    def flying(self) -> set[asyncio.Task[None]]:
        """The attempts under way, one task each."""
        return set(self._flying)

    async def launch(self) -> int:
        """Claim what is due now and begin it; says how many deliveries that were."""
        await self._hold()
        room = self._settings.in_flight - len(self._flying)
        if room <= 0:
            return 0
        claimed = await self._queue.claim(
            self._clock(),
            self._settings.owner,
            self._settings.lease,
            min(room, self._settings.batch),
            limits=self._settings.limits,
        )
        for delivery in claimed:
            task = asyncio.create_task(self._run(delivery))
            self._flying[task] = delivery
            task.add_done_callback(self._landed)
        return len(claimed)

    async def _hold(self) -> None:
        """Extend the leases of what is in flight: an agency may take longer to answer than a lease lasts."""
        now, lease = self._clock(), self._settings.lease
        short = {
            task: delivery
            for task, delivery in self._flying.items()
            if delivery.lease_until is not None and delivery.lease_until - now < lease / 2
        }
        if not short:
            return
        await self._queue.extend(short.values(), now + lease)
        for task in short.keys() & self._flying.keys():
            self._flying[task] = dataclasses.replace(short[task], lease_until=now + lease)

    def _landed(self, task: asyncio.Task[None]) -> None:
        del self._flying[task]
        self._queue.wake()
        if not task.cancelled() and (error := task.exception()) is not None:
            # The lease runs out and the delivery is claimed again, in doubt if it was sent: nothing is lost.
            log.warning("attempt not recorded", error=type(error).__name__, exc_info=error)

    async def _drain(self) -> None:
        while self._flying:
            await asyncio.wait(self._flying, timeout=self._settings.lease.total_seconds() / 4)
            with contextlib.suppress(StoreUnavailable):
                await self._hold()

    async def _run(self, delivery: Delivery) -> None:
        try:
            await self._attempt(self._agencies[delivery.agency], delivery)
        except StoreUnavailable:
            raise
        except LeaseLost:
            # Somebody else proved it done meanwhile, or has it: nothing has left under this lease since.
            log.info("lease lost before sending", delivery=delivery.id)
        except Exception as error:
            # Left to the lease it would be repeated for ever, and nobody would know.
            log.error("delivery failed in the hub itself", delivery=delivery.id, exc_info=error)
            await self._stumbled(delivery, error)

    async def _attempt(self, agency: Agency, delivery: Delivery) -> None:
        if delivery.ambiguous and await self._already_there(agency, delivery):
            return
        await self._react(agency, delivery, await self._attempts.exchange(agency, delivery))

    async def _stumbled(self, delivery: Delivery, error: Exception) -> None:
        """The hub's own fault is for a person, like a refusal; its text may hold data and stays in the log."""
        reason = f"error of the hub itself ({type(error).__name__}), see its log: a person must act"
        message = self._attempts.stumbled(delivery, reason)
        settle = Settle(message, lambda tx: tx.deliveries.bury(delivery, "internal", reason, self._clock()))
        await self._handlers[delivery.kind].buried(delivery, reason, settle)

    async def _react(self, agency: Agency, delivery: Delivery, result: Exchanged | Broken) -> None:
        if isinstance(result, Exchanged):
            await self._answered(agency, delivery, result)
            return
        known = agency.judge(result.error.detail)
        if known in (Outcome.OK, Outcome.DUPLICATE):
            document = build.receipt(known, result.error.detail)
            await self._answered(agency, delivery, Exchanged(document, result.message))
            return
        await self._failed(agency, delivery, _failure(result.error, known), result)

    async def _answered(self, agency: Agency, delivery: Delivery, result: Exchanged) -> None:
        settle = Settle(
            result.message, lambda tx: tx.deliveries.finish(delivery, self._clock()), result.document
        )
        try:
            await self._handlers[delivery.kind].answered(delivery, result.document, settle)
        except Failure as failure:
            await self._failed(agency, delivery, failure, result)
        except Malformed as error:
            await self._failed(agency, delivery, _failure(error, None), result)

    async def _already_there(self, agency: Agency, delivery: Delivery) -> bool:
        """After an unanswered attempt: ask before sending again (promise 3). True if nothing is left to send now."""
        question = await self._asker.question(delivery)
        if question is None:
            return False
        result = await self._attempts.exchange(agency, question)
        if isinstance(result, Broken):
            await self._react(agency, delivery, result)
            return True
        if not self._asker.found(delivery, result.document):
            await self._store.write(lambda tx: tx.messages.add(result.message))
            return False
        await self._answered(agency, delivery, result)
        return True

    async def _failed(
        self, agency: Agency, delivery: Delivery, failure: Failure, result: Exchanged | Broken
    ) -> None:
        # A replayed delivery is as old as its replay, or its next failure would bury it at once.
        since = await self._store.aread(lambda tx: tx.deliveries.since(delivery.id))
        decision = decide(
            failure.error_class,
            delivery.attempts + 1,
            self._clock(),
            agency.config.retry_policy(delivery.kind),
            created_at=since,
            detail=failure.reason,
            retry_after=failure.retry_after,
            rng=self._rng,
        )

        settle = Settle(result.message, lambda tx: self._record(tx, agency, delivery, failure, decision))
        if isinstance(decision, Bury):
            await self._handlers[delivery.kind].buried(delivery, decision.reason, settle)
        else:
            await self._store.write(settle)

    def _record(
        self, tx: Tx, agency: Agency, delivery: Delivery, failure: Failure, decision: Decision
    ) -> None:
        if isinstance(decision, Bury):
            tx.deliveries.bury(delivery, failure.error_class, decision.reason, self._clock())
            return
        # Once in doubt, in doubt until the agency has been asked: a later refusal to connect says nothing of the first.
        ambiguous = delivery.ambiguous or isinstance(decision, Ask)
        tx.deliveries.retry(delivery, decision.at, failure.error_class, decision.reason, ambiguous=ambiguous)
        if isinstance(decision, Pause):
            self._pause(tx, agency, decision)

    def _pause(self, tx: Tx, agency: Agency, decision: Pause) -> None:
        """Hold the agency back and call its owner, once a day. A person's pause without an end stays as it is."""
        now = self._clock()
        if any(pause.agency == agency.id and pause.until is None for pause in tx.deliveries.pauses(now)):
            return
        tx.deliveries.pause(agency.id, decision.reason, now, decision.until)
        tx.work.add(
            WorkItem(
                id=f"paused:{agency.id}:{now:%y%m%d}",
                kind="paused",
                at=now,
                owner=agency.config.owner,
                reason=decision.reason,
                agency=agency.id,
            )
        )


def _failure(error: AdapterError, known: Outcome | None) -> Failure:
    """Class of an adapter's error; the agency's table of texts has the last word, since it knows its own words."""
    retry_after = error.retry_after if isinstance(error, Unavailable) else None
    error_class = CLASS_OF_OUTCOME[known] if known is not None else type(error).__name__.lower()
    return Failure(error_class, error.detail, retry_after)
