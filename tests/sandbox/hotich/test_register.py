"""The registers of births and deaths."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from lxml import etree

from sandbox import ManualClock
from sandbox.core.database import Database
from sandbox.core.xml import parse
from sandbox.hotich import register
from sandbox.hotich.register import PER_BOOK, Entry, Register

UNIT = "00070"


def birth(mother: str = "001198000123", day: str = "20", order: str = "", sex: str = "2") -> etree._Element:
    """The fields that the register looks at."""
    sibling = f"<nksThuTuSinh>{order}</nksThuTuSinh>" if order else ""
    born = f"<namSinh>2026</namSinh><thangSinh>11</thangSinh><ngaySinh>{day}</ngaySinh>"
    return parse(
        f"<hoTich><nksGioiTinh>{sex}</nksGioiTinh><nksNgaySinh>{born}</nksNgaySinh>{sibling}"
        f"<meSoDDCN>{mother}</meSoDDCN></hoTich>".encode()
    )


@pytest.fixture
def book(tmp_path: Path) -> Register:
    """An empty register."""
    clock = ManualClock(datetime(2026, 11, 23, tzinfo=UTC))
    return Register(Database(tmp_path / "r.db", register.SCHEMA), clock, Random(7))


def test_a_dossier_is_entered_once(book: Register) -> None:
    """The second time gives the first entry."""
    first, made = book.enter("D1", UNIT, birth())
    again, made_again = book.enter("D1", UNIT, birth())
    assert (made, made_again) == (True, False)
    assert first == again


def test_numbers_run_per_unit(book: Register) -> None:
    """Each unit counts for itself."""
    assert [book.enter(f"D{i}", UNIT, birth())[0].number for i in range(3)] == [1, 2, 3]
    assert book.enter("D9", "00004", birth())[0].number == 1


@pytest.mark.parametrize(("sex", "digit"), [("1", "2"), ("2", "3")])
def test_personal_numbers(book: Register, sex: str, digit: str) -> None:
    """Province of the unit, century and sex, year."""
    assert book.enter("D1", UNIT, birth(sex=sex))[0].personal_number[:6] == f"001{digit}26"


def test_books_have_pages() -> None:
    """A full book is followed by the next."""
    last = Entry(PER_BOOK, 2026, datetime(2026, 11, 23, tzinfo=UTC), "")
    first = Entry(PER_BOOK + 1, 2026, datetime(2026, 11, 23, tzinfo=UTC), "")
    assert (last.book, last.page) == ("01/2026", "200")
    assert (first.book, first.page) == ("02/2026", "1")


@pytest.mark.parametrize(
    ("other", "suspected"),
    [
        (birth(), True),
        (birth(order="2"), True),
        (birth(day="21"), False),
        (birth(mother="001198000124"), False),
        (birth(mother=""), False),
    ],
)
def test_suspected_duplicates(book: Register, other: etree._Element, suspected: bool) -> None:
    """Same mother, same day: suspected, unless both name their order."""
    book.note("D1", birth())
    assert (book.suspected("D2", other, lambda dossier: True) == "D1") is suspected


def test_twins(book: Register) -> None:
    """Different orders are different children; the same order is not."""
    book.note("D1", birth(order="1"))
    assert book.suspected("D2", birth(order="2"), lambda dossier: True) is None
    assert book.suspected("D2", birth(order="1"), lambda dossier: True) == "D1"


def test_closed_dossiers_do_not_count(book: Register) -> None:
    """What was refused or withdrawn stands in nobody's way."""
    book.note("D1", birth())
    assert book.suspected("D2", birth(), lambda dossier: False) is None
