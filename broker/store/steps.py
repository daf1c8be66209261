"""Steps, their history, and the questions that the clock asks about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, literal, select, text, tuple_, update

from broker.model import CorrectionState, Step, StepState, Transition
from broker.store.errors import Missing
from broker.store.rows import StepRef
from broker.store.schema import STEP_OPEN, dossiers, steps, transitions
from broker.store.sealing import seal, unseal
from broker.store.sql import Repository

_OF_DOSSIERS = (
    select(steps)
    .where(steps.c.dossier_id.in_(bindparam("wanted", expanding=True)))
    .order_by(steps.c.dossier_id, steps.c.position)
)


class StepQueries(Repository):
    """The part of `Dossiers` that is about steps."""

    __slots__ = ()

    def add_steps(self, dossier_id: str, new: Iterable[Step]) -> None:
        """Add steps behind those that the dossier has. Raises Conflict on an id it has already."""
        added = list(new)
        if not added:
            return
        count = select(func.count()).where(steps.c.dossier_id == dossier_id)
        first = self._conn.execute(count).scalar_one()
        rows = [
            {"position": first + offset, **self._sealed(dossier_id, step)}
            for offset, step in enumerate(added)
        ]
        self._conn.execute(insert(steps), rows)

    def update_step(self, dossier_id: str, step: Step) -> None:
        """Store the step as it is now. Raises Missing."""
        query = update(steps).where(steps.c.dossier_id == dossier_id, steps.c.id == step.id)
        if not self._conn.execute(query, self._sealed(dossier_id, step)).rowcount:
            raise Missing(f"dossier {dossier_id} has no step {step.id}")

    def add_transition(self, dossier_id: str, transition: Transition) -> None:
        """Append to the dossier's history."""
        self._conn.execute(
            insert(transitions),
            {
                "dossier_id": dossier_id,
                "step": transition.step,
                "state": transition.state.value,
                "at": transition.at,
                "recorded_at": transition.recorded_at,
                "source": transition.source,
                "inferred": transition.inferred,
                "note": transition.note,
                "message_id": transition.message_id,
            },
        )

    def transitions(self, dossier_id: str) -> list[Transition]:
        """The dossier's history in the order in which it was recorded."""
        query = select(transitions).where(transitions.c.dossier_id == dossier_id).order_by(transitions.c.id)
        return [_transition(row) for row in self._conn.execute(query)]

    def to_poll(self, agency: str, now: datetime, limit: int) -> list[StepRef]:
        """Steps of the agency whose poll is due, the longest waiting first."""
        query = (
            select(steps)
            .where(steps.c.agency == agency, text("poll_at IS NOT NULL"), steps.c.poll_at <= now)
            .order_by(steps.c.poll_at, steps.c.dossier_id)
        )
        return self._refs(query.limit(limit))

    def postpone_polls(self, refs: Iterable[StepRef], until: datetime) -> None:
        """These steps are being asked about: not again before ``until``. A poll that was called off stays so."""
        for ref in refs:
            query = update(steps).where(
                steps.c.dossier_id == ref.dossier_id, steps.c.id == ref.step.id, text("poll_at IS NOT NULL")
            )
            self._conn.execute(query, {"poll_at": until})

    def past_due(self, now: datetime, limit: int, *, since: datetime | None = None) -> list[StepRef]:
        """Open steps whose deadline is over (``since`` < due <= now), the oldest first."""
        query = select(steps).where(text(f"due IS NOT NULL AND {STEP_OPEN}"), steps.c.due <= now)
        if since is not None:
            query = query.where(steps.c.due > since)
        return self._refs(query.order_by(steps.c.due, steps.c.dossier_id).limit(limit))

    def past_alarm(self, now: datetime, limit: int) -> list[StepRef]:
        """Steps that stand still for longer than they may, the longest first."""
        query = select(steps).where(text("alarm_at IS NOT NULL"), steps.c.alarm_at <= now)
        return self._refs(query.order_by(steps.c.alarm_at, steps.c.dossier_id).limit(limit))

    def dossiers_past_due(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Dossiers with an open step that are past their own appointment. Looks at open steps only."""
        query = (
            select(dossiers.c.id)
            .join(steps, steps.c.dossier_id == dossiers.c.id)
            .where(text(STEP_OPEN), dossiers.c.due <= now)
            .distinct()
        )
        return tuple(self._conn.execute(query.limit(limit)).scalars())

    def past_supplement_due(self, now: datetime, limit: int) -> list[StepRef]:
        """Steps that still wait for the citizen, or for a relative's consent, after the last day for it."""
        query = select(steps).where(text("supplement_due IS NOT NULL"), steps.c.supplement_due <= now)
        return self._refs(query.order_by(steps.c.supplement_due, steps.c.dossier_id).limit(limit))

    def idle(self, state: StepState, before: datetime, limit: int) -> list[StepRef]:
        """Open steps that stand in ``state`` since before then, the longest first."""
        query = select(steps).where(text(STEP_OPEN), steps.c.state == state.value, steps.c.since <= before)
        return self._refs(query.order_by(steps.c.since, steps.c.dossier_id).limit(limit))

    def started(
        self, agency: str, since: datetime, until: datetime, limit: int, after: StepRef | None = None
    ) -> list[StepRef]:
        """Steps first sent to the agency in that time (``since`` <= started < ``until``), the earliest first.

        ``after``: the last one of the page before.
        """
        within = (steps.c.started_at >= since, steps.c.started_at < until)
        query = select(steps).where(text("started_at IS NOT NULL"), steps.c.agency == agency, *within)
        order = (steps.c.started_at, steps.c.dossier_id, steps.c.id)
        if after is not None:
            last = (after.step.started_at, after.dossier_id, after.step.id)
            values = (literal(value, column.type) for value, column in zip(last, order, strict=True))
            query = query.where(tuple_(*order) > tuple_(*values))
        return self._refs(query.order_by(*order).limit(limit))

    def steps_of(self, dossier_ids: Sequence[str]) -> dict[str, tuple[Step, ...]]:
        """The steps of each of these dossiers, in their order."""
        found: dict[str, list[Step]] = {dossier_id: [] for dossier_id in dossier_ids}
        for row in self._conn.execute(_OF_DOSSIERS, {"wanted": list(dossier_ids)}):
            found[row.dossier_id].append(self._step(row))
        return {dossier_id: tuple(rows) for dossier_id, rows in found.items()}

    def _refs(self, query: Any) -> list[StepRef]:
        return [StepRef(row.dossier_id, self._step(row)) for row in self._conn.execute(query)]

    def _sealed(self, dossier_id: str, step: Step) -> dict[str, Any]:
        return seal(self._tx.vault, steps, {"dossier_id": dossier_id, **_step_values(step)})

    def _step(self, row: Row[Any]) -> Step:
        return _step(row, unseal(self._tx.vault, row, steps.c.result))


def _step_values(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "agency": step.agency,
        "state": step.state.value,
        "since": step.since,
        "due": step.due,
        "version": step.version,
        "agency_code": step.agency_code,
        "reason": step.reason,
        "supplement_due": step.supplement_due,
        "result": step.result,
        "poll_at": step.poll_at,
        "started_at": step.started_at,
        "missed": step.missed,
        "ended_at": step.ended_at,
        "alarm_at": step.alarm_at,
        "opened_at": step.opened_at,
        "province": step.province,
        "commune": step.commune,
        "result_at": step.result_at,
        "corrections": step.corrections or None,
        "correction": step.correction and step.correction.value,
        "correction_note": step.correction_note,
    }


def _step(row: Row[Any], result: bytes | None) -> Step:
    return Step(
        id=row.id,
        agency=row.agency,
        state=StepState(row.state),
        since=row.since,
        due=row.due,
        version=row.version,
        agency_code=row.agency_code,
        reason=row.reason,
        supplement_due=row.supplement_due,
        result=result,
        poll_at=row.poll_at,
        started_at=row.started_at,
        missed=row.missed,
        ended_at=row.ended_at,
        alarm_at=row.alarm_at,
        opened_at=row.opened_at,
        province=row.province,
        commune=row.commune,
        result_at=row.result_at,
        corrections=row.corrections or 0,
        correction=row.correction and CorrectionState(row.correction),
        correction_note=row.correction_note,
    )


def _transition(row: Row[Any]) -> Transition:
    return Transition(
        step=row.step,
        state=StepState(row.state),
        at=row.at,
        recorded_at=row.recorded_at,
        source=row.source,
        inferred=row.inferred,
        note=row.note,
        message_id=row.message_id,
    )
