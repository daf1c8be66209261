"""Where the product's time comes from: one function, passed to everything that needs to know; and what day it is."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

Clock = Callable[[], datetime]
NewId = Callable[[], str]

VIETNAM = timezone(timedelta(hours=7))
"""Vietnam's time: one zone, no summer time."""


def system_clock() -> datetime:
    """The machine's time, aware, UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one place that asks the machine


def random_id() -> str:
    """A fresh 32-digit identifier."""
    return uuid.uuid4().hex


def local_day(at: datetime) -> date:
    """The date in Vietnam at that moment: rules, code tables and forms change at its midnight, not at Greenwich's."""
    return at.astimezone(VIETNAM).date()
