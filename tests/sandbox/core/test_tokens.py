"""Access tokens."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from sandbox import ManualClock
from sandbox.core import tokens
from sandbox.core.database import Database
from sandbox.core.tokens import Tokens


@pytest.fixture
def clock() -> ManualClock:
    """Time, moved by the test."""
    return ManualClock(datetime(2026, 11, 23, tzinfo=UTC))


@pytest.fixture
def given(tmp_path: Path, clock: ManualClock) -> Tokens:
    """Tokens named t1, t2 …"""
    numbers = count(1)
    return Tokens(Database(tmp_path / "t.db", tokens.SCHEMA), clock, lambda: f"t{next(numbers)}")


def test_a_token_is_good_for_half_an_hour(given: Tokens, clock: ManualClock) -> None:
    """Then it is worth nothing."""
    token = given.issue()
    clock.advance(minutes=29)
    assert given.holds(token)
    clock.advance(minutes=1)
    assert not given.holds(token)


def test_foreign_tokens(given: Tokens) -> None:
    """What was not issued here is not accepted."""
    given.issue()
    assert not given.holds("t2")
    assert not given.holds("")


def test_all_expire_at_once(given: Tokens) -> None:
    """As after a restart of a service that keeps them in memory."""
    token = given.issue()
    given.expire_all()
    assert not given.holds(token)
