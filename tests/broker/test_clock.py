"""Time and ids."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from broker.clock import local_day, random_id, system_clock


def test_system_clock() -> None:
    """The machine's time is aware and in UTC."""
    assert system_clock().utcoffset() == timedelta(0)


def test_local_day() -> None:
    """The day begins at midnight in Vietnam, seven hours before Greenwich's."""
    assert local_day(datetime(2026, 8, 31, 16, 59, tzinfo=UTC)) == date(2026, 8, 31)
    assert local_day(datetime(2026, 8, 31, 17, 0, tzinfo=UTC)) == date(2026, 9, 1)


def test_random_id() -> None:
    """Ids are 32 hexadecimal digits and differ."""
    first, second = random_id(), random_id()
    assert first != second
    assert len(bytes.fromhex(first)) == 16
