"""Time for tests: it moves when the test says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)  # eight o'clock in Hà Nội, a Tuesday


class ManualClock:
    """A clock that stands still until it is moved. Call it for the time."""

    def __init__(self, start: datetime = START) -> None:
        """Begin at ``start`` (aware)."""
        self._now = start

    def __call__(self) -> datetime:
        """The present time."""
        return self._now

    def advance(self, **units: float) -> datetime:
        """Move on by a `timedelta` given in its own words (``seconds=30``); says the new time."""
        step = timedelta(**units)
        assert step >= timedelta(0), "time does not go back"
        self._now += step
        return self._now

    def set(self, now: datetime) -> None:
        """Jump to a later time."""
        assert now >= self._now, "time does not go back"
        self._now = now
