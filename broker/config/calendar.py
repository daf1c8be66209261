"""The working calendar: config/calendar.yaml."""

from __future__ import annotations

from datetime import date, time
from itertools import pairwise
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, field_validator

from broker.calendar import WorkingCalendar
from broker.config.base import Frozen

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_WEEK: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _span(value: object) -> object:
    return value.split("-") if isinstance(value, str) else value


Span = Annotated[tuple[time, time], BeforeValidator(_span)]
"""Office hours without a break, written ``08:00-12:00``."""


class Swap(Frozen):
    """A working day exchanged for a day off by the government's announcement."""

    off: date
    """Day that becomes free."""
    work: date
    """Day that is worked instead."""


class CalendarConfig(Frozen):
    """When offices work."""

    timezone: str = "Asia/Ho_Chi_Minh"
    """Zone of all office hours."""
    country: str = Field(default="VN", pattern=r"^[A-Z]{2}$")
    """Whose public holidays the library gives."""
    cut_off: time = time(15)
    """What arrives later counts as arrived on the next working day."""
    hours: tuple[Span, ...] = ((time(8), time(17)),)
    """Office hours of a working day."""
    weekend: tuple[Weekday, ...] = ("saturday", "sunday")
    """Days of the week without work."""
    holidays: tuple[date, ...] = ()
    """Days off that the library does not know."""
    working_days: tuple[date, ...] = ()
    """Days worked although the library has them as days off."""
    swapped: tuple[Swap, ...] = ()
    """Exchanged days that the library does not know."""

    @field_validator("timezone")
    @classmethod
    def _exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no time zone: write one such as Asia/Ho_Chi_Minh") from error
        return value

    @field_validator("hours")
    @classmethod
    def _in_order(cls, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        moments = [moment for span in spans for moment in span]
        if not moments or any(later <= earlier for earlier, later in pairwise(moments)):
            raise ValueError(
                "office hours must be in order and not overlap, such as 08:00-12:00 and 13:00-17:00"
            )
        return spans

    def calendar(self) -> WorkingCalendar:
        """The calendar that answers."""
        return WorkingCalendar(
            zone=ZoneInfo(self.timezone),
            cut_off=self.cut_off,
            hours=self.hours,
            weekend=frozenset(_WEEK.index(day) for day in self.weekend),
            country=self.country,
            off=frozenset(self.holidays) | {swap.off for swap in self.swapped},
            working=frozenset(self.working_days) | {swap.work for swap in self.swapped},
        )
