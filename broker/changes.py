"""Carries out what the process engine decided: the one place where a dossier changes.

Decide, prepare, commit: the engine decides on what was read; documents are made (mapped, validated) outside of any
transaction; then everything is stored in one transaction together with the message that caused it, unless the dossier
changed meanwhile, in which case the decision is made anew on what is there now.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

import structlog

from broker.book import Book
from broker.clock import Clock, NewId
from broker.mapping import MappingError
from broker.model import (
    WHOLE,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Dossier,
    Phase,
    StepState,
    Transition,
    WorkItem,
)
from broker.outbox import Case, Outbox
from broker.process import commands as c
from broker.process import states
from broker.process.apply import apply, transitions
from broker.process.engine import Engine
from broker.store.dossiers import PERSONAL_NUMBER
from broker.store.engine import Store, Tx
from broker.store.errors import Conflict, StoreUnavailable
from broker.store.rows import DeliveryFilter

log = structlog.get_logger(__name__)

Told = Callable[[str], StepState | None]
Decide = Callable[[Engine, Dossier, Told], Sequence[c.Command]]
Unit = Callable[[Tx], None]

_TRIES = 8
_WHOLE_STATE = {
    Phase.ASKING: StepState.SUPPLEMENT,
    Phase.CHECKING: StepState.RECEIVED,
    Phase.REFUSED: StepState.REJECTED,
    Phase.WITHDRAWN: StepState.WITHDRAWN,
}


class Stale(Exception):
    """A dossier changed between reading and writing."""


@dataclasses.dataclass(frozen=True)
class Cause:
    """What a change belongs to: the message that reported it, the citizen's words that go on to an agency."""

    message_id: str | None = None
    supplement: bytes | None = None
    reason: str | None = None


@dataclasses.dataclass(frozen=True)
class _Plan:
    """A change ready to be stored."""

    before: Dossier
    after: Dossier
    commands: tuple[c.Command, ...]
    lines: tuple[Transition, ...]
    deliveries: tuple[Delivery, ...]
    work: tuple[WorkItem, ...]


