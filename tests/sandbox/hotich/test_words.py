"""Vietnamese dates in words."""

from __future__ import annotations

import pytest

from sandbox.hotich.words import date_in_words, number_in_words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (5, "năm"),
        (10, "mười"),
        (11, "mười một"),
        (15, "mười lăm"),
        (21, "hai mươi mốt"),
        (30, "ba mươi"),
        (1978, "một nghìn chín trăm bảy mươi tám"),
        (2000, "hai nghìn"),
        (2005, "hai nghìn không trăm lẻ năm"),
        (2026, "hai nghìn không trăm hai mươi sáu"),
    ],
)
def test_numbers(number: int, words: str) -> None:
    """Tens, linking words and the spoken forms of one and five are those of the spoken language."""
    assert number_in_words(number) == words


def test_a_full_date() -> None:
    """Day, month and year are written out; the fourth month is tháng tư."""
    assert date_in_words(2026, 4, 21) == ("Ngày hai mươi mốt tháng tư năm hai nghìn không trăm hai mươi sáu")


def test_a_partial_date_stays_partial() -> None:
    """Only what is known is written."""
    assert date_in_words(1978) == "Năm một nghìn chín trăm bảy mươi tám"


def test_out_of_range() -> None:
    """Zero is not a part of a date."""
    with pytest.raises(ValueError, match="from 1 to 9999"):
        number_in_words(0)
