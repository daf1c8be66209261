"""Office time of the simulated days, written apart from the hub's calendar: the judge must not be what is judged.

The week of Monday 2026-11-23, and what follows from it: Tuesday the 24th is Vietnam Cultural Day, a public holiday, and
the first day of the next year is one too.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
MONDAY = date(2026, 11, 23)

_OFF = frozenset({date(2026, 11, 24), date(2027, 1, 1)})
_OPENS, _NOON, _AFTERNOON, _CLOSES, _CUT_OFF = time(8), time(12), time(13), time(17), time(15)
_MINUTE = timedelta(minutes=1)


def works(day: date) -> bool:
    """Whether offices are open on ``day``."""
    return day.weekday() < 5 and day not in _OFF


def due(received: datetime, days: int) -> datetime:
    """Close of office on the ``days``-th working day after receipt; after 15:00 the next working day is receipt."""
    local = received.astimezone(HANOI)
    day = local.date()
    if not works(day) or local.time() > _CUT_OFF:
        day = _next(day)
    for _ in range(days):
        day = _next(day)
    return datetime.combine(day, _CLOSES, HANOI)


def after(start: datetime, minutes: float) -> datetime:
    """The moment at which so many minutes of office time have passed since ``start``."""
    at, left = start.astimezone(HANOI), timedelta(minutes=minutes)
    while True:
        for opens, closes in ((_OPENS, _NOON), (_AFTERNOON, _CLOSES)):
            begin = max(at, datetime.combine(at.date(), opens, HANOI))
            end = datetime.combine(at.date(), closes, HANOI)
            if works(at.date()) and begin < end:
                if left <= end - begin:
                    return begin + left
                left -= end - begin
        at = datetime.combine(_next(at.date()), _OPENS, HANOI)


def minutes(start: datetime, end: datetime) -> float:
    """Office minutes between two moments."""
    at, count = start.astimezone(HANOI), timedelta()
    end = end.astimezone(HANOI)
    while at < end:
        for opens, closes in ((_OPENS, _NOON), (_AFTERNOON, _CLOSES)):
            begin = max(at, datetime.combine(at.date(), opens, HANOI))
            until = min(end, datetime.combine(at.date(), closes, HANOI))
            if works(at.date()) and begin < until:
                count += until - begin
        at = datetime.combine(at.date() + timedelta(days=1), time(), HANOI)
    return count / _MINUTE


def _next(day: date) -> date:
    day += timedelta(days=1)
    while not works(day):
        day += timedelta(days=1)
    return day
