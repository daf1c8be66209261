"""Proofs over all valid documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.mapping.conditions import (
    ALWAYS,
    Condition,
    Filled,
    Given,
    Is,
    Known,
    Present,
    Ref,
    Scope,
    Yields,
    any_of,
    both,
    negation,
)
from broker.mapping.prover import Fails, Holds, TooHard, entails
from broker.mapping.schema import root

FOLDER = Path(__file__).parent / "schemas"
PERSON = root(FOLDER / "source.xsd", FOLDER, "Person")
SCOPE = Scope(PERSON)


def ref(path: str) -> Ref:
    """A reference to a field of the source."""
    field = PERSON.find(path)
    assert field is not None
    return Ref(SCOPE, field)


def filled(path: str) -> Condition:
    """That a field has text."""
    return Filled(ref(path))


MOTHER = Present(ref("Mother"))
ONE, TWO, THREE = (Is(ref("Sex"), frozenset(word)) for word in "123")


@pytest.mark.parametrize(
    ("premise", "goal"),
    [
        (ALWAYS, filled("Code")),  # demanded by the schema
        (MOTHER, filled("Mother/Name/Given")),  # demanded where its parent is
        (filled("Mother/Phone"), MOTHER),  # a child needs its parent
        (ALWAYS, any_of(filled("Number"), filled("Passport"))),  # one branch of a choice
        (filled("Number"), negation(filled("Passport"))),  # and one only
        (ALWAYS, any_of(ONE, TWO, THREE)),  # the whole list
        (both(negation(ONE), negation(TWO)), THREE),
        (Known(ref("Born"), "day"), Known(ref("Born"), "month")),  # a day knows its month
        (Known(ref("Born"), "month"), filled("Born")),
        (both(MOTHER, negation(MOTHER)), filled("Mother/Phone")),  # from a contradiction, anything
    ],
)
def test_holds(premise: Condition, goal: Condition) -> None:
    """What follows from the schema is proved."""
    assert entails(premise, goal) == Holds()


@pytest.mark.parametrize(
    ("premise", "goal", "told"),
    [
        (ALWAYS, filled("Mother/Name/Given"), "Mother is absent"),
        (MOTHER, filled("Mother/Phone"), "Mother/Phone is absent"),
        (ALWAYS, filled("Note"), "Note is empty"),
        (negation(ONE), TWO, "Sex"),
        (filled("Born"), Known(ref("Born"), "day"), "Born"),
    ],
)
def test_fails_with_an_example(premise: Condition, goal: Condition, told: str) -> None:
    """What does not follow is refuted by a document."""
    proof = entails(premise, goal)
    assert isinstance(proof, Fails)
    assert told in proof.example


def test_empty_documents_can_be_left_out() -> None:
    """Without empty elements and blank texts, a required field has text."""
    assert entails(ALWAYS, filled("Note"), filled=True) == Holds()
    assert entails(ALWAYS, Yields("text", 1, blanks=True), filled=True) == Holds()
    assert isinstance(entails(ALWAYS, Yields("text", 1), filled=True), Fails)


def test_parameters() -> None:
    """A parameter is given unless it is optional."""
    assert entails(ALWAYS, Given("clerk")) == Holds()
    assert isinstance(entails(ALWAYS, Given("clerk"), optional=["clerk"]), Fails)


def test_gives_up_within_bounds() -> None:
    """Beyond the bound nothing is claimed."""
    many = [Yields("x", number) for number in range(40)]
    halves = [any_of(both(one, negation(two)), both(negation(one), two)) for one in many for two in many[:7]]
    assert isinstance(entails(both(*halves), Yields("goal", 99)), TooHard | Holds | Fails)


def test_items_are_scopes_of_their_own() -> None:
    """Inside an item of a loop, the item's fields are there; other fields keep their scope."""
    file = PERSON.children["File"]
    item = Scope(file, SCOPE)
    title = file.find("Title")
    assert title is not None
    assert entails(ALWAYS, Filled(Ref(item, title))) == Holds()
    assert isinstance(entails(Filled(Ref(item, title)), MOTHER), Fails)
