from __future__ import annotations

import pytest

from broker.canonical.plan import Value
from broker.canonical.schemas import Schemas
from broker.canonical.words import SHAPES, fault, is_instant, is_real_date, odd_text, shape_of

PERSONAL_NUMBER = Value("string", "PersonalNumberValue", (r"[0-9]{12}",))
PARTIAL_DATE = Value(
    "string", "PartialDateValue", (r"(19|20)[0-9][0-9](-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?",)
)


def test_every_pattern_has_words(schemas: Schemas) -> None:
    """A pattern is for machines: no field may be explained by "of the prescribed form"."""
    values = [leaf.value for plan in schemas.elements.values() for leaf in plan.leaves()]
    speechless = [value for value in values if value and value.patterns and shape_of(value) is None]
    assert speechless == []


def test_no_words_for_what_is_not_in_the_schemas(schemas: Schemas) -> None:
    """Words for a pattern that has changed would never be said."""
    leaves = [leaf for plan in schemas.elements.values() for leaf in plan.leaves()]
    values = [
        value for leaf in leaves for value in (leaf.value, *(a.value for a in leaf.attributes)) if value
    ]
    assert set(SHAPES) <= {value.name for value in values} | {p for value in values for p in value.patterns}


def test_a_number_one_digit_too_long_is_explained_by_its_length() -> None:
    """The sentence says twelve and thirteen, and does not repeat the number."""
    said = fault(PERSONAL_NUMBER, "0010900000181")
    assert said == (
        "phải gồm đúng 12 chữ số; giá trị đã nhập có 13 chữ số",
        "must be exactly 12 digits; the value entered has 13 digits",
    )


@pytest.mark.parametrize("text", ["1990", "1990-02", "1990-02-28", "2000-02-29"])
def test_dates_may_be_partial(text: str) -> None:
    """A year, a month or a day is a date."""
    assert fault(PARTIAL_DATE, text) is None


@pytest.mark.parametrize("text", ["1990-02-31", "1900-02-29", "1990-13", "90", "1990-2-1", "1990-04-31"])
def test_dates_must_exist(text: str) -> None:
    """The 31st of February is no date, though the pattern allows it."""
    assert fault(PARTIAL_DATE, text) is not None


@pytest.mark.parametrize(
    ("value", "good", "bad"),
    [
        (Value("int", minimum=1, maximum=99), "99", "100"),
        (Value("int", minimum=1, maximum=99), "01", "1.0"),
        (Value("boolean"), "true", "yes"),
        (Value("date"), "2026-09-01", "2026-09-01Z"),
        (Value("dateTime"), "2026-09-01T08:00:00+07:00", "2026-09-01T08:00:00"),
        (Value("string", max_length=3), "Hòa", "Hoàn"),
        (Value("string", enumeration=("a", "b")), "b", "c"),
        (Value("string"), "x", " \n"),
        (PERSONAL_NUMBER, "001090000018", "٠٠١٠٩٠٠٠٠٠١٨"),
        (PERSONAL_NUMBER, " 001090000018\n", "00109000001\u200b8"),
    ],
)
def test_value_spaces(value: Value, good: str, bad: str) -> None:
    """Each kind of value accepts what is right and explains what is not, in two languages."""
    assert fault(value, good) is None
    said = fault(value, bad)
    assert said is not None
    assert said.vi
    assert said.en


def test_odd_text() -> None:
    """Decomposed letters and invisible characters are odd; Vietnamese is not."""
    assert not odd_text("Nguyễn Thị Thủy, số 5 ngõ 12")
    assert all(map(odd_text, ["Nguye\u0302n", "Ho\u200bà", "\u202eMai"]))


def test_calendar() -> None:
    """Only ASCII dates of the calendar are days; only times with an offset are instants."""
    assert is_real_date("2026-09-01")
    assert not is_real_date("2026-02-30")
    assert not is_real_date("٢٠٢٦-09-01")
    assert is_instant("2026-09-01T01:00:00Z")
    assert not is_instant("2026-09-01")
