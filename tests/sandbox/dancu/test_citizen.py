"""Personal numbers."""

from __future__ import annotations

from random import Random

import pytest

from sandbox.core.places import communes
from sandbox.dancu.citizen import OLD_PROVINCES, draw_number


@pytest.mark.parametrize(
    ("sex", "birth", "digits"),
    [("1", "1978", "078"), ("2", "1978-05-02", "178"), ("1", "2026-01-01", "226"), ("2", "2003", "303")],
)
def test_number_tells_century_sex_and_year(sex: str, birth: str, digits: str) -> None:
    """Digit four is century and sex, five and six the year; the first three an old province code."""
    number = draw_number(Random(1), "52", sex, birth, set())
    assert len(number) == 12
    assert number[:3] in ("052", "064")
    assert number[3:6] == digits


def test_numbers_are_unique() -> None:
    """A number that is taken is drawn again."""
    used: set[str] = set()
    numbers = [draw_number(Random(7), "01", "1", "1990", used) for _ in range(3)]
    assert len(set(numbers)) == 3


def test_every_province_has_its_old_codes() -> None:
    """All 34 provinces are known, and the 63 old codes each belong to one of them."""
    assert set(OLD_PROVINCES) == {item.province for item in communes()}
    old = " ".join(OLD_PROVINCES.values()).split()
    assert len(old) == len(set(old)) == 63
