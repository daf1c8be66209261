"""Value spaces: fits is right about every text it speaks of."""

from __future__ import annotations

from decimal import Decimal

import pytest

from broker.mapping.inclusion import Included, Outside, Undecided
from broker.mapping.regexparser import parse
from broker.mapping.values import ANYTHING, COLLAPSED, Values, allows, bounds, finite, fits, longest, words

DIGITS = Values(patterns=(parse("[0-9]{1,3}"),))
NUMBER = (Values("integer", low=Decimal(0), high=Decimal(999)),)


def test_digits_are_a_number() -> None:
    """Three digits are an integer below a thousand: both the kind and the range are proved."""
    assert bounds(DIGITS) == (Decimal(0), Decimal(999))
    assert fits((DIGITS,), NUMBER) == Included()


def test_letters_are_not() -> None:
    """A text that is no number is the counter-example, found with the schema's own validator."""
    goal = (Values("integer", accepts=str.isdigit),)
    assert fits((Values(patterns=(parse("[a-z]{2}"),)),), goal) == Outside("aa")


@pytest.mark.parametrize(
    ("most", "verdict"),
    [(10, Included()), (3, Outside("aaaa")), (None, Included())],
    ids=["wide", "narrow", "open"],
)
def test_length(most: int | None, verdict: object) -> None:
    """A longer text than the target takes is named."""
    assert fits((Values(longest=5),), (Values(longest=most),)) == verdict


def test_long_bounds_are_compared_as_numbers() -> None:
    """Bounds too long for an automaton are still decided."""
    assert fits((Values(longest=900),), (Values(longest=1_000),)) == Included()
    verdict = fits((Values(longest=2_000, accepts=None),), (Values(longest=1_000),))
    assert not isinstance(verdict, Included)


def test_words_are_tried_one_by_one() -> None:
    """A list fits if each of its words does."""
    goal = (Values(patterns=(parse("[A-Z]+"),)),)
    assert fits(words("A", "BC"), goal) == Included()
    assert fits(words("A", "b"), goal) == Outside("b")


def test_union_on_either_side() -> None:
    """Every part of the source must fit one part of the target."""
    goal = (Values(longest=2), *words("long"))
    assert fits((*words("long"), Values(longest=1)), goal) == Included()


def test_unmodelled_facets_prove_nothing() -> None:
    """A target with facets that are not compared is left to run time."""
    assert isinstance(fits(ANYTHING, (Values(further=True),)), Undecided)


def test_small_facts() -> None:
    """Finite, longest and allows speak of the whole union."""
    space = (*words("ab"), Values(longest=4, patterns=(COLLAPSED,)))
    assert finite(space) is None
    assert finite(words("a", "")) == {"a"}
    assert longest(space) == 4
    assert allows(space, "a b")
    assert not allows(space, " a")
