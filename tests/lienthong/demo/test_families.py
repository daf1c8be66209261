"""Families of the register, each handed out once."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest

from lienthong.demo.families import Families, mail_address, other_tone, typed
from tests.worlds import population


@pytest.mark.parametrize("given", ["Hòa", "An", "Thủy", "Ước", "Linh"])
def test_another_tone_keeps_the_letters(given: str) -> None:
    """The name is another one, in composed form, and only its tone differs."""
    changed = other_tone(given)
    assert changed != given
    assert unicodedata.is_normalized("NFC", changed)
    tones = "\u0300\u0301\u0309\u0303\u0323"
    bare = [
        "".join(letter for letter in unicodedata.normalize("NFD", name) if letter not in tones)
        for name in (given, changed)
    ]
    assert bare[0] == bare[1]


def test_nobody_is_handed_out_twice() -> None:
    """Old couples live alone, and the next one is another one; who lives alone is somebody else."""
    families = Families(population(), date(2026, 11, 23))
    first, second, alone = families.old_couple(), families.old_couple(), families.alone()
    assert first.wife.number != second.wife.number
    assert len(population().household(first.wife)) == 2
    assert population().household(alone) == [alone]
    assert mail_address(typed(alone)).endswith("@vidu.vn")
