"""Health-insurance cards."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sandbox.bhxh.card import Card, is_under_six


@pytest.mark.parametrize(
    ("born", "until"),
    [
        (date(2026, 3, 5), date(2032, 9, 30)),
        (date(2026, 9, 30), date(2032, 9, 30)),
        (date(2026, 11, 20), date(2032, 11, 30)),
        (date(2024, 2, 29), date(2030, 9, 30)),
    ],
)
def test_validity(born: date, until: date) -> None:
    """A child that turns six before school starts keeps the card until the 30th of September."""
    assert Card("0112345678", "01", born, datetime(2026, 11, 23, tzinfo=UTC)).valid_until == until


def test_the_number_is_made_of_its_parts() -> None:
    """TE, level 1, province, insurance number."""
    card = Card("0112345678", "79", date(2026, 1, 1), datetime(2026, 11, 23, tzinfo=UTC))
    assert card.number == "TE1790112345678"


def test_six_years() -> None:
    """The sixth birthday ends it."""
    assert is_under_six(date(2020, 11, 24), date(2026, 11, 23))
    assert not is_under_six(date(2020, 11, 23), date(2026, 11, 23))
