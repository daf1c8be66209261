"""The documents of the bench are what the hub and the agencies expect."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import papers, scene
from broker.canonical.schemas import Schemas
from broker.clock import system_clock

ROOT = Path(__file__).resolve().parents[2]


def test_a_declaration_keeps_schema_and_rules() -> None:
    """What is sent would be taken in on any day."""
    problems = Schemas(ROOT).validate(papers.declaration(123_456), "SubmitRequest", received=system_clock())
    assert problems == []


def test_a_submission_names_its_declaration() -> None:
    """The number is read back from the birth certificate's, beyond five digits too."""
    assert papers.index_of(b"<maGCS>23456.GCS.00001.26</maGCS>") == 123_456
    with pytest.raises(ValueError, match="no birth certificate"):
        papers.index_of(b"<maGCS/>")


def test_the_scene_can_be_read_and_its_agencies_answer(tmp_path: Path) -> None:
    """The cut-down project is sound, and there is an answer to every request that the hub makes."""
    made = scene.make(ROOT, tmp_path / "project", port=1, agency_port=2, in_flight=3)
    steps = {step.id for rules in made.project.processes["birth"].rule_sets for step in rules.steps}
    assert steps == {scene.STEP}
    assert set(made.project.agencies) == {scene.REGISTER, scene.OFFICE}
    answers = papers.answers(made)
    assert answers.to(b"<nhanHoSoDKHT>") == answers.receipt
    assert b"001196004217" in answers.to(b"<SoDinhDanh>001196004217</SoDinhDanh>")
    with pytest.raises(ValueError, match="do not know"):
        answers.to(b"<else/>")
