"""The calendar file."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from broker.config.calendar import CalendarConfig


def test_the_file_becomes_a_calendar() -> None:
    """Office hours with a break, own holidays, a swapped day."""
    config = CalendarConfig.model_validate(
        {
            "cut_off": "14:30",
            "hours": ["07:30-11:30", "13:00-17:00"],
            "holidays": ["2026-03-03"],
            "working_days": ["2026-09-02"],
            "swapped": [{"off": "2026-03-02", "work": "2026-03-07"}],
        }
    )
    calendar = config.calendar()
    assert calendar.hours[0] == (time(7, 30), time(11, 30))
    days = [date(2026, 3, day) for day in (2, 3, 4, 7)]
    assert [calendar.is_working_day(day) for day in days] == [False, False, True, True]
    assert calendar.is_working_day(date(2026, 9, 2))
    late = datetime(2026, 3, 4, 14, 31, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    assert calendar.effective_start(late).astimezone(calendar.zone).date() == date(2026, 3, 5)


@pytest.mark.parametrize(
    "changes",
    [
        {"hours": ["08:00-12:00", "11:00-17:00"]},
        {"hours": []},
        {"hours": ["17:00-08:00"]},
        {"hours": ["08:00"]},
        {"timezone": "Hanoi"},
        {"weekend": ["caturday"]},
        {"country": "Vietnam"},
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    """Hours in disorder, unknown zones and days."""
    with pytest.raises(ValidationError):
        CalendarConfig.model_validate(changes)
