"""Working time: the cut-off, the long holidays of 2026, and what holds for every instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.calendar import Deadline, WorkingCalendar

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
CALENDAR = WorkingCalendar()
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
SAME_DAY = Deadline.parse("same working day")


def at(text: str) -> datetime:
    """An instant of Hanoi time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def here(moment: datetime) -> str:
    """Hanoi time as text, to the minute."""
    return moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")


instants = st.integers(0, 4 * 365 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-04-24 14:59", "2026-04-24 17:00"),  # Friday, in time
        ("2026-04-24 15:00", "2026-04-24 17:00"),  # the cut-off itself is in time
        (
            "2026-04-24 15:01",
            "2026-04-28 17:00",
        ),  # weekend, then Monday in lieu of Hùng Kings' day on Sunday 26
        ("2026-04-29 15:01", "2026-05-04 17:00"),  # Reunification day, Labour day, weekend
        ("2026-04-24 06:30", "2026-04-24 17:00"),  # before the office opens
        ("2026-02-13 15:01", "2026-02-23 17:00"),  # the last Friday before Tết
        ("2026-08-21 16:00", "2026-08-22 17:00"),  # Saturday swapped in for Monday 31 August
        ("2026-08-28 16:00", "2026-09-03 17:00"),  # that Monday, and the two days of National day
    ],
)
def test_registration_is_due_on_the_working_day_of_receipt(received: str, due: str) -> None:
    """Received after 15:00 or on a day off: the next working day (decree 63/2024/NĐ-CP) (T22)."""
    assert here(CALENDAR.due(at(received), SAME_DAY)) == due


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        ("2026-03-02 10:00", 2, "2026-03-04 17:00"),
        ("2026-03-02 15:30", 2, "2026-03-05 17:00"),
        ("2026-04-28 09:00", 2, "2026-05-04 17:00"),
        ("2026-04-24 14:00", 7, "2026-05-08 17:00"),
    ],
)
def test_working_days_are_counted_from_the_day_after_receipt(received: str, days: int, due: str) -> None:
    """The day of receipt is not counted; weekends and holidays neither."""
    assert here(CALENDAR.add_working_days(at(received), days)) == due


def test_a_citizen_has_the_whole_last_day() -> None:
    """A supplement may be handed in until midnight of the seventh working day."""
    assert here(CALENDAR.last_moment(at("2026-03-02 10:00"), 7)) == "2026-03-11 23:59"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-02 08:30", "2026-03-02 13:30"),  # the lunch hour is no working hour
        ("2026-03-02 16:00", "2026-03-03 11:00"),
        ("2026-02-13 16:00", "2026-02-23 11:00"),
        ("2026-03-01 09:00", "2026-03-02 12:00"),  # from a Sunday
    ],
)
def test_four_working_hours(start: str, end: str) -> None:
    """Hours pass only while the office is open: the health facility's four hours for a certificate."""
    office = WorkingCalendar(hours=((time(8), time(12)), (time(13), time(17))))
    assert here(office.due(at(start), Deadline.parse("4 working hours"))) == end


def test_the_file_wins_over_the_library() -> None:
    """A day named in the calendar file is off, or worked, whatever the library says."""
    calendar = WorkingCalendar(off=frozenset({date(2026, 3, 3)}), working=frozenset({date(2026, 3, 7)}))
    assert not calendar.is_working_day(date(2026, 3, 3))
    assert calendar.is_working_day(date(2026, 3, 7))
    assert not CALENDAR.is_working_day(date(2026, 3, 7))


def test_an_appointment_on_a_day_off_is_kept_on_the_next_working_day() -> None:
    """An agency that promises a Sunday means Monday."""
    assert here(CALENDAR.close_of(date(2026, 3, 1))) == "2026-03-02 17:00"


def test_a_calendar_without_work_is_refused() -> None:
    """A weekend of seven days ends in an error and not in an endless search."""
    with pytest.raises(ValueError, match=r"calendar\.yaml"):
        WorkingCalendar(weekend=frozenset(range(7))).effective_start(at("2027-03-02 10:00"))


@pytest.mark.parametrize("text", ["same working day", "1 working day", "2 working days", "4 working hours"])
def test_a_deadline_is_written_as_it_is_read(text: str) -> None:
    """Deadlines are words in the process file."""
    assert str(Deadline.parse(text)) == text


@pytest.mark.parametrize("text", ["", "2 days", "0 working days", "soon"])
def test_other_words_are_no_deadline(text: str) -> None:
    """What is not one of the three forms raises ValueError that shows them."""
    with pytest.raises(ValueError, match="write 'same working day'"):
        Deadline.parse(text)


@settings(deadline=None)
@given(instants)
def test_the_start_lies_in_working_time_and_never_before_receipt(moment: datetime) -> None:
    """Whatever the instant, work starts on a working day, in office hours, not later than the cut-off."""
    start = CALENDAR.effective_start(moment)
    local = start.astimezone(ZONE)
    assert start >= moment
    assert CALENDAR.is_working_day(local.date())
    assert time(8) <= local.time() <= time(15)
    assert CALENDAR.effective_start(start) == start


@settings(deadline=None)
@given(instants, st.timedeltas(timedelta(), timedelta(days=40)), st.integers(0, 10))
def test_who_comes_later_is_not_served_earlier(moment: datetime, later: timedelta, count: int) -> None:
    """Deadlines are monotone in the time of receipt and in the count."""
    for kind in ("working-days", "working-hours"):
        first = CALENDAR.due(moment, Deadline(kind, count))
        assert first <= CALENDAR.due(moment + later, Deadline(kind, count))
        assert first <= CALENDAR.due(moment, Deadline(kind, count + 1))


@settings(deadline=None)
@given(instants, st.integers(1, 60))
def test_working_hours_end_in_working_time(moment: datetime, hours: int) -> None:
    """A deadline in hours never falls at night or on a day off."""
    local = CALENDAR.add_working_hours(moment, hours).astimezone(ZONE)
    assert CALENDAR.is_working_day(local.date())
    assert time(8) <= local.time() <= time(17)
