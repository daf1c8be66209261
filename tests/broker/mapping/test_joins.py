"""The value space of joins."""

from __future__ import annotations

import pytest

from broker.mapping.joins import joined
from broker.mapping.regexparser import parse
from broker.mapping.values import COLLAPSED, Values, allows, words

NAME = (Values(patterns=(COLLAPSED,), longest=10),)
DIGITS = (Values(patterns=(parse("[0-9]{2}"),), shortest=2, longest=2),)


@pytest.mark.parametrize(("text", "inside"), [("Lê An", True), ("An", True), ("Lê", True), ("Lê  An", False)])
def test_optional_parts(text: str, inside: bool) -> None:
    """A part that may be empty leaves no separator behind."""
    assert allows(joined([(NAME, False), (NAME, True)], " "), text) is inside


def test_lengths_add_up() -> None:
    """The longest join is all parts and the separators between them."""
    (values,) = joined([(NAME, False), (NAME, False), (NAME, True)], " ")
    assert (values.shortest, values.longest) == (1, 32)


def test_required_parts_are_there() -> None:
    """A join of parts that are always there cannot lose one."""
    space = joined([(DIGITS, True), (words("-a", "-b"), True)], "")
    assert allows(space, "12-a")
    assert not allows(space, "12")


def test_long_lists_keep_their_shape() -> None:
    """A long list of names is still known to have no stray blanks."""
    many = words(*(f"Phường {number}" for number in range(100)))
    assert not allows(joined([(many, True)], ", "), " x")


def test_many_optional_parts_are_not_enumerated() -> None:
    """With many optional parts only the length is known."""
    (values,) = joined([(DIGITS, False)] * 8, "")
    assert values.patterns == ()
    assert values.longest == 16
