"""Decisions after a death: each once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sandbox.bhxh.benefit import SCHEMA, Benefit, Benefits
from sandbox.core.database import Database

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
FUNERAL = Benefit("MTP", "0180001231", "G22.99.08-261123-000001", "Đỗ Thị Lụa", 23_400_000, "Trịnh Quốc Huy")
STOP = dataclasses.replace(FUNERAL, kind="DLH", amount=None, payee=None, stopped=date(2026, 12, 1))


@pytest.fixture
def benefits(tmp_path: Path) -> Iterator[Benefits]:
    """An empty register."""
    database = Database(tmp_path / "b.db", SCHEMA)
    yield Benefits(database, lambda: NOW)
    database.close()


def test_a_decision_gets_number_and_day(benefits: Benefits) -> None:
    """The day is Vietnam's."""
    made, new = benefits.decide(FUNERAL)
    assert new
    assert made == dataclasses.replace(FUNERAL, paper="00001/QĐ-MTP", decided=date(2026, 11, 24))
    assert (
        benefits.find("MTP", FUNERAL.dossier) == benefits.of_deceased("MTP", FUNERAL.insurance_number) == made
    )


def test_a_dossier_is_decided_once(benefits: Benefits) -> None:
    """The second time gives the first decision."""
    first, _ = benefits.decide(FUNERAL)
    assert benefits.decide(dataclasses.replace(FUNERAL, amount=1)) == (first, False)


def test_kinds_stand_beside_each_other(benefits: Benefits) -> None:
    """An allowance and the stop of the pension of one person."""
    benefits.decide(FUNERAL)
    stopped, _ = benefits.decide(STOP)
    assert (stopped.paper, stopped.stopped) == ("00002/TB-DLH", date(2026, 12, 1))


def test_a_correction_changes_name_and_day(benefits: Benefits) -> None:
    """What was decided keeps its number; what was not decided is not made."""
    benefits.decide(STOP)
    assert benefits.correct("DLH", STOP.dossier, "Đỗ Thị Lụa", date(2026, 11, 1))
    assert not benefits.correct("MTP", STOP.dossier, "Đỗ Thị Lụa", None)
    found = benefits.find("DLH", STOP.dossier)
    assert found is not None
    assert (found.paper, found.stopped) == ("00001/TB-DLH", date(2026, 11, 1))
