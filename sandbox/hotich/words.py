"""Vietnamese dates in words, as a birth certificate has them: ``Ngày hai mươi mốt tháng tư năm …``."""

from __future__ import annotations

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")


def number_in_words(number: int) -> str:
    """A number from 1 to 9999. Raises ValueError outside."""
    if not 1 <= number <= 9999:
        raise ValueError(f"{number}: from 1 to 9999")
    thousands, rest = divmod(number, 1000)
    words = [DIGITS[thousands], "nghìn"] if thousands else []
    hundreds, rest = divmod(rest, 100)
    if hundreds or (thousands and rest):
        words += [DIGITS[hundreds], "trăm"]
    return " ".join([*words, *_below_hundred(rest, linked=bool(words))])


def date_in_words(year: int, month: int | None = None, day: int | None = None) -> str:
    """A date of which only the year, or year and month, may be known."""
    parts = [f"năm {number_in_words(year)}"]
    if month is not None:
        parts.insert(0, f"tháng {'tư' if month == 4 else number_in_words(month)}")
    if day is not None:
        parts.insert(0, f"ngày {number_in_words(day)}")
    sentence = " ".join(parts)
    return sentence[0].upper() + sentence[1:]


def _below_hundred(number: int, *, linked: bool) -> list[str]:
    tens, units = divmod(number, 10)
    if tens == 0:
        return ([] if units == 0 else ["lẻ", DIGITS[units]]) if linked else [DIGITS[units]]
    words = ["mười"] if tens == 1 else [DIGITS[tens], "mươi"]
    if units == 0:
        return words
    # After a ten, 1 is "mốt" (but mười một), 5 is "lăm".
    spoken = {1: "mốt" if tens > 1 else "một", 5: "lăm"}.get(units, DIGITS[units])
    return [*words, spoken]
