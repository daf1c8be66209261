"""The book of what was taken in."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox import ManualClock
from sandbox.core.database import Database
from sandbox.core.decisions import DecisionRules, Verdict
from sandbox.core.desk import SCHEMA, Desk


@pytest.fixture
def rules() -> DecisionRules:
    """No rules yet."""
    return DecisionRules()


@pytest.fixture
def desk(tmp_path: Path, rules: DecisionRules, clock: ManualClock) -> Desk:
    """An empty book."""
    return Desk(Database(tmp_path / "desk.db", SCHEMA), rules, clock)


def test_a_key_is_taken_once(desk: Desk) -> None:
    """A repeat is counted and changes nothing."""
    first = desk.take("K-1", "D-1", "Apply", "text", title="An")
    second = desk.take("K-1", "D-1", "Apply", "other text")
    assert (first.again, second.again) == (False, True)
    assert (second.record.times, second.record.content) == (2, "text")


def test_effects_are_kept_apart_from_arrivals(desk: Desk) -> None:
    """What the agency did is noted by the agency, in order."""
    desk.take("K-1", "D-1", "Apply", "text")
    desk.effect("K-1", "một")
    desk.effect("K-1", "hai")
    assert desk.effects("K-1") == ["một", "hai"]


def test_latest_record_of_a_dossier(desk: Desk) -> None:
    """A supplement has its own key and stands for the dossier from then on."""
    desk.take("D-1/1", "D-1", "Apply", "text")
    desk.take("D-1/2", "D-1", "Supplement", "text")
    latest = desk.latest("D-1")
    assert latest is not None
    assert latest.key == "D-1/2"
    assert desk.latest("D-2") is None


def test_records_since(desk: Desk, clock: ManualClock) -> None:
    """A list by time answers who lost track."""
    desk.take("K-1", "D-1", "Apply", "text")
    clock.advance(minutes=1)
    desk.take("K-2", "D-2", "Apply", "text")
    assert [record.key for record in desk.records()] == ["K-1", "K-2"]
    assert [record.key for record in desk.records(since=clock())] == ["K-2"]
    assert [record.key for record in desk.records(dossier="D-1")] == ["K-1"]


def test_decision_is_taken_at_arrival(desk: Desk, rules: DecisionRules) -> None:
    """Rules that come later do not change what waits already."""
    desk.take("K-1", "D-1", "Apply", "text")
    rules.add({"outcome": "reject"})
    desk.take("K-2", "D-2", "Apply", "text")
    assert [desk.verdict(key).outcome for key in ("K-1", "K-2")] == ["approve", "reject"]


def test_questions_are_counted(desk: Desk, rules: DecisionRules) -> None:
    """Only `poll` counts; `verdict` looks without asking."""
    rules.add({"outcome": "approve", "after": {"polls": 2}})
    desk.take("K-1", "D-1", "Apply", "text")
    assert [desk.poll("K-1").outcome, desk.verdict("K-1").outcome] == ["pending", "pending"]
    assert desk.poll("K-1").outcome == "approve"


def test_a_person_overrules(desk: Desk) -> None:
    """A decision by hand replaces that of the rules, and survives a reading from disk."""
    desk.take("K-1", "D-1", "Apply", "text")
    desk.decide("K-1", Verdict("supplement", "Thiếu ảnh", "2026-12-01T17:00:00+07:00"))
    assert desk.verdict("K-1") == Verdict("supplement", "Thiếu ảnh", "2026-12-01T17:00:00+07:00")


def test_facts_are_merged(desk: Desk) -> None:
    """The agency's own facts stay with the record."""
    desk.take("K-1", "D-1", "Apply", "text", data={"a": 1})
    assert desk.remember("K-1", b="hai").data == {"a": 1, "b": "hai"}


def test_unknown_keys_are_errors(desk: Desk) -> None:
    """Nobody decides about what never came."""
    with pytest.raises(KeyError):
        desk.poll("K-9")
    with pytest.raises(KeyError):
        desk.decide("K-9", Verdict("approve"))


def test_clear(desk: Desk) -> None:
    """Everything is forgotten, effects first."""
    desk.take("K-1", "D-1", "Apply", "text")
    desk.effect("K-1", "một")
    desk.clear()
    assert desk.records() == []
