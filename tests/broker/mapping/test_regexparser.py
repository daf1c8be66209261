"""Regular expressions of XML Schema, compared with Python's where the two agree."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.mapping.inclusion import matches
from broker.mapping.regex import RegexRefused
from broker.mapping.regexparser import parse

SHARED = [
    "[0-9]{12}",
    "a|bc*|(de)+",
    r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "(19|20)[0-9]{2}(-(0[1-9]|1[0-2]))?",
    r"[A-Z]{1,3}[0-9]{5,9}|\-\.",
    r"[a\-z]?x{0,2}",
]


@given(pattern=st.sampled_from(SHARED), text=st.text("abcdex0129-@. AZ", max_size=8))
def test_same_as_python(pattern: str, text: str) -> None:
    """Where the syntax is shared, so is the meaning."""
    assert matches(parse(pattern), text) == bool(re.fullmatch(pattern, text))


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (r"\d", "٣", "x"),  # any decimal digit of Unicode
        (r"\p{Lu}+", "ĐỖ", "Đỗ"),
        (r"\i\c*", "_a-1", "1a"),
        (r"[a-z-[aeiou]]+", "xyz", "xez"),
        (r"\w+", "ế1", "a b"),
        (".", " ", "\n"),
        (r"\P{L}", "1", "a"),
    ],
)
def test_meaning_of_its_own(pattern: str, yes: str, no: str) -> None:
    """Escapes, categories and subtraction mean what appendix F says."""
    assert matches(parse(pattern), yes)
    assert not matches(parse(pattern), no)


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "a{2", "*", r"\p{Q}", r"\q", r"\p{IsThai}", "a)"])
def test_refuses_what_is_no_expression(pattern: str) -> None:
    """A fault names its position or the unknown name."""
    with pytest.raises(RegexRefused):
        parse(pattern)
