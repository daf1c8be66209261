"""Answers of the population database as XML; whole records are checked in test_agency."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sandbox.core.agency import default_contracts
from sandbox.core.database import Database
from sandbox.core.schema import schema
from sandbox.core.xml import text
from sandbox.dancu.answer import collection, confirmation, kinship
from sandbox.dancu.population import generate
from sandbox.dancu.register import SCHEMA, Register

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
CONTRACT = default_contracts() / "dancu" / "1.0"


def test_data_time_is_vietnam_time(tmp_path: Path) -> None:
    """ThoiDiemDuLieu is written as yyyyMMddHHmmss of Vietnam."""
    answer = collection(None, Register(Database(tmp_path / "d.db", SCHEMA)), "Y-1", NOW)
    assert answer.get("ThoiDiemDuLieu") == "20261123010000"
    assert schema(CONTRACT / "dancu-ketqua.xsd").errors(answer) == []


def test_names_are_in_capitals(tmp_path: Path) -> None:
    """The register answers in capitals, as it is asked."""
    people = generate(3, 80)
    register = Register(Database(tmp_path / "d.db", SCHEMA))
    register.fill(people)
    answer = collection(register.person(people.people[0].number), register, "Y-1", NOW)
    assert text(answer, "CongDan/HoVaTen/Ten") == people.people[0].name.given.upper()


def test_yes_and_no_keep_the_contract() -> None:
    """Both small answers are valid."""
    assert schema(CONTRACT / "dancu-ketqua.xsd").errors(confirmation(True, "Y-1", NOW)) == []
    assert schema(CONTRACT / "dancu-nhanthan.xsd").errors(kinship(False, "Y-1")) == []
