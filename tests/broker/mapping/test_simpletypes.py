"""XSD simple types as value spaces."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from xmlschema import XMLSchema10

from broker.mapping.simpletypes import accepts_empty, builtin, space
from broker.mapping.values import allows


def simple(body: str) -> Any:
    """The type T of a small schema."""
    head = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
    text = f'{head}<xs:simpleType name="T">{body}</xs:simpleType></xs:schema>'
    return XMLSchema10(text).types["T"]


def restricted(base: str, facets: str) -> Any:
    """A restriction of a built-in type."""
    return simple(f'<xs:restriction base="xs:{base}">{facets}</xs:restriction>')


def test_lengths_and_white_space() -> None:
    """Length facets and white space processing are read."""
    (values,) = space(restricted("token", '<xs:minLength value="2"/><xs:maxLength value="5"/>'))
    assert (values.shortest, values.longest, values.blanks) == (2, 5, "collapse")


def test_enumeration_and_small_patterns_are_lists() -> None:
    """A list of codes is a list however it is written."""
    assert space(restricted("token", '<xs:enumeration value="a"/><xs:enumeration value="b"/>'))[0].words == {
        "a",
        "b",
    }
    assert space(restricted("token", '<xs:pattern value="[1-3]"/>'))[0].words == {"1", "2", "3"}


def test_numbers_have_ranges() -> None:
    """Bounds of integers are numbers."""
    (values,) = space(restricted("int", '<xs:minInclusive value="1"/><xs:maxInclusive value="20"/>'))
    assert (values.kind, values.low, values.high) == ("integer", Decimal(1), Decimal(20))


def test_union_has_all_members() -> None:
    """A union is a union."""
    kinds = [values.kind for values in space(simple('<xs:union memberTypes="xs:date xs:gYear"/>'))]
    assert kinds == ["date", "gYear"]


@pytest.mark.parametrize(
    ("base", "facets"),
    [("decimal", '<xs:totalDigits value="3"/>'), ("date", '<xs:minInclusive value="2020-01-01"/>')],
)
def test_facets_that_are_not_modelled(base: str, facets: str) -> None:
    """A type with other facets is marked, so that nothing is proved to fit it."""
    assert space(restricted(base, facets))[0].further


def test_the_validator_has_the_last_word() -> None:
    """Any single text is put to the schema's own validator."""
    date = space(builtin("date"))
    assert allows(date, "2024-02-29")
    assert not allows(date, "2026-02-29")
    assert accepts_empty(builtin("string"))
    assert not accepts_empty(builtin("int"))
    assert builtin("nothing") is None
    assert space(builtin("boolean"))[0].words == {"true", "false", "0", "1"}
