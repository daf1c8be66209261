"""Time for stand-in agencies: the real clock, and one that tests move by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present moment in UTC; the one place of the sandbox that looks at the machine's clock."""
    return datetime.now(UTC)  # noqa: TID251 - composition roots need one real clock


class ManualClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, start: datetime) -> None:
        """``start`` must carry a time zone."""
        if start.tzinfo is None:
            raise ValueError("a clock needs a time zone")
        self._now = start

    def __call__(self) -> datetime:
        """The moment the clock shows."""
        return self._now

    def advance(self, **step: float) -> None:
        """Move forward; the arguments are those of `datetime.timedelta`."""
        self._now += timedelta(**step)
