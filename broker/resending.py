"""Getting a submission to its agency again, and joining what somebody typed in there by hand (troubles T3 and T39).

Needs no mappings: the document was made and validated when the delivery was, and leaves as it is, under the same key.
"""

from __future__ import annotations

import re

from broker.changes import Changes
from broker.clock import Clock
from broker.model import Delivery, DeliveryKind, DeliveryState, Dossier, Outcome, ReportItem, Step, StepState
from broker.process.states import FINAL
from broker.replay import Replay
from broker.store.engine import Store, Tx
from broker.store.errors import Conflict, Missing
from broker.store.rows import Act, DeliveryFilter


class Resending:
    """What a person may do about a step that its agency does not have."""

    def __init__(self, store: Store, changes: Changes, replay: Replay, clock: Clock) -> None:
        """Works on the open database of a project."""
        self._store = store
        self._changes = changes
        self._replay = replay
        self._clock = clock

    async def resend(self, code: str, step: str, who: str, why: str) -> Delivery:
        """Let the submission of ``step`` leave again under its own key; the agency is asked first where it can be.

        An agency that has it answers "already received", which moves nothing. Raises Missing, or Conflict if the step
        was never sent or has ended.
        """
        dossier, delivery = await self._store.aread(lambda tx: _submission(tx, code, step))
        if _step(dossier, step).state in FINAL:
            raise Conflict(f"step {step} of {code} has ended: there is nothing to send")
        if delivery.state is DeliveryState.DEAD:
            await self._replay.replay(delivery, who, why)
        else:
            await self._store.write(lambda tx: tx.deliveries.resend(delivery.id, self._clock(), who, why))
        return await self._store.aread(lambda tx: tx.deliveries.get(delivery.id))

    async def join(self, code: str, step: str, agency_code: str, who: str, why: str) -> Dossier:
        """Take what the agency has under ``agency_code`` for our ``step``: our own submission leaves no more.

        The step counts as received there; reports under that number reach it from now on. Raises Missing, or Conflict
        if the step has ended, has another number, or the number belongs to another dossier.
        """
        dossier = await self._store.aread(lambda tx: _dossier(tx, code))
        known = _step(dossier, step)
        if known.state in FINAL or known.agency_code not in (None, agency_code):
            raise Conflict(f"step {step} of {code} is {known.state} as {known.agency_code or '-'} there")
        now = self._clock()
        state = StepState.RECEIVED if known.state in _NOT_THERE else None
        note = ReportItem(Outcome.OK, agency_code=agency_code, state=state, at=now, reason=why)

        def settle(tx: Tx) -> None:
            other = tx.dossiers.by_code(agency_code, f"{known.agency}-{step}")
            if other is not None and other.id != dossier.id:
                raise Conflict(f"{agency_code} belongs to another dossier, {other.code}")
            tx.acts.add(Act(now, who, "join", f"{dossier.id}:{step}", why))
            for item in tx.work.list(agency=known.agency, limit=1000).items:
                if item.kind == "reconciliation" and agency_code in re.split("[ ,]+", item.reason):
                    tx.work.close(item.id, who, f"joined to {code} {step}")

        return await self._changes.change(
            dossier.id,
            lambda engine, current, told: engine.on_report(current, step, note, now, who, told(step)),
            settle,
        )


_NOT_THERE = frozenset({StepState.SENDING, StepState.STUCK})


def _dossier(tx: Tx, code: str) -> Dossier:
    dossier = tx.dossiers.by_code(code)
    if dossier is None:
        raise Missing(f"no dossier has the code {code}")
    return dossier


def _step(dossier: Dossier, step: str) -> Step:
    try:
        return dossier.step(step)
    except KeyError as error:
        raise Missing(f"{dossier.code} has no step {step}") from error


def _submission(tx: Tx, code: str, step: str) -> tuple[Dossier, Delivery]:
    dossier = _dossier(tx, code)
    wanted = DeliveryFilter(dossier_id=dossier.id, kind=DeliveryKind.STEP)
    found = [one for one in tx.deliveries.list(wanted, limit=50).items if one.step == step]
    if not found:
        raise Missing(f"step {step} of {code} has not been sent yet")
    return dossier, found[0]
