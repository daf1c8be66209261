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
from typing import Protocol

import structlog

from broker import submissions
from broker.book import Book
from broker.clock import Clock, NewId
from broker.mapping import MappingError
from broker.model import (
    WHOLE,
    Delivery,
    Dossier,
    Phase,
    StepState,
    Transition,
    WorkItem,
)
from broker.outbox import Case, News, Outbox
from broker.process import commands as c
from broker.process import states
from broker.process.apply import apply, transitions
from broker.process.engine import Engine
from broker.store.dossiers import PERSONAL_NUMBER
from broker.store.engine import Store, Tx
from broker.store.errors import Conflict, StoreUnavailable

log = structlog.get_logger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What a decision may ask beside the dossier: what the portal was told last, and what has not left the hub."""

    history: Sequence[Transition] = ()
    unsent: frozenset[str] = frozenset()
    """Steps whose submission waits and was never tried."""

    def __call__(self, step: str) -> StepState | None:
        """The last state of ``step`` that the portal was told, None if none."""
        return states.told(self.history, step)


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
class Change:
    """A change that is about to be stored: the dossier before it and, with its rules and codes, after it."""

    before: Dossier
    case: Case
    commands: tuple[c.Command, ...]
    news: list[News]


@dataclasses.dataclass(frozen=True, slots=True)
class Unsaid:
    """Something about a step that could not be said to somebody, and why."""

    step: str
    reason: str


class Follower(Protocol):
    """Somebody outside the dossier who is told of its changes."""

    def follow(self, change: Change) -> tuple[list[Delivery], list[Unsaid]]:
        """The deliveries that tell, stored together with the change; and what cannot be said. Never raises."""


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

    def __init__(
        self,
        store: Store,
        book: Book,
        outbox: Outbox,
        clock: Clock,
        new_id: NewId,
        followers: Sequence[Follower] = (),
    ) -> None:
        """``book`` has the engine of every rule set and the owner of every agency."""
        self._followers = followers
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
            except (Stale, submissions.Left):
                continue
            return [plan.after for plan in plans]
        raise StoreUnavailable(f"others keep changing dossier {', '.join(ids)}")

    def _plan(
        self,
        before: Dossier,
        codes: Mapping[str, str],
        told_before: Told,
        decide: Decide,
        cause: Cause,
        edit: Callable[[Dossier], Dossier] | None,
    ) -> _Plan:
        now = self._clock()
        engine = self._book.engine(before)
        edited = edit(before) if edit else before
        decided = tuple(decide(engine, edited, told_before))
        commands, deliveries, work = self._prepare(Case(edited, engine, codes), engine, decided, cause, now)
        commands += engine.watch(edited, apply(edited, commands))
        after = apply(edited, commands)
        lines = transitions(edited, commands, now)
        news = _news(edited, commands, told_before.history, now) + _whole(before, after, now)
        change = Change(before, Case(after, engine, codes), commands, news)
        told, unsaid = self._outbox.states(change.case, news)
        deliveries += told
        work += [self.unsaid(after, line.step, reason, cause) for line, reason in unsaid]
        for follower in self._followers:
            more, unheard = follower.follow(change)
            deliveries += more
            work += [self._item("mapping", left.reason, after, left.step, cause) for left in unheard]
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
                work.append(self._item("unmapped", str(error), now_case.dossier, command.step, cause))
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
                case c.Corrected(step, _, _, _, note, datetime() as until):
                    item = self._item("correction", note, dossier, step, cause)
                    found.append(dataclasses.replace(item, due=until))
                case c.Overdue(step, due):
                    alarm = self._item("deadline", f"due {due.isoformat()}", dossier, step, cause)
                    name = f"due:{dossier.id}:{step or WHOLE}:{due:%y%m%d%H%M}"
                    found.append(dataclasses.replace(alarm, id=name[:64]))
                case c.Stalled(step, state, since):
                    alarm = self._item("deadline", f"{state} since {since.isoformat()}", dossier, step, cause)
                    name = f"hop:{dossier.id}:{step}:{state}:{since:%y%m%d%H%M}"
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
            step=step,
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
            self._side_effect(tx, plan, command, cause)
        for step in _left_sending(plan):
            submissions.end_sending(tx, plan.after, step, self._clock())
        for step in _healed(plan):
            submissions.close_alarms(tx, plan.after, step)
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

    def _side_effect(self, tx: Tx, plan: _Plan, command: c.Command, cause: Cause) -> None:
        dossier = plan.after
        match command:
            case c.SetAgencyCode(step, code):
                self._add_code(tx, dossier, step, f"{dossier.step(step).agency}-{step}", code, cause)
            case c.SetResult(step, _, str() as number) | c.Replace(step, _, _, _, _, str() as number):
                self._add_code(tx, dossier, step, PERSONAL_NUMBER, number, cause)
            case c.Cancel(step) if plan.before.step(step).state is StepState.SENDING:
                submissions.cancel_unsent(tx, dossier, step, self._clock())
            case c.Cancel(step) | c.Move(step, StepState.WITHDRAWN | StepState.REJECTED):
                submissions.cancel_waiting(tx, dossier, step, self._clock())

    def _add_code(self, tx: Tx, dossier: Dossier, step: str, system: str, code: str, cause: Cause) -> None:
        """Let the dossier be found by ``code``. One that another dossier has is a contradiction for a person."""
        try:
            tx.dossiers.add_code(dossier.id, system, code)
        except Conflict as error:
            tx.work.add(self._item("contradiction", str(error), dossier, step, cause))


def _read(tx: Tx, dossier_id: str) -> tuple[Dossier, dict[str, str], Told]:
    dossier = tx.dossiers.get(dossier_id)
    stuck = any(step.state in (StepState.STUCK, StepState.SENDING) for step in dossier.steps)
    known = Told(tx.dossiers.transitions(dossier_id), submissions.unsent(tx, dossier)) if stuck else Told()
    return dossier, tx.dossiers.codes(dossier_id), known


def _whole(before: Dossier, after: Dossier, now: datetime) -> list[News]:
    """What the portal is told of the dossier as a whole, beside its steps."""
    state = _WHOLE_STATE.get(after.phase)
    if after.phase == before.phase or state is None:
        return []
    return [News(Transition(WHOLE, state, now, now, "hub", note=after.reason))]


def _news(
    dossier: Dossier, commands: Sequence[c.Command], history: Sequence[Transition], now: datetime
) -> list[News]:
    """The moves into states that portals know, and new appointments, in their order.

    Late and contradicting reports are no news. A new appointment is told with the state that the portal knows.
    """
    news: list[News] = []
    for command in commands:
        if isinstance(command, c.Move) and command.state in states.REPORTED:
            news += [News(line) for line in transitions(dossier, [command], now)]
        if isinstance(command, c.Replace | c.Corrected):
            # The portal sees the state that it knows again, with what happened as its note.
            again = transitions(dossier, [command], now)
            news += [News(line) for line in again if line.state in states.REPORTED]
        if isinstance(command, c.Reappoint):
            state = StepState.RECEIVED
            if command.step is not None:
                last = states.told(history, command.step)
                state = states.position(dossier.step(command.step).state, last)
            if state in states.REPORTED:
                line = Transition(
                    command.step or WHOLE, state, command.at, now, command.source, note=command.note
                )
                news.append(News(line, command.missed))
        dossier = apply(dossier, [command])
    return news


def _left_sending(plan: _Plan) -> list[str]:
    """Steps of which an agency has now spoken for the first time, or again after they were stuck."""
    told = {
        command.step
        for command in plan.commands
        if isinstance(command, c.Move) and command.state in states.REPORTED
    }
    waiting = (StepState.SENDING, StepState.STUCK)
    return [step.id for step in plan.before.steps if step.id in told and step.state in waiting]


def _healed(plan: _Plan) -> list[str]:
    """Steps that were stuck and are not any more."""
    stuck = {step.id for step in plan.before.steps if step.state is StepState.STUCK}
    return [step.id for step in plan.after.steps if step.id in stuck and step.state is not StepState.STUCK]
