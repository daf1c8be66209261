"""Accounts and tokens: nothing of one unit works in the name of another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.bhxh.access import SCHEMA, Access, Account, accounts
from sandbox.bhxh.answers import Refusal
from sandbox.core.clock import ManualClock
from sandbox.core.database import Database
from sandbox.core.tokens import Tokens

OURS, THEIRS = Account("a", "mat-khau-a", "DVCLT"), Account("b", "mat-khau-b", "TINHKHAC")


@pytest.fixture
def clock() -> ManualClock:
    """Time, moved by the test."""
    return ManualClock(datetime(2026, 11, 23, 5, 0, tzinfo=UTC))


@pytest.fixture
def access(tmp_path: Path, clock: ManualClock) -> Iterator[Access]:
    """Two accounts."""
    database = Database(tmp_path / "a.db", SCHEMA)
    names = iter("uvwxyz")
    yield Access(database, Tokens(database, clock, lambda: next(names)), [OURS, THEIRS])
    database.close()


def form(access: Access, account: Account) -> dict[str, str]:
    """What an account sends after logging in."""
    pair = access.log_in({"username": account.user, "password": account.digest})
    assert pair is not None
    return {
        "token": str(pair["access_token"]),
        "id_token": str(pair["id_token"]),
        "username": account.user,
        "password": account.digest,
        "maDonVi": account.unit,
    }


def test_a_sender_is_known_by_what_belongs_together(access: Access) -> None:
    """Each account with its own."""
    assert access.sender(form(access, OURS)) == OURS
    assert access.sender(form(access, THEIRS)) == THEIRS


@pytest.mark.parametrize("names", [("token",), ("token", "id_token"), ("username", "password"), ("maDonVi",)])
def test_token_of_one_unit_with_the_account_of_another(access: Access, names: tuple[str, ...]) -> None:
    """Whatever is exchanged between two good accounts is refused: nothing is filed under the wrong unit (T36)."""
    mixed = form(access, OURS) | {name: form(access, THEIRS)[name] for name in names}
    with pytest.raises(Refusal) as refused:
        access.sender(mixed)
    assert refused.value.code == "401"


def test_a_token_ends(access: Access, clock: ManualClock) -> None:
    """After half an hour it is nobody's."""
    sent = form(access, OURS)
    clock.advance(minutes=31)
    with pytest.raises(Refusal):
        access.holder(sent["token"])


@pytest.mark.parametrize("given", [{}, {"username": "a"}, {"username": "a", "password": "mat-khau-b"}])
def test_a_wrong_account_gets_no_token(access: Access, given: dict[str, str]) -> None:
    """None."""
    assert access.log_in(given) is None


def test_accounts_of_the_options() -> None:
    """One by default, more as a list."""
    assert [account.unit for account in accounts({})] == ["DVCLT"]
    more = accounts({"unit": "X", "accounts": [{"user": "b", "password": "c", "unit": "Y"}]})
    assert [account.unit for account in more] == ["X", "Y"]
