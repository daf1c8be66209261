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

from adapters.errors import AdapterError, Unavailable
from broker.agency import Agency
from broker.canonical import build
from broker.clock import Clock
from broker.delivery.attempt import Attempts, Broken, Exchanged
from broker.delivery.policy import Ask, Bury, Decision, Pause, decide
from broker.delivery.queue import Queue
from broker.model import Delivery, DeliveryKind, Outcome
from broker.store.engine import Store, Tx
from broker.store.errors import LeaseLost, StoreUnavailable

log = structlog.get_logger(__name__)

Settle = Callable[[Tx], None]

CLASS_OF_OUTCOME: Mapping[Outcome, str] = {
    Outcome.RETRY: "retry",
    Outcome.UNAUTHORIZED: "unauthorized",
    Outcome.DATA_ERROR: "data-error",
    Outcome.FAILED: "failed",
    Outcome.ABSENT: "rejected",
}
"""Class of error (`broker.delivery.policy`) for each way in which an agency says no."""


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
        """Act on a canonical answer; run ``settle`` inside the last transaction. Raises `Failure` before any change."""

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
        self._flying: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; then finish what is in flight and give the rest back."""
        while not stop.is_set():
            try:
                claimed = await self._launch()
            except StoreUnavailable as error:
                log.warning("store away, will try again", reason=str(error))
                claimed = 0
            if not claimed:
                await self._queue.wait(self._settings.idle)
        await self._drain()
        await self._queue.release(self._settings.owner)

    async def pump(self) -> int:
        """Claim what is due now, run it to its end, and say how many deliveries that were."""
        claimed = await self._launch()
        await self._drain()
        return claimed

    async def _launch(self) -> int:
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
            self._flying.add(task)
            task.add_done_callback(self._landed)
        return len(claimed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._queue.wake()
        if not task.cancelled() and (error := task.exception()) is not None:
            # The lease runs out and the delivery is claimed again as ambiguous: nothing is lost, but say so.
            log.error(
                "attempt ended in an error of the hub itself", error=type(error).__name__, exc_info=error
            )

    async def _drain(self) -> None:
        if self._flying:
            await asyncio.gather(*self._flying, return_exceptions=True)

    async def _run(self, delivery: Delivery) -> None:
        agency = self._agencies[delivery.agency]
        try:
            if delivery.ambiguous and await self._already_there(agency, delivery):
                return
            result = await self._attempts.exchange(agency, delivery)
        except LeaseLost:
            # Somebody else proved it done meanwhile, or has it: nothing has left under this lease since.
            log.info("lease lost before sending", delivery=delivery.id)
            return
        await self._react(agency, delivery, result)

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
        def settle(tx: Tx) -> None:
            tx.messages.add(result.message)
            # Lost: the agency's own report proved the delivery done before its answer came. The answer still counts.
            with contextlib.suppress(LeaseLost):
                tx.deliveries.finish(delivery, self._clock())

        try:
            await self._handlers[delivery.kind].answered(delivery, result.document, settle)
        except Failure as failure:
            await self._failed(agency, delivery, failure, result)

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

        def settle(tx: Tx) -> None:
            tx.messages.add(result.message)
            with contextlib.suppress(LeaseLost):
                self._record(tx, delivery, failure, decision)

        if isinstance(decision, Bury):
            await self._handlers[delivery.kind].buried(delivery, decision.reason, settle)
        else:
            await self._store.write(settle)

    def _record(self, tx: Tx, delivery: Delivery, failure: Failure, decision: Decision) -> None:
        if isinstance(decision, Bury):
            tx.deliveries.bury(delivery, failure.error_class, decision.reason, self._clock())
            return
        if isinstance(decision, Pause):
            tx.deliveries.pause(delivery.agency, decision.reason, self._clock(), decision.until)
        # Once in doubt, in doubt until the agency has been asked: a later refusal to connect says nothing of the first.
        ambiguous = delivery.ambiguous or isinstance(decision, Ask)
        tx.deliveries.retry(delivery, decision.at, failure.error_class, decision.reason, ambiguous=ambiguous)


def _failure(error: AdapterError, known: Outcome | None) -> Failure:
    """Class of an adapter's error; the agency's table of texts has the last word, since it knows its own words."""
    retry_after = error.retry_after if isinstance(error, Unavailable) else None
    error_class = CLASS_OF_OUTCOME[known] if known is not None else type(error).__name__.lower()
    return Failure(error_class, error.detail, retry_after)
