"""The process engine: from what is known of a dossier and what just happened to what must be done.

Pure: time comes in, commands come out. Every function may be called again with the same facts: what is known
already gives no command.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from lxml import etree

from broker.calendar import WorkingCalendar
from broker.canonical import repeats
from broker.model import DeliveryKind, Dossier, Outcome, Phase, ReportItem, Step, StepState
from broker.process import appointments, consents, corrections, results, states, texts
from broker.process import commands as c
from broker.process.apply import apply
from broker.process.reports import TAKEN, read_report
from broker.process.rules import Process, RuleSet, StepRule, first_steps, plan
from signing.xml import parse

_HUB = "hub"
_REFUSALS = frozenset({Outcome.FAILED, Outcome.DATA_ERROR, Outcome.ABSENT})
# What a success without a state means, and where the step must stand for it to be news.
_MEANING = {
    DeliveryKind.STEP: (StepState.RECEIVED, frozenset({StepState.SENDING})),
    DeliveryKind.SUPPLEMENT: (StepState.RECEIVED, frozenset({StepState.SUPPLEMENT})),
    DeliveryKind.WITHDRAWAL: (StepState.WITHDRAWN, states.AT_AGENCY | {StepState.SENDING}),
}
# Where a step must stand for the failure of a delivery to block it: further on, the agency evidently has it.
_BLOCKS = {
    DeliveryKind.STEP: frozenset({StepState.SENDING}),
    DeliveryKind.SUPPLEMENT: frozenset({StepState.SUPPLEMENT}),
    DeliveryKind.WITHDRAWAL: states.AT_AGENCY | {StepState.SENDING},
}


@dataclasses.dataclass(frozen=True, slots=True)
class Abilities:
    """What the hub can do at an agency: ask every ``poll`` (None: it calls back), supplement, withdraw, correct.

    ``later``, ``later_for``: how often and how long it asks after the result, to hear of corrections (None: never).
    """

    poll: timedelta | None = None
    supplement: bool = True
    withdraw: bool = True
    correct: bool = True
    later: timedelta | None = None
    later_for: timedelta = timedelta(days=30)


@dataclasses.dataclass(frozen=True, slots=True)
class Engine:
    """Decides for dossiers of one process and one rule set.

    ``told`` in its methods is the last state of the step that the portal was told (`states.told`); it matters
    for steps that are stuck.
    """

    process: Process
    rules: RuleSet
    calendar: WorkingCalendar
    abilities: Mapping[str, Abilities]

    def open_steps(self, dossier: Dossier, now: datetime) -> tuple[c.Command, ...]:
        """Send every planned step whose turn has come, cancel those whose turn will never come."""
        return tuple(self._open(dossier, now))

    def on_report(
        self,
        dossier: Dossier,
        step_id: str,
        item: ReportItem,
        now: datetime,
        source: str,
        told: StepState | None = None,
    ) -> tuple[c.Command, ...]:
        """An agency said something of a step: by call-back, or when asked."""
        step = dossier.step(step_id)
        said = read_report(self.rules.step(step_id), step, item, now, source, told, self.calendar)
        said = (*said, *self._differs(dossier, step, said, item.at or now, source))
        after = apply(dossier, said)
        told_on = tuple(
            corrections.spread(
                dossier, after, said, self.rules, self._takes_corrections, self._settled_by(now)
            )
        )
        after = apply(after, told_on)
        return (*said, *told_on, *self._open(after, now), *self._poll(after.step(step_id), now))

    def on_sent(
        self,
        dossier: Dossier,
        step_id: str,
        kind: DeliveryKind,
        item: ReportItem | None,
        now: datetime,
        source: str,
        told: StepState | None = None,
    ) -> tuple[c.Command, ...]:
        """The agency answered a delivery of ``kind`` (STEP, SUPPLEMENT, WITHDRAWAL or CORRECTION); ``item`` is its
        receipt.

        Without a receipt the delivery counts as taken in. A refusal for good is a failure of the delivery.
        """
        item = item or ReportItem(Outcome.OK)
        if kind is DeliveryKind.CORRECTION:
            taken, due = item.outcome in TAKEN, self._settled_by(now)
            return (corrections.answered(step_id, item, taken, now, source, due),)
        if item.outcome in _REFUSALS:
            return self.on_failed(dossier, step_id, kind, item.reason or item.outcome, now, told)
        state, news_at = _MEANING[kind]
        position = states.position(dossier.step(step_id).state, told)
        if item.outcome in TAKEN and item.state is None and position in news_at:
            item = dataclasses.replace(item, state=state)
        return self.on_report(dossier, step_id, item, now, source, told)

    def on_failed(
        self,
        dossier: Dossier,
        step_id: str,
        kind: DeliveryKind,
        reason: str,
        now: datetime,
        told: StepState | None = None,
    ) -> tuple[c.Command, ...]:
        """A delivery was given up. The step is stuck, unless the agency evidently has what it needs."""
        if kind is DeliveryKind.CORRECTION:
            return (corrections.failed(step_id, reason, now, self._settled_by(now)),)
        step = dossier.step(step_id)
        position = states.position(step.state, told)
        if step.state == StepState.STUCK or position not in _BLOCKS.get(kind, frozenset()):
            return ()
        return (c.Move(step_id, StepState.STUCK, now, _HUB, note=reason),)

    def on_replayed(self, dossier: Dossier, step_id: str, now: datetime) -> tuple[c.Command, ...]:
        """A person has put a delivery of a stuck step on its way again."""
        if dossier.step(step_id).state != StepState.STUCK:
            return ()
        return (c.Move(step_id, StepState.SENDING, now, _HUB),)

    def on_supplement(
        self, dossier: Dossier, now: datetime, step_id: str | None = None
    ) -> tuple[c.Command, ...]:
        """The citizen handed in what was asked: every step that waits for it gets it, if still in time.

        ``step_id``: only that step.
        """
        overdue = self.on_tick(dossier, now)
        waiting = [step for step in apply(dossier, overdue).steps if step.state == StepState.SUPPLEMENT]
        meant = [step for step in waiting if step_id in (None, step.id)]
        return (*overdue, *(self._supplement(step, now) for step in meant))

    def on_withdraw(
        self, dossier: Dossier, reason: str, now: datetime, unsent: Collection[str] = ()
    ) -> tuple[c.Command, ...]:
        """The citizen takes the dossier back: nothing more is sent, and agencies that have it are told.

        ``unsent``: steps on their way of which nothing has left the hub yet.
        """
        phase = c.SetPhase(Phase.WITHDRAWN, reason)
        under_way = [step for step in dossier.steps if step.state not in states.FINAL]
        return (phase, *(self._withdraw(step, now, unsent) for step in under_way))

    def on_resume(self, dossier: Dossier, now: datetime) -> tuple[c.Command, ...]:
        """Plan what the declaration asks for now and did not at first: the whole is due anew, counted from today."""
        declaration, known = parse(dossier.declaration), {step.id for step in dossier.steps}
        wanted = [rule for rule in plan(self.rules, declaration) if rule.id not in known]
        planned = tuple(c.Plan(step) for step in first_steps(wanted, now, declaration))
        after = apply(dossier, planned)
        due = self.due(now, [step.id for step in after.steps])
        later = (c.SetDue(None, due),) if dossier.due is None or due > dossier.due else ()
        return (*planned, *later, *self._open(after, now))

    def on_handover(
        self, dossier: Dossier, step_id: str | None, at: datetime, source: str
    ) -> tuple[c.Command, ...]:
        """The citizen has the result in hand: of one step, or of every one that has a result."""
        ready = [step for step in dossier.steps if step.state == StepState.COMPLETED]
        return tuple(
            c.Move(step.id, StepState.RETURNED, at, source, note=texts.RECEIVED_BY_CITIZEN)
            for step in ready
            if step_id in (None, step.id)
        )

    def on_tick(self, dossier: Dossier, now: datetime) -> tuple[c.Command, ...]:
        """Time has passed: reject what the citizen did not supplement, name what is overdue."""
        if dossier.phase == Phase.ASKING and dossier.due is not None and now > dossier.due:
            # What is under way goes on: only what was asked for beside it is given up.
            end = Phase.OPEN if dossier.steps else Phase.REFUSED
            return (c.SetPhase(end, texts.not_settled(self.asking_days)),)
        given_up = tuple(command for step in dossier.steps for command in self._give_up(step, now))
        after = apply(dossier, given_up)
        late = appointments.overdue(after, self.rules, self.calendar, now)
        return (*given_up, *self._open(after, now), *late, *appointments.stalled(after, now))

    def watch(self, before: Dossier, after: Dossier) -> tuple[c.Watch, ...]:
        """Set or end the alarms of the steps that a change has brought to another place on their way."""
        return tuple(appointments.watch(before, after, self.rules, self.calendar))

    @property
    def asking_days(self) -> int:
        """Working days that a citizen has to settle a difference with the population database."""
        return self.rules.steps[0].supplement_days

    def asking_due(self, now: datetime) -> datetime:
        """Until when such a difference must be settled; kept as the dossier's due date while it is asked."""
        return self.calendar.last_moment(now, self.asking_days)

    def due(self, since: datetime, wanted: Collection[str]) -> datetime:
        """When a dossier with these steps is due as a whole, counted from ``since``."""
        return max(self.calendar.due(since, total) for total in self.rules.totals(wanted))

    def due_of(self, declaration: etree._Element, since: datetime) -> datetime:
        """When a dossier with this declaration is due as a whole, counted from ``since``."""
        return self.due(since, [rule.id for rule in plan(self.rules, declaration)])

    def _open(self, dossier: Dossier, now: datetime) -> Iterator[c.Command]:
        if dossier.phase != Phase.OPEN:
            return
        if all(step.state == StepState.PLANNED for step in dossier.steps):
            yield c.SetDue(None, self.due(_counts_from(dossier, now), [step.id for step in dossier.steps]))
        now_states = {step.id: step.state for step in dossier.steps}
        for rule in self.rules.steps:
            if now_states.get(rule.id) != StepState.PLANNED:
                continue
            before = {name: now_states[name] for name in rule.after if name in now_states}
            for command in self._turn(dossier, rule, before, now):
                if isinstance(command, c.Cancel):
                    now_states[rule.id] = StepState.CANCELLED
                yield command

    def _turn(
        self, dossier: Dossier, rule: StepRule, before: Mapping[str, StepState], now: datetime
    ) -> Sequence[c.Command]:
        """What becomes of a planned step, given the states of the steps that it waits for."""
        for name, state in before.items():
            if state in states.FINAL - states.DONE:
                why = texts.predecessor_ended(self.rules.step(name).name.vi, state)
                return [c.Cancel(rule.id, why, now)]
        if not set(before.values()) <= states.DONE:
            return []
        known = results.facts(self.rules, dossier)
        missing = [fact for fact in rule.needs if fact not in known]
        if missing:
            reason = self.process.waiting[missing[0]].vi
            return [c.Wait(rule.id, reason)] if dossier.step(rule.id).reason != reason else []
        held = consents.hold(rule, dossier.step(rule.id), dossier, self.calendar, now)
        if held is not None:
            return held
        start = now if before else _counts_from(dossier, now)
        return [
            c.SetDue(rule.id, self.calendar.due(start, rule.deadline)),
            c.Move(rule.id, StepState.SENDING, now, _HUB),
            c.Send(rule.id, DeliveryKind.STEP, dossier.step(rule.id).version),
        ]

    def _differs(
        self, dossier: Dossier, step: Step, said: Sequence[c.Command], at: datetime, source: str
    ) -> Iterator[c.Command]:
        """The first result stands, but that it says something else than was declared is for a person to see."""
        results_now = [command for command in said if isinstance(command, c.SetResult)]
        if step.result is None and results_now and dossier.declaration:
            fields = repeats.differing(parse(dossier.declaration), parse(results_now[0].xml))
            if fields:
                yield c.Contradiction(step.id, texts.result_differs(fields), at, source)

    def _poll(self, step: Step, now: datetime) -> Iterator[c.Command]:
        """When to ask next: while the agency has it, and after the result for facts that it still owes."""
        every = self._can(step).poll
        if every is None:
            return
        owed = step.state in states.DONE and bool(results.missing(self.rules.step(step.id), step))
        stuck_there = step.state == StepState.STUCK and step.poll_at is not None
        if step.state in states.AT_AGENCY or owed or stuck_there:
            yield c.SchedulePoll(step.id, now + every)
        elif (later := self._asks_later(step, now)) is not None:
            yield c.SchedulePoll(step.id, now + later)
        elif step.poll_at is not None and step.state in states.FINAL:
            yield c.SchedulePoll(step.id, None)

    def _asks_later(self, step: Step, now: datetime) -> timedelta | None:
        """The pause between questions about a result on which others are built: it may be corrected."""
        can = self._can(step)
        basis = any(step.id in rule.after for rule in self.rules.steps)
        over = step.ended_at is not None and now >= step.ended_at + can.later_for
        return can.later if basis and step.state in states.DONE and not over else None

    def _supplement(self, step: Step, now: datetime) -> c.Command:
        if not self._can(step).supplement:
            return c.Move(step.id, StepState.STUCK, now, _HUB, note=texts.NO_SUPPLEMENT)
        return c.Send(step.id, DeliveryKind.SUPPLEMENT, step.version + 1)

    def _withdraw(self, step: Step, now: datetime, unsent: Collection[str]) -> c.Command:
        if step.state == StepState.PLANNED or (step.state == StepState.SENDING and step.id in unsent):
            return c.Cancel(step.id, texts.CITIZEN_WITHDREW, now)
        if not self._can(step).withdraw:
            return c.Move(step.id, StepState.STUCK, now, _HUB, note=texts.NO_WITHDRAWAL)
        return c.Send(step.id, DeliveryKind.WITHDRAWAL, step.version)

    def _give_up(self, step: Step, now: datetime) -> Iterator[c.Command]:
        """Reject a step whose supplement did not come by the end of its last day, and tell the agency."""
        ended = consents.give_up(self.rules.step(step.id), step, now)
        if ended is not None:
            yield ended
        if step.state != StepState.SUPPLEMENT or step.supplement_due is None or now <= step.supplement_due:
            return
        reason = texts.not_supplemented(self.rules.step(step.id).supplement_days)
        yield c.Move(step.id, StepState.REJECTED, now, _HUB, note=reason)
        if self._can(step).withdraw:
            yield c.Send(step.id, DeliveryKind.WITHDRAWAL, step.version)

    def _takes_corrections(self, agency: str) -> bool:
        return self.abilities.get(agency, Abilities()).correct

    def _settled_by(self, now: datetime) -> datetime:
        return self.calendar.last_moment(now, self.rules.settle_days)

    def _can(self, step: Step) -> Abilities:
        return self.abilities.get(step.agency, Abilities())


def can_withdraw(dossier: Dossier) -> bool:
    """True while an agency, or the hub itself, has not settled everything."""
    if dossier.phase in (Phase.CHECKING, Phase.ASKING):
        return True
    return dossier.phase == Phase.OPEN and any(step.state not in states.FINAL for step in dossier.steps)


def _counts_from(dossier: Dossier, now: datetime) -> datetime:
    """The first deadlines count from receipt, or from the correction if the citizen had to make one."""
    return dossier.received_at if dossier.version == 1 else now
