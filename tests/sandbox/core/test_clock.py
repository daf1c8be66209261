"""Clocks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.core.clock import ManualClock, system_clock


def test_manual_clock_moves_when_told() -> None:
    """It stands still in between."""
    clock = ManualClock(datetime(2026, 11, 23, tzinfo=UTC))
    clock.advance(hours=1, seconds=5)
    assert clock() == clock() == datetime(2026, 11, 23, 1, 0, 5, tzinfo=UTC)


def test_a_clock_needs_a_zone() -> None:
    """A time without zone would mean something else on every machine."""
    with pytest.raises(ValueError, match="zone"):
        ManualClock(datetime(2026, 11, 23))  # noqa: DTZ001 - that is the mistake


def test_system_clock_has_a_zone() -> None:
    """The real clock is in UTC."""
    assert system_clock().tzinfo is UTC
