"""What is read from the records of births and deaths."""

from __future__ import annotations

from datetime import date

import pytest
from lxml import etree

from sandbox.core.xml import parse
from sandbox.hotich.records import earliest, event, exists, full_name, is_death, module, partial_date


def record(part: etree._Element) -> etree._Element:
    """The hoTich of a part."""
    found = part.find("hoTich")
    assert found is not None
    return found


def test_births_and_deaths_are_told_apart(dossier: etree._Element, death: etree._Element) -> None:
    """Each has its module and its word."""
    assert [is_death(record(part)) for part in (dossier, death)] == [False, True]
    assert [module(record(part)) for part in (dossier, death)] == ["LTKS", "LTKT"]
    assert [event(record(part)) for part in (dossier, death)] == ["khai sinh", "khai tử"]


def test_the_full_name(dossier: etree._Element, death: etree._Element) -> None:
    """Family, middle and given name in one line, of the child or of the deceased."""
    assert [full_name(record(part)) for part in (dossier, death)] == ["Nguyễn Thị Ngọc Thủy", "Trần Thị Thủy"]


def test_partial_dates() -> None:
    """Only what is known."""
    assert partial_date(parse(b"<d><namSinh>1978</namSinh></d>")) == (1978, None, None)
    died = parse(b"<d><namChet>2026</namChet><thangChet>11</thangChet></d>")
    assert partial_date(died, "Chet") == (2026, 11, None)
    assert partial_date(None) is None


@pytest.mark.parametrize(
    ("parts", "real"),
    [((2026, 2, 29), False), ((2028, 2, 29), True), ((1978, None, None), True), ((1978, None, 2), False)],
)
def test_dates_that_can_be(parts: tuple[int, int | None, int | None], real: bool) -> None:
    """A day needs its month, and must exist."""
    assert exists(parts) is real


def test_the_first_day_that_a_date_can_mean() -> None:
    """A year begins on the first of January."""
    assert earliest((1978, None, None)) == date(1978, 1, 1)
