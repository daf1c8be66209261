from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from signing import xml
from signing.errors import Replayed, SignatureInvalid
from signing.xmlsig.freshness import (
    DEFAULT_WINDOW,
    Window,
    check_once,
    check_recent,
    check_signing_time,
    read_time,
)
from tests import pki
from tests.chains import issue

HUB = pki.certificate("hub")


class Memory:
    """Remembers keys until their time, as the hub does."""

    def __init__(self) -> None:
        self.kept: dict[str, datetime] = {}

    def seen(self, key: str, until: datetime) -> bool:
        known = key in self.kept
        self.kept.setdefault(key, until)
        return known


@pytest.mark.parametrize(
    "text", ["2026-09-01T08:30:00Z", " 2026-09-01T15:30:00+07:00\n", "2026-09-01T08:30:00.0000000Z"]
)
def test_a_time_is_read_with_its_zone(text: str) -> None:
    """White space around it and more decimals than we keep do not matter."""
    assert read_time(xml.parse(f"<T>{text}</T>".encode())) == pki.NOW.astimezone(UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2026-09-01T08:30:00", "2026-09-01", "2026-13-01T00:00:00Z", "2026-W36-2T08:30:00Z"),
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-09-01T08:30:00." + "0" * 100 + "Z"),
    ],
)
def test_a_time_without_meaning_or_zone_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(SignatureInvalid, match=r"not a time|no time zone"):
        read_time(xml.parse(f"<T>{text}</T>".encode()))


def test_a_certificate_may_end_with_the_calendar() -> None:
    """99991231235959Z means that no end is known (RFC 5280 §4.1.2.5)."""
    endless = issue(
        "endless", ends=(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - pki.NOW).days
    ).certificate
    check_signing_time(pki.NOW, endless, pki.NOW)


@pytest.mark.parametrize("minutes", [-60 * 24, 0, 5])
def test_a_signing_time_is_not_in_the_future(minutes: int) -> None:
    """Up to the skew between clocks it may be; the past is no problem by itself."""
    check_signing_time(pki.NOW + timedelta(minutes=minutes), HUB, pki.NOW)


def test_a_signing_time_beyond_the_skew_is_refused() -> None:
    """A signer who dates ahead could sign after the end of a right."""
    with pytest.raises(SignatureInvalid, match="future"):
        check_signing_time(pki.NOW + timedelta(minutes=6), HUB, pki.NOW)


@pytest.mark.parametrize("days", [-31, 366])
def test_a_signing_time_outside_the_certificate_is_refused(days: int) -> None:
    """Nobody signed with a certificate that was not valid."""
    stated = pki.NOW + timedelta(days=days)
    with pytest.raises(SignatureInvalid, match="validity"):
        check_signing_time(stated, HUB, pki.NOW + timedelta(days=400))


def test_a_signature_counts_once() -> None:
    """The second time it is known; another value is not."""
    memory = Memory()
    check_once(b"value", pki.NOW, memory.seen)
    check_once(b"other", pki.NOW, memory.seen)
    with pytest.raises(Replayed):
        check_once(b"value", pki.NOW, memory.seen)
    check_once(b"value", pki.NOW, None)


def test_a_signature_is_remembered_until_it_is_too_old() -> None:
    """After that, its age is reason enough, and the memory can forget it."""
    memory = Memory()
    check_recent(b"value", pki.NOW, pki.NOW, memory.seen, DEFAULT_WINDOW)
    until = pki.NOW + timedelta(minutes=65)
    assert list(memory.kept.values()) == [until]
    with pytest.raises(Replayed):
        check_recent(b"value", pki.NOW, until, memory.seen, DEFAULT_WINDOW)
    memory.kept.clear()
    with pytest.raises(SignatureInvalid, match="too long ago"):
        check_recent(b"value", pki.NOW, until + timedelta(seconds=1), memory.seen, DEFAULT_WINDOW)
    assert not memory.kept


def test_the_window_can_be_set() -> None:
    """A register that works through a backlog accepts older messages."""
    memory = Memory()
    window = Window(longest=timedelta(days=2))
    check_recent(b"value", pki.NOW, pki.NOW + timedelta(days=1), memory.seen, window)


def test_without_a_signing_time_there_is_no_window() -> None:
    """A profile that states no time cannot promise that a replay is noticed, so it is refused where that is asked."""
    with pytest.raises(SignatureInvalid, match="no signing time"):
        check_recent(b"value", None, pki.NOW, Memory().seen, DEFAULT_WINDOW)
    check_recent(b"value", None, pki.NOW, None, DEFAULT_WINDOW)
