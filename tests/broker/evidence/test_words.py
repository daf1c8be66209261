"""Words of the page: Vietnamese with English beside."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

import pytest

from broker.config.base import Words
from broker.evidence import words


def every(value: Any) -> Iterator[Words]:
    """All texts in a value."""
    if isinstance(value, Words):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from every(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from every(one)


TEXTS = [text for name, value in vars(words).items() if name.isupper() for text in every(value)]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.en[:30])
def test_both_languages_say_the_same(text: Words) -> None:
    """Neither is empty, both name the same values, and Vietnamese is composed (NFC)."""
    assert text.vi
    assert text.en
    assert unicodedata.is_normalized("NFC", text.vi)
    names = [sorted(name for _, name, _, _ in Formatter().parse(one) if name) for one in (text.vi, text.en)]
    assert names[0] == names[1]
