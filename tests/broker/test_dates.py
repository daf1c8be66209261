"""Partial dates."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.dates import PartialDate


@pytest.mark.parametrize("text", ["1978", "1978-05", "1978-05-02", "2000-02-29"])
def test_a_date_keeps_the_precision_in_which_it_was_written(text: str) -> None:
    """Reading and writing gives the same text: 1978 does not become a day."""
    assert str(PartialDate.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "78", "1978-5", "1978-13", "1979-02-29", "1978-05-02T00:00", "02/05/1978"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    """Other formats, and days that never were, raise ValueError."""
    with pytest.raises(ValueError):  # noqa: PT011 (the message of date() itself is passed on)
        PartialDate.parse(text)


def test_a_day_needs_its_month() -> None:
    """A day of an unknown month is refused."""
    with pytest.raises(ValueError, match="month"):
        PartialDate(1978, day=2)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1978", "1978-05-02", True),
        ("1978-05", "1978-05-02", True),
        ("1978-05-02", "1978-05-02", True),
        ("1978", "1979-05-02", False),
        ("1978-06", "1978-05-02", False),
        ("1978-05-03", "1978-05-02", False),
    ],
)
def test_dates_agree_as_far_as_both_are_known(one: str, other: str, same: bool) -> None:
    """Only parts that both have are compared, in either direction."""
    assert PartialDate.parse(one).agrees(PartialDate.parse(other)) is same
    assert PartialDate.parse(other).agrees(PartialDate.parse(one)) is same


@settings(deadline=None)
@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)))
def test_a_whole_date_survives(day: date) -> None:
    """A known day is complete, is its own earliest day and agrees with its year."""
    known = PartialDate.of(day)
    assert known.complete
    assert known.earliest() == known.latest() == day
    assert PartialDate.parse(str(known)) == known
    assert known.agrees(PartialDate(day.year))


@pytest.mark.parametrize(
    ("text", "last"), [("2028", (2028, 12, 31)), ("2028-02", (2028, 2, 29)), ("2027-02", (2027, 2, 28))]
)
def test_the_latest_day_of_a_date_known_in_part(text: str, last: tuple[int, int, int]) -> None:
    """A year or a month can mean any of its days, to the last."""
    assert PartialDate.parse(text).latest() == date(*last)
