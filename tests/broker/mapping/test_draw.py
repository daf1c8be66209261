"""Drawn documents are valid, and sharp enough to find an unsound proof."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from lxml import etree

from broker.mapping import MappingError, load
from broker.mapping.draw import Taste, documents, matching
from broker.mapping.inclusion import matches
from broker.mapping.regexparser import parse
from broker.mapping.schema import Field, root

FOLDER = Path(__file__).parent / "schemas"
PERSON = root(FOLDER / "source.xsd", FOLDER, "Person")
SCHEMA = etree.XMLSchema(file=str(FOLDER / "source.xsd"))
QUICK = settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(document=st.one_of(documents(PERSON), documents(PERSON, Taste(tame=True))))
def test_drawn_documents_are_valid(document: etree._Element) -> None:
    """Every drawn document is valid, wild or tame."""
    SCHEMA.assertValid(document)


@QUICK
@given(text=matching(parse("(19|20)[0-9]{2}(-(0[1-9]|1[0-2]))?")))
def test_patterns_are_followed(text: str) -> None:
    """Texts of a pattern match it."""
    assert matches(parse("(19|20)[0-9]{2}(-(0[1-9]|1[0-2]))?"), text)


def test_a_field_can_be_chosen() -> None:
    """Single fields may be given values of their own."""

    def choose(field: Field) -> st.SearchStrategy[str] | None:
        return st.just("Z9999") if field.name == "Code" else None

    found = find(documents(PERSON, Taste(choose=choose)), lambda _: True, settings=settings(database=None))
    assert found.findtext("{urn:source}Code") == "Z9999"


@pytest.mark.parametrize("hidden", ["ngan#value", "hoTen#empty"])
def test_drawing_finds_what_a_proof_forgot(write: Callable[..., Path], project: Path, hidden: str) -> None:
    """Were a run-time check missing from the proof, a drawn document would be refused without announcement."""
    rules = {"ngan": "{from: Name/Given, refuse: true}", "hoTen": "{from: Note, cut: 100}", "ghiChu": None}
    mapping = load(write(rules, {"Name/Family": "unused", "Name/Middle": "unused"}), project)
    mapping.checks = {name: check for name, check in mapping.checks.items() if name != hidden}
    undeclared: set[str] = set()

    @settings(QUICK, phases=(Phase.generate,))
    @given(document=documents(PERSON))
    def run(document: etree._Element) -> None:
        try:
            mapping.transform(document, on=date(2026, 3, 1), blobs={}.__getitem__)
        except MappingError as error:
            undeclared.update(
                problem.path for problem in error.problems if problem.check not in mapping.checks
            )

    run()
    assert undeclared == {hidden.partition("#")[0]}
