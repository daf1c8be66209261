"""The judge's own office time agrees with the hub's calendar, though they share no line."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.day import working
from broker.calendar import Deadline, WorkingCalendar

_HOURS = ((time(8), time(12)), (time(13), time(17)))
CALENDAR = WorkingCalendar(hours=_HOURS)
START = datetime(2026, 11, 20, tzinfo=UTC)
MOMENTS = st.integers(0, 30 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds))


def test_the_tuesday_is_a_holiday() -> None:
    """Vietnam Cultural Day: what comes in on Monday after 15:00 is due on Wednesday."""
    assert not working.works(date(2026, 11, 24))
    late = datetime(2026, 11, 23, 15, 0, 1, tzinfo=working.HANOI)
    assert working.due(late, 0) == datetime(2026, 11, 25, 17, tzinfo=working.HANOI)
    assert working.due(late - timedelta(seconds=1), 0) == datetime(2026, 11, 23, 17, tzinfo=working.HANOI)


@settings(deadline=None)
@given(MOMENTS, st.integers(0, 10))
@example(datetime(2026, 12, 17, 8, 0, 1, tzinfo=UTC), 10)  # over New Year
def test_deadlines_agree(received: datetime, days: int) -> None:
    """Two independent counts of working days come to the same moment."""
    deadline = Deadline("working-days", days) if days else Deadline("same-working-day")
    assert working.due(received, days) == CALENDAR.due(received, deadline)


@settings(deadline=None)
@given(MOMENTS, st.floats(1, 3000))
def test_minutes_are_counted_back(start: datetime, minutes: float) -> None:
    """As many office minutes lie between a moment and the one so many minutes later."""
    assert abs(working.minutes(start, working.after(start, minutes)) - minutes) < 0.01
