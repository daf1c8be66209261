"""Conditions as values."""

from __future__ import annotations

from pathlib import Path

from broker.mapping.conditions import (
    ALWAYS,
    NEVER,
    Filled,
    Not,
    Present,
    Ref,
    Scope,
    any_of,
    atoms,
    both,
    negation,
    refs,
)
from broker.mapping.schema import root

FOLDER = Path(__file__).parent / "schemas"
PERSON = root(FOLDER / "source.xsd", FOLDER, "Person")
SCOPE = Scope(PERSON)
MOTHER = Ref(SCOPE, PERSON.children["Mother"])
CODE = Ref(SCOPE, PERSON.children["Code"])


def test_simplified_while_built() -> None:
    """Always and never are absorbed, single parts are not wrapped, repetitions are dropped."""
    one, two = Present(MOTHER), Filled(CODE)
    assert both(ALWAYS, one, one) == one
    assert both(one, NEVER) == NEVER
    assert any_of(one, ALWAYS) == ALWAYS
    assert any_of(any_of(one, two), one) == any_of(one, two)
    assert both() == ALWAYS
    assert any_of() == NEVER


def test_negation() -> None:
    """Twice negated is itself."""
    one = Present(MOTHER)
    assert negation(negation(one)) == one
    assert negation(one) == Not(one)
    assert (negation(ALWAYS), negation(NEVER)) == (NEVER, ALWAYS)


def test_atoms_and_refs() -> None:
    """Every atom and every field is found, however deep."""
    condition = both(Present(MOTHER), any_of(negation(Filled(CODE)), Present(MOTHER)))
    assert list(atoms(condition)) == [Present(MOTHER), Filled(CODE), Present(MOTHER)]
    assert set(refs(condition)) == {MOTHER, CODE}


def test_scopes() -> None:
    """A scope knows how deep it is; a field at the root has a dot for a path."""
    assert (SCOPE.depth, Scope(PERSON.children["File"], SCOPE).depth) == (0, 1)
    assert Ref(SCOPE, PERSON).path == "."
