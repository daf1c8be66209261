"""The register as a database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.core.database import Database
from sandbox.dancu.population import generate
from sandbox.dancu.register import SCHEMA, Lookup, Register, RepeatedRequest, capitals

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PEOPLE = generate(3, 80)


@pytest.fixture
def register(tmp_path: Path) -> Register:
    """A small register."""
    made = Register(Database(tmp_path / "dancu.db", SCHEMA))
    made.fill(PEOPLE)
    return made


def lookup(body: bytes) -> Lookup:
    """A look-up with a fixed id."""
    return Lookup("Y-1", "TraCuuThongTinCongDan", "VPCP", "cb", "VN", "001099000000", body)


def test_filling_again_changes_nothing(register: Register) -> None:
    """A restart finds the people of the first start."""
    register.fill(generate(4, 80))
    assert register.person(PEOPLE.people[0].number) is not None


def test_view_shows_the_documented_columns(tmp_path: Path) -> None:
    """A hub that is given the view finds names, dates, addresses and the household head."""
    database = Database(tmp_path / "dancu.db", SCHEMA)
    Register(database).fill(PEOPLE)
    wife = PEOPLE.couples()[0].wife
    row = database.row("SELECT * FROM cong_dan_view WHERE so_dinh_danh = ?", (wife.number,))
    assert row is not None
    assert (row["ho_ten"], row["ngay_sinh"], row["ma_xa"]) == (
        wife.full_name,
        wife.birth,
        wife.residence.commune,
    )
    assert row["chu_ho_ho_ten"] == PEOPLE.by_number[wife.head].full_name


def test_year_agrees_with_a_whole_date(register: Register) -> None:
    """A question with the year only is about the year only."""
    person = next(item for item in PEOPLE.people if len(item.birth) == 10)
    assert register.belongs(person.number, None, person.birth[:4])
    assert not register.belongs(person.number, None, str(person.birth_year - 1))


def test_unknown_number_belongs_to_nobody(register: Register) -> None:
    """No person, no agreement."""
    assert not register.belongs("999999999999", None, "1990")


def test_audit_counts_the_same_question_and_refuses_another(register: Register) -> None:
    """An id stands for one question for ever."""
    register.note(lookup(b"a"), True, NOW)
    register.note(lookup(b"a"), True, NOW)
    with pytest.raises(RepeatedRequest):
        register.note(lookup(b"b"), True, NOW)
    assert [item["so_lan"] for item in register.lookups()] == [2]


def test_capitals_are_composed() -> None:
    """A decomposed name compares equal once it is composed."""
    assert capitals("Thuỷ") == "THUỶ"