class Changes:
    """Changes dossiers."""

    def __init__(self, store: Store, book: Book, outbox: Outbox, clock: Clock, new_id: NewId) -> None:
        """``book`` has the engine of every rule set and the owner of every agency."""
        self._store = store
        self._book = book
        self._outbox = outbox
        self._clock = clock
        self._new_id = new_id

    async def change(
        self,
        dossier_id: str,
        decide: Decide,
        settle: Unit | None = None,
        cause: Cause = Cause(),
        edit: Callable[[Dossier], Dossier] | None = None,
    ) -> Dossier:
        """Decide and store, with ``settle`` in the same transaction. ``edit`` changes the declaration itself first.

        Raises Missing for an unknown dossier, StoreUnavailable, and whatever ``settle`` raises (then nothing is
        stored).
        """
        return (await self.change_all({dossier_id: decide}, settle, cause, edit))[0]

    async def change_all(
        self,
        decisions: Mapping[str, Decide],
        settle: Unit | None = None,
        cause: Cause = Cause(),
        edit: Callable[[Dossier], Dossier] | None = None,
    ) -> list[Dossier]:
        """As `change`, for several dossiers in one transaction: all of them or none. ``decisions`` by dossier id."""
        ids = sorted(decisions)  # one order for all who lock several
        for _ in range(_TRIES):
            facts = await self._store.aread(lambda tx: [_read(tx, dossier_id) for dossier_id in ids])
            plans = [self._plan(*known, decisions[known[0].id], cause, edit) for known in facts]
            try:
                await self._store.write(partial(self._commit, plans=plans, settle=settle, cause=cause))
            except Stale:
                continue
            return [plan.after for plan in plans]
        raise StoreUnavailable(f"others keep changing dossier {', '.join(ids)}")

    def _plan(
        self,
        before: Dossier,
        codes: Mapping[str, str],
        history: Sequence[Transition],
        decide: Decide,
        cause: Cause,
        edit: Callable[[Dossier], Dossier] | None,
    ) -> _Plan:
        now = self._clock()
        engine = self._book.engine(before)
        edited = edit(before) if edit else before
        decided = tuple(decide(engine, edited, lambda step: states.told(history, step)))
        commands, deliveries, work = self._prepare(Case(edited, engine, codes), engine, decided, cause, now)
        after = apply(edited, commands)
        lines = transitions(edited, commands, now)
        reports = _news(edited, commands, now) + _whole(before, after, now)
        told, unsaid = self._outbox.states(Case(after, engine, codes), reports)
        deliveries += told
        work += [self.unsaid(after, line.step, reason, cause) for line, reason in unsaid]
        work += self._notices(engine, after, commands, cause, now)
        return _Plan(before, after, commands, lines, tuple(deliveries), tuple(work))

    def _prepare(
        self, case: Case, engine: Engine, decided: Sequence[c.Command], cause: Cause, now: datetime
    ) -> tuple[tuple[c.Command, ...], list[Delivery], list[WorkItem]]:
        """Make the document of every `Send`. One that can't be made leaves its step stuck, with an owner."""
        commands: list[c.Command] = []
        deliveries: list[Delivery] = []
        work: list[WorkItem] = []
        for command in decided:
            commands.append(command)
            if not isinstance(command, c.Send):
                continue
            now_case = dataclasses.replace(case, dossier=apply(case.dossier, commands))
            try:
                deliveries.append(self._outbox.step(now_case, command, cause.supplement, cause.reason))
            except MappingError as error:
                commands += engine.on_failed(now_case.dossier, command.step, command.kind, str(error), now)
                work.append(self._item("mapping", str(error), now_case.dossier, command.step, cause))
        return tuple(commands), deliveries, work

    def _notices(
        self, engine: Engine, dossier: Dossier, commands: Sequence[c.Command], cause: Cause, now: datetime
    ) -> list[WorkItem]:
        """Work items for what a person has to look at. Repeats of one alarm have one id and stay one item."""
        found = []
        for command in commands:
            match command:
                case c.Contradiction(step, note):
                    found.append(self._item("contradiction", note, dossier, step, cause))
                case c.Overdue(step, due):
                    alarm = self._item("deadline", f"due {due.isoformat()}", dossier, step, cause)
                    name = f"due:{dossier.id}:{step or WHOLE}:{due:%y%m%d%H%M}"
                    found.append(dataclasses.replace(alarm, id=name[:64]))
                case c.Move(step, StepState.STUCK, _, _, _, note):
                    found.append(self._item("stuck", note or "stuck", dossier, step, cause))
        return found

    def unsaid(self, dossier: Dossier, step: str, reason: str, cause: Cause = Cause()) -> WorkItem:
        """A state that the portal could not be told, for a person to look at."""
        known = step if any(one.id == step for one in dossier.steps) else None
        return self._item(
            "mapping", f"state of {step} not told to the portal: {reason}", dossier, known, cause
        )

    def _item(self, kind: str, reason: str, dossier: Dossier, step: str | None, cause: Cause) -> WorkItem:
        agency = dossier.step(step).agency if step else None
        return WorkItem(
            id=self._new_id(),
            kind=kind,
            at=self._clock(),
            owner=self._book.owner(agency),
            reason=reason,
            agency=agency,
            dossier_id=dossier.id,
            message_id=cause.message_id,
        )

    def _commit(self, tx: Tx, plans: Sequence[_Plan], settle: Unit | None, cause: Cause) -> None:
        for plan in plans:
            if tx.dossiers.lock(plan.before.id) != plan.before:
                raise Stale(plan.before.id)
        if settle is not None:
            settle(tx)
        for plan in plans:
            self._carry_out(tx, plan, cause)

    def _carry_out(self, tx: Tx, plan: _Plan, cause: Cause) -> None:
        if plan.after != plan.before:
            self._store_dossier(tx, plan)
        for line in plan.lines:
            tx.dossiers.add_transition(plan.after.id, dataclasses.replace(line, message_id=cause.message_id))
        for command in plan.commands:
            self._side_effect(tx, plan.after, command, cause)
        for step in _left_sending(plan):
            _end_sending(tx, plan.after, step, self._clock())
        for delivery in plan.deliveries:
            tx.deliveries.enqueue(delivery)
        for item in plan.work:
            tx.work.add(item)

    def _store_dossier(self, tx: Tx, plan: _Plan) -> None:
        tx.dossiers.update(plan.after)
        known = {step.id: step for step in plan.before.steps}
        tx.dossiers.add_steps(plan.after.id, [step for step in plan.after.steps if step.id not in known])
        for step in plan.after.steps:
            if step.id in known and step != known[step.id]:
                tx.dossiers.update_step(plan.after.id, step)

    def _side_effect(self, tx: Tx, dossier: Dossier, command: c.Command, cause: Cause) -> None:
        match command:
            case c.SetAgencyCode(step, code):
                self._add_code(tx, dossier, step, f"{dossier.step(step).agency}-{step}", code, cause)
            case c.SetResult(step, _, str() as number):
                self._add_code(tx, dossier, step, PERSONAL_NUMBER, number, cause)
            case c.Cancel(step) | c.Move(step, StepState.WITHDRAWN | StepState.REJECTED):
                _cancel_waiting(tx, dossier, step, self._clock())

    def _add_code(self, tx: Tx, dossier: Dossier, step: str, system: str, code: str, cause: Cause) -> None:
        """Let the dossier be found by ``code``. One that another dossier has is a contradiction for a person."""
        try:
            tx.dossiers.add_code(dossier.id, system, code)
        except Conflict as error:
            tx.work.add(self._item("contradiction", str(error), dossier, step, cause))


