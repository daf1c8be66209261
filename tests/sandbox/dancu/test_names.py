"""Names by ethnic group."""

from __future__ import annotations

import re
from random import Random

import pytest

from sandbox.dancu.names import FEMALE, MALE, Name, draw_name


@pytest.mark.parametrize("group", [f"{code:02d}" for code in range(1, 55)])
@pytest.mark.parametrize("sex", [MALE, FEMALE])
def test_every_group_has_names_that_registers_take(group: str, sex: str) -> None:
    """Names are letters, apostrophes and single spaces, and always have a given name."""
    names = [draw_name(Random(seed), group, sex) for seed in range(20)]
    assert all(re.fullmatch(r"[^\W\d_]+'?[^\W\d_]*( [^\W\d_]+'?[^\W\d_]*)*", name.full) for name in names)
    assert all(name.given for name in names)


def test_children_take_the_family_name() -> None:
    """Where a people has family names, the father's is used."""
    assert draw_name(Random(1), "01", MALE, "Trịnh").family == "Trịnh"


def test_some_peoples_have_no_family_name() -> None:
    """An Ê Đê name is all given name."""
    name = draw_name(Random(1), "12", FEMALE, None)
    assert (name.family, name.middle) == ("", "")
    assert name.full.startswith("H ")


def test_full_name_skips_empty_parts() -> None:
    """No double spaces where the middle name is missing."""
    assert Name("Lý", "", "Máy").full == "Lý Máy"
