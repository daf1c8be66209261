"""Inclusion of regular languages, against brute force."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.mapping.inclusion import Included, Outside, Undecided, enumerated, included, matches, samples
from broker.mapping.regex import Regex, Repeat, between, either, then, word
from broker.mapping.regexparser import parse

LETTERS = "ab"
WORDS = ["".join(letters) for size in range(1, 6) for letters in itertools.product(LETTERS, repeat=size)]
REGEXES: st.SearchStrategy[Regex] = st.recursive(
    st.sampled_from([word("a"), word("b"), word("ab")]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: then(*pair)),
        st.tuples(inner, inner).map(lambda pair: either(*pair)),
        st.tuples(inner, st.integers(0, 2), st.integers(2, 3)).map(lambda t: Repeat(*t)),
    ),
    max_leaves=5,
)


@settings(deadline=None)
@given(one=REGEXES, other=REGEXES)
def test_agrees_with_brute_force(one: Regex, other: Regex) -> None:
    """A proof holds for every short word; a counter-example is one."""
    verdict = included((one,), other)
    if isinstance(verdict, Outside):
        assert matches(one, verdict.example)
        assert not matches(other, verdict.example)
    else:
        assert isinstance(verdict, Included)
        assert not [text for text in WORDS if matches(one, text) and not matches(other, text)]


def test_intersection_on_the_left() -> None:
    """Several expressions on the left hold together: twelve characters and digits are twelve digits."""
    assert included((parse("[0-9]+"), between(12, 12)), parse("[0-9]{12}")) == Included()


def test_shortest_readable_counter_example() -> None:
    """The example is a shortest one, of readable characters."""
    assert included((parse(".{1,30}"),), parse(".{1,3}")) == Outside("aaaa")


def test_gives_up_within_bounds() -> None:
    """Beyond the bound nothing is claimed."""
    assert isinstance(
        included((parse("(a|b)*a(a|b){12}"),), parse("(a|b)*b(a|b){12}|c"), 50), Undecided | Outside
    )


@pytest.mark.parametrize(("pattern", "size"), [("0[1-9]|[1-4][0-9]|5[0-5]", 55), ("[1-5]", 5), ("a?b?", 3)])
def test_enumerated_lists_small_languages(pattern: str, size: int) -> None:
    """A small pattern is a list of codes."""
    listed = enumerated((parse(pattern),))
    assert listed is not None
    assert len(listed) == size


@pytest.mark.parametrize("pattern", ["[0-9]{12}", "a*", r"\d\d"])
def test_enumerated_leaves_large_languages(pattern: str) -> None:
    """A large or endless pattern is not listed."""
    assert enumerated((parse(pattern),)) is None


def test_samples_are_words() -> None:
    """Samples match every expression, shortest first."""
    found = list(samples((parse("(ab)+"), between(3, 9)), 3))
    assert found == ["abab", "ababab", "abababab"]
