"""What date converters can write."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest

from broker.mapping.datespaces import dated, least_known, reading
from broker.mapping.inclusion import matches
from broker.mapping.regexparser import parse
from broker.mapping.rules import Const, Date, DatePart
from broker.mapping.simpletypes import builtin, space
from broker.mapping.values import Values, allows

HANOI = timedelta(hours=7)
PARTIAL = (Values(patterns=(parse("(19|20)[0-9]{2}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?"),)),)


def date(writes: str, reads: str = "iso") -> Date:
    """A date converter."""
    return Date(Const("x"), (reads,), (writes,), HANOI)


def test_years_are_as_narrow_as_the_source() -> None:
    """Where the source has only 19xx and 20xx, so has the output."""
    written = dated(date("yyyy"), PARTIAL)
    assert allows(written, "1978")
    assert not allows(written, "2178")
    assert allows(dated(date("yyyy"), space(builtin("date"))), "2178")


@pytest.mark.parametrize(
    ("reads", "writes", "kind"),
    [
        ("iso", "iso", "date"),
        ("dd/MM/yyyy HH:mm:ss", "iso", "dateTime"),
        ("dd/MM/yyyy", "iso", "date"),
        ("iso", "dd.MM.yyyy", "string"),
        ("iso", "yyyy-MM-dd", "date"),
        ("iso", "yyyy", "gYear"),
    ],
)
def test_kinds(reads: str, writes: str, kind: str) -> None:
    """What is written is known as a date where it is one."""
    assert dated(date(writes, reads), space(builtin("date")))[0].kind == kind


@pytest.mark.parametrize(("part", "text"), [("year", "1978"), ("month", "05"), ("day", "31")])
def test_parts(part: Literal["year", "month", "day"], text: str) -> None:
    """Parts have their own spaces."""
    assert allows(dated(DatePart(Const("x"), ("iso",), part), PARTIAL), text)


def test_least_known() -> None:
    """How much of the date is known in the worst case."""
    assert least_known(PARTIAL, ("iso",)) == 1
    assert least_known(space(builtin("date")), ("iso",)) == 3
    assert least_known(space(builtin("dateTime")), ("iso",)) == 6
    assert least_known(PARTIAL, ("dd/MM/yyyy HH:mm",)) == 5


@pytest.mark.parametrize("text", ["1978", "2026-01-01", "2026-01-01T10:00:00+07:00", "2026-01-01Z"])
def test_reading(text: str) -> None:
    """Every ISO form is readable."""
    assert matches(reading(("iso",)), text)
