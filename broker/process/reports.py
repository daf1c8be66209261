"""What one report of an agency means for one step."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime

from broker.calendar import WorkingCalendar
from broker.model import Outcome, ReportItem, Step, StepState
from broker.process import appointments, results, states, texts
from broker.process import commands as c
from broker.process.rules import StepRule

TAKEN = frozenset({Outcome.OK, Outcome.DUPLICATE})
"""Outcomes that count as success: an agency's "already received" is as good as its "received"."""

_LATER = frozenset({Outcome.RETRY, Outcome.UNAUTHORIZED})


def read_report(
    rule: StepRule,
    step: Step,
    item: ReportItem,
    now: datetime,
    source: str,
    told: StepState | None,
    calendar: WorkingCalendar,
) -> tuple[c.Command, ...]:
    """The commands that follow from ``item`` for ``step`` alone; none if it says nothing new."""
    return tuple(_Report(rule, step, item, now, source, told, calendar).commands())


@dataclasses.dataclass(frozen=True, slots=True)
class _Report:
    rule: StepRule
    step: Step
    item: ReportItem
    now: datetime
    source: str
    told: StepState | None
    calendar: WorkingCalendar

    @property
    def at(self) -> datetime:
        return self.item.at or self.now

    @property
    def position(self) -> StepState:
        return states.position(self.step.state, self.told)

    def commands(self) -> Iterator[c.Command]:
        if self.item.outcome not in TAKEN:
            yield from self._trouble()
            return
        if self.item.agency_code is not None and self.item.agency_code != self.step.agency_code:
            yield c.SetAgencyCode(self.step.id, self.item.agency_code)
        reading = self._reading()
        end = reading.path[-1] if reading is not None and reading.path else self.position
        if self.item.result is not None and end in states.DONE:
            yield from self._result(self.item.result)
        if reading is not None:
            yield from self._state(reading)
        yield from self._appointment(end)

    def _trouble(self) -> Iterator[c.Command]:
        """The agency could not answer. Not now is no news; absence and errors need a person."""
        if self.item.outcome in _LATER or self.step.state in states.FINAL:
            return
        if self.item.outcome != Outcome.ABSENT:
            yield self._contradiction(texts.trouble(self.item.reason, self.item.error_code))
        elif self.position in states.AT_AGENCY:
            yield self._contradiction(texts.absent(self.position))

    def _reading(self) -> states.Reading | None:
        """How the reported state is to be read; None if nothing was reported."""
        if self.item.state is None:
            return None
        reading = states.read(self.position, self.item.state)
        if reading.kind != "advance" or not self._before_what_is_known():
            return reading
        # Asked again in the same words after the answer was sent: the agency has not looked at it yet.
        return states.Reading("repeat" if self.item.state == StepState.SUPPLEMENT else "late")

    def _before_what_is_known(self) -> bool:
        """True if a supplement was asked, or answered, after the moment of which this report speaks.

        Agencies' times have seconds at best, so fractions do not count.
        """
        if self.item.at is None or self.item.at >= self.step.since.replace(microsecond=0):
            return False
        asked_before = self.item.state == StepState.SUPPLEMENT and self.step.version > 1
        return asked_before or (self.position == StepState.SUPPLEMENT and self.item.state not in states.FINAL)

    def _state(self, reading: states.Reading) -> Iterator[c.Command]:
        reported = self.item.state
        assert reported is not None
        if reading.kind == "advance":
            yield from self._advance(reading.path)
        elif reading.kind == "repeat":
            yield from self._repeat()
        elif reading.kind == "late":
            yield c.Late(self.step.id, reported, self.at, self.source, texts.came_late(reported))
        else:
            yield self._contradiction(texts.contradicts(self.position, reported))

    def _advance(self, path: tuple[StepState, ...]) -> Iterator[c.Command]:
        for state in path[:-1]:
            yield c.Move(self.step.id, state, self.at, self.source, inferred=True)
        yield c.Move(self.step.id, path[-1], self.at, self.source, note=self.item.reason)
        if path[-1] == StepState.SUPPLEMENT:
            yield self._ask()
        elif self.position == StepState.SUPPLEMENT and path[-1] in states.AT_AGENCY:
            yield c.SetDue(self.step.id, self.calendar.due(self.now, self.rule.deadline))

    def _repeat(self) -> Iterator[c.Command]:
        """The same state again: only a supplement asked with other words or another date is news."""
        if self.position != StepState.SUPPLEMENT or self.step.supplement_due is None:
            return
        ask = self._ask()
        other_date = self.item.supplement_due is not None and ask.due != self.step.supplement_due
        if ask.what != self.step.reason or other_date:
            yield ask

    def _ask(self) -> c.AskCitizen:
        day = self.item.supplement_due
        due = (
            self.calendar.end_of_day(day)
            if day is not None
            else self.calendar.last_moment(self.at, self.rule.supplement_days)
        )
        return c.AskCitizen(self.step.id, self.item.reason or texts.SUPPLEMENT_WANTED, due)

    def _result(self, result: bytes) -> Iterator[c.Command]:
        """A result is kept; later ones may add facts or correct it, but give no fact another value."""
        old = self.step.result
        new_facts = results.given(self.rule, result)
        if old is not None:
            known = results.given(self.rule, old)
            changed = [fact for fact, value in new_facts.items() if known.get(fact, value) != value]
            if changed:
                yield self._contradiction(texts.fact_changed(changed[0]))
                return
            if not results.same(self.rule, old, result):
                yield self._correction(old, result, set(known) - set(new_facts))
                return
            if not set(new_facts) - set(known):
                return
        yield c.SetResult(self.step.id, result, self.item.personal_number)

    def _correction(self, old: bytes, new: bytes, lost: set[str]) -> c.Command:
        """Another content of a result that is known: it corrects, unless it is older or says less."""
        if lost:
            return self._contradiction(texts.fact_lost(min(lost)))
        known_at = self.step.result_at or self.step.ended_at
        if known_at is not None and self.at < known_at.replace(microsecond=0):
            return c.Late(
                self.step.id,
                self.position,
                self.at,
                self.source,
                texts.older_result(f"{self.at:%H:%M %d/%m/%Y}"),
            )
        note = texts.result_corrected(path for path, _, _ in results.changes(old, new))
        return c.Replace(self.step.id, new, self.at, self.source, note, self.item.personal_number)

    def _appointment(self, end: StepState) -> Iterator[c.Command]:
        if self.item.new_appointment is None or end in states.FINAL:
            return
        due = self.calendar.close_of(self.item.new_appointment)
        if due != self.step.due:
            yield appointments.of_agency(self.step, due, self.at, self.source)

    def _contradiction(self, note: str) -> c.Contradiction:
        return c.Contradiction(self.step.id, note, self.at, self.source)
