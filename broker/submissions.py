"""What becomes of a step's deliveries and alarms when the step moves: taken back, settled, closed.

Everything here runs inside the transaction that changes the dossier.
"""

from __future__ import annotations

from datetime import datetime

from broker.model import Delivery, DeliveryKind, DeliveryState, Dossier, StepState
from broker.store.engine import Tx
from broker.store.rows import DeliveryFilter

OF_STEPS = frozenset({DeliveryKind.STEP, DeliveryKind.SUPPLEMENT, DeliveryKind.WITHDRAWAL})
"""Kinds of delivery whose failure leaves a step stuck."""

ALARMS = frozenset({"stuck", "dead-letter", "unmapped"})
"""Kinds of work item that say that a step is stuck."""


class Left(Exception):
    """What was to be taken back has left the hub meanwhile."""


def unsent(tx: Tx, dossier: Dossier) -> frozenset[str]:
    """Steps on their way whose submission has never been tried."""
    sending = [step.id for step in dossier.steps if step.state is StepState.SENDING]
    waiting = (one for step in sending for one in _of_step(tx, dossier, step) if _untried(tx, one))
    return frozenset(one.step for one in waiting if one.step is not None)


def cancel_unsent(tx: Tx, dossier: Dossier, step: str, now: datetime) -> None:
    """Take back a submission that never left. Raises `Left` if it has just been tried."""
    for delivery in _of_step(tx, dossier, step):
        if delivery.kind is not DeliveryKind.STEP or delivery.state is DeliveryState.CANCELLED:
            continue
        if tx.deliveries.attempts(delivery.id):
            raise Left(dossier.id)
        tx.deliveries.cancel(delivery.id, now, "the citizen withdrew before it was sent")


def cancel_waiting(tx: Tx, dossier: Dossier, step: str, now: datetime) -> None:
    """Take back what still waits of a step that has ended."""
    for delivery in _of_step(tx, dossier, step):
        if delivery.state is DeliveryState.QUEUED and delivery.kind in (
            DeliveryKind.STEP,
            DeliveryKind.SUPPLEMENT,
        ):
            tx.deliveries.cancel(delivery.id, now, "the step ended")


def end_sending(tx: Tx, dossier: Dossier, step: str, now: datetime) -> None:
    """The agency speaks of the step: evidently it has it, whatever became of the answer to our message."""
    for delivery in _of_step(tx, dossier, step):
        ended = delivery.state in (DeliveryState.DONE, DeliveryState.CANCELLED)
        if delivery.kind is not DeliveryKind.STEP or ended:
            continue
        if delivery.attempts:
            tx.deliveries.settle(delivery.id, now, "the agency reported on it")
        elif _untried(tx, delivery):
            tx.deliveries.cancel(delivery.id, now, "the agency has it by another way")


def close_alarms(tx: Tx, dossier: Dossier, step: str) -> None:
    """What told people of a stuck step is answered when it goes on."""
    own = {one.id for one in _of_step(tx, dossier, step) if one.kind in OF_STEPS}
    for item in tx.work.list(dossier_id=dossier.id, limit=200).items:
        about_it = item.step == step and (item.delivery_id is None or item.delivery_id in own)
        if item.kind in ALARMS and about_it:
            tx.work.close(item.id, "hub", "the step goes on")


def _of_step(tx: Tx, dossier: Dossier, step: str) -> list[Delivery]:
    page = tx.deliveries.list(
        DeliveryFilter(dossier_id=dossier.id, agency=dossier.step(step).agency), limit=50
    )
    return [delivery for delivery in page.items if delivery.step == step]


def _untried(tx: Tx, delivery: Delivery) -> bool:
    waits = delivery.kind is DeliveryKind.STEP and delivery.state is DeliveryState.QUEUED
    return waits and not tx.deliveries.attempts(delivery.id)
