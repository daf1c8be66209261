"""Working time of Vietnamese offices: cut-off, weekends, holidays, swapped days, and deadlines in it.

A day is off if the calendar file says so, else if it is a public holiday or lies on a weekend, unless it was
swapped in as a working day. Public holidays, their substitutes and the announced swaps come from the
``holidays`` library; what it does not know yet is added by the calendar file.

Days are counted as the civil code does (91/2015/QH13, articles 147 and 148): the first day is not counted and
the last one is used up to its end. For an agency that end is the close of office, for a citizen it is
midnight.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import holidays

DeadlineKind = Literal["same-working-day", "working-days", "working-hours"]

_DEADLINE = re.compile(r"(\d{1,3}) working (day|hour)s?")
_DAY = timedelta(days=1)
# Tết with its bridge days is the longest pause known; a calendar without work for a year is a typing error.
_LONGEST_PAUSE = 366
_HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclasses.dataclass(frozen=True, slots=True)
class Deadline:
    """How long a step may take: to the end of the same working day, or a count of working days or hours."""

    kind: DeadlineKind
    count: int = 0

    @classmethod
    def parse(cls, text: str) -> Deadline:
        """Read ``same working day``, ``2 working days`` or ``4 working hours``. Raises ValueError."""
        if text == "same working day":
            return cls("same-working-day")
        found = _DEADLINE.fullmatch(text)
        if found is None or int(found[1]) == 0:
            raise ValueError(f"{text!r}: write 'same working day', '2 working days' or '4 working hours'")
        return cls("working-days" if found[2] == "day" else "working-hours", int(found[1]))

    def __str__(self) -> str:
        """The form that `parse` reads."""
        if self.kind == "same-working-day":
            return "same working day"
        unit = "day" if self.kind == "working-days" else "hour"
        return f"{self.count} working {unit}{'' if self.count == 1 else 's'}"


@dataclasses.dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Answers when offices work. Takes and gives aware datetimes; what it gives is UTC.

    ``cut_off``: what arrives later counts as arrived on the next working day. ``hours``: office hours of a
    working day as (opens, closes), in order. ``off`` and ``working`` are the file's own days and win over the
    library's.
    """

    zone: ZoneInfo = _HANOI
    cut_off: time = time(15)
    hours: tuple[tuple[time, time], ...] = ((time(8), time(17)),)
    weekend: frozenset[int] = frozenset({5, 6})
    country: str = "VN"
    off: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()

    def is_working_day(self, day: date) -> bool:
        """True if offices work on ``day``."""
        if day in self.working:
            return True
        if day in self.off:
            return False
        free, swapped_in = _public_days(self.country, day.year)
        if day in swapped_in:
            return True
        return day not in free and day.weekday() not in self.weekend

    def effective_start(self, at: datetime) -> datetime:
        """When a dossier that came in at ``at`` counts as received.

        That is ``at`` itself in office time, the opening of the day if it came in before; after the cut-off
        or on a day off it is the opening of the next working day. Exactly the cut-off is still in time.
        """
        local = at.astimezone(self.zone)
        if not self.is_working_day(local.date()) or local.time() > self.cut_off:
            return self._at(self._next_working_day(local.date()), self._opens)
        return max(at.astimezone(UTC), self._at(local.date(), self._opens))

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """Close of office on the ``days``-th working day after the day of receipt."""
        return self._at(self._day_after(start, days), self._closes)

    def last_moment(self, start: datetime, days: int) -> datetime:
        """The last second of the ``days``-th working day: how long a citizen may hand something in."""
        return self.end_of_day(self._day_after(start, days))

    def end_of_day(self, day: date) -> datetime:
        """The last second of ``day``, here."""
        return self._at(day, time(23, 59, 59))

    def close_of(self, day: date) -> datetime:
        """Close of office on ``day``, or on the next working day if nobody works then."""
        return self._at(day if self.is_working_day(day) else self._next_working_day(day), self._closes)

    def add_working_hours(self, start: datetime, hours: int) -> datetime:
        """The instant at which so many office hours have passed since ``start``, whatever the cut-off."""
        left = timedelta(hours=hours)
        day = start.astimezone(self.zone).date()
        moment = start.astimezone(UTC)
        while True:
            for opens, closes in self._spans(day):
                begin = max(moment, opens)
                if begin < closes and left <= closes - begin:
                    return begin + left
                left -= max(closes - begin, timedelta())
            day = self._next_working_day(day)

    def due(self, start: datetime, deadline: Deadline) -> datetime:
        """The last instant at which something received at ``start`` is still in time."""
        if deadline.kind == "working-hours":
            return self.add_working_hours(start, deadline.count)
        return self.add_working_days(start, deadline.count)

    @property
    def _opens(self) -> time:
        return self.hours[0][0]

    @property
    def _closes(self) -> time:
        return self.hours[-1][1]

    def _at(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, self.zone).astimezone(UTC)

    def _spans(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        if not self.is_working_day(day):
            return ()
        return tuple((self._at(day, opens), self._at(day, closes)) for opens, closes in self.hours)

    def _day_after(self, start: datetime, days: int) -> date:
        day = self.effective_start(start).astimezone(self.zone).date()
        for _ in range(days):
            day = self._next_working_day(day)
        return day

    def _next_working_day(self, day: date) -> date:
        for distance in range(1, _LONGEST_PAUSE):
            candidate = day + distance * _DAY
            if self.is_working_day(candidate):
                return candidate
        raise ValueError(f"the calendar has no working day in the year after {day}: check calendar.yaml")


@functools.cache
def _public_days(country: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Days off, and weekend days worked instead; cached because a library object is not thread-safe."""
    known = holidays.country_holidays(country, years=year)
    return frozenset(known), frozenset(known.weekend_workdays)
