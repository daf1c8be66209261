"""XPath of paths and conditions."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from broker.mapping import xpath
from broker.mapping.conditions import (
    ALWAYS,
    NEVER,
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
from broker.mapping.schema import Field, root
from broker.mapping.xpath import Here, literal, select, text

FOLDER = Path(__file__).parent / "schemas"
PERSON = root(FOLDER / "source.xsd", FOLDER, "Person")
SCOPE = Scope(PERSON)
FILE = PERSON.children["File"]
ITEM = Scope(FILE, SCOPE)


def name(field: Field) -> str:
    """Prefixed names as the stylesheet has them."""
    return field.name.lstrip("@") if field.attribute else f"s:{field.name}"


HERE = Here(SCOPE, PERSON, name)
INSIDE = Here(ITEM, FILE, name)


def ref(path: str, scope: Scope = SCOPE) -> Ref:
    """A reference to a field, from the document or from a file."""
    field = scope.root.find(path)
    assert field is not None
    return Ref(scope, field)


@pytest.mark.parametrize(
    ("here", "reference", "expected"),
    [
        (HERE, ref("Mother/Name/Given"), "s:Mother/s:Name/s:Given"),
        (HERE, ref("@version"), "@version"),
        (HERE, ref("File/Title"), "s:File[1]/s:Title"),
        (INSIDE, ref("Title", ITEM), "s:Title"),
        (INSIDE, ref(".", ITEM), "."),
        (INSIDE, ref("Code"), "/s:Person/s:Code"),
        (Here(ITEM, FILE.children["Title"], name), ref("Hash", ITEM), "$item1/s:Hash"),
    ],
)
def test_select(here: Here, reference: Ref, expected: str) -> None:
    """Paths are as short as they can be; of repeated elements the first is meant."""
    assert select(here, reference) == expected


def test_text_processes_white_space() -> None:
    """Text is read as its type says."""
    assert text(HERE, ref("Code")) == "normalize-space(s:Code)"
    assert text(HERE, ref("Note")) == "string(s:Note)"


@pytest.mark.parametrize("value", ["plain", "it's", 'say "x"', 'it\'s "both"', ""])
def test_literal(value: str) -> None:
    """Any text can be written, whatever its quotes."""
    assert etree.XPath(literal(value))(etree.Element("a")) == value


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (ALWAYS, "true()"),
        (NEVER, "false()"),
        (Present(ref("Mother")), "s:Mother"),
        (Filled(ref("Code")), "s:Code"),
        (Filled(ref("Note")), "string(s:Note) != ''"),
        (Is(ref("Sex"), frozenset("12")), "(normalize-space(s:Sex) = '1' or normalize-space(s:Sex) = '2')"),
        (Known(ref("Born"), "month"), "string-length(normalize-space(s:Born)) >= 7"),
        (Given("clerk"), "$clerk != ''"),
        (negation(Present(ref("Mother"))), "not(s:Mother)"),
        (
            both(Filled(ref("Code")), any_of(Present(ref("Mother")), Given("a"))),
            "s:Code and (s:Mother or $a != '')",
        ),
        (Yields("x", 7), "$v7 != ''"),
    ],
)
def test_conditions(condition: Condition, expected: str) -> None:
    """Each condition has one XPath."""
    assert xpath.test(HERE, condition, lambda atom: f"$v{atom.key}") == expected