def _read(tx: Tx, dossier_id: str) -> tuple[Dossier, dict[str, str], list[Transition]]:
    dossier = tx.dossiers.get(dossier_id)
    stuck = any(step.state in (StepState.STUCK, StepState.SENDING) for step in dossier.steps)
    return dossier, tx.dossiers.codes(dossier_id), tx.dossiers.transitions(dossier_id) if stuck else []


def _whole(before: Dossier, after: Dossier, now: datetime) -> list[Transition]:
    """What the portal is told of the dossier as a whole, beside its steps."""
    state = _WHOLE_STATE.get(after.phase)
    if after.phase == before.phase or state is None:
        return []
    return [Transition(WHOLE, state, now, now, "hub", note=after.reason)]


def _news(dossier: Dossier, commands: Sequence[c.Command], now: datetime) -> list[Transition]:
    """The moves into states that portals know, in their order; late and contradicting reports are no news."""
    moves = [command for command in commands if isinstance(command, c.Move)]
    return [line for line in transitions(dossier, moves, now) if line.state in states.REPORTED]


def _left_sending(plan: _Plan) -> list[str]:
    """Steps of which an agency has now spoken for the first time, or again after they were stuck."""
    told = {
        command.step
        for command in plan.commands
        if isinstance(command, c.Move) and command.state in states.REPORTED
    }
    waiting = (StepState.SENDING, StepState.STUCK)
    return [step.id for step in plan.before.steps if step.id in told and step.state in waiting]


def _end_sending(tx: Tx, dossier: Dossier, step: str, now: datetime) -> None:
    """The agency speaks of the step: evidently it has it, whatever became of the answer to our message."""
    for delivery in _of_step(tx, dossier, step):
        if (
            delivery.kind is DeliveryKind.STEP
            and delivery.state not in (DeliveryState.DONE, DeliveryState.CANCELLED)
            and delivery.attempts
        ):
            tx.deliveries.settle(delivery.id, now, "the agency reported on it")


def _cancel_waiting(tx: Tx, dossier: Dossier, step: str, now: datetime) -> None:
    for delivery in _of_step(tx, dossier, step):
        if delivery.state is DeliveryState.QUEUED and delivery.kind in (
            DeliveryKind.STEP,
            DeliveryKind.SUPPLEMENT,
        ):
            tx.deliveries.cancel(delivery.id, now, "the step ended")


def _of_step(tx: Tx, dossier: Dossier, step: str) -> list[Delivery]:
    page = tx.deliveries.list(
        DeliveryFilter(dossier_id=dossier.id, agency=dossier.step(step).agency), limit=50
    )
    return [delivery for delivery in page.items if delivery.step == step]
