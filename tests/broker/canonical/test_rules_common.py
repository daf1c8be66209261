from __future__ import annotations

from datetime import date

from broker.canonical import rules_common as common
from broker.canonical.case import Case
from tests.broker.canonical.samples import declaration, drop, put

DAY = date(2026, 9, 15)


def test_a_block_goes_with_its_choice() -> None:
    """A block that is missing or superfluous is reported at the block, with the words for that."""
    words = (("thiếu", "missing"), ("thừa", "superfluous"))
    without = Case(declaration(drop("Household")), DAY)
    assert [one.en for one in common.block_with_choice(without, "Household", True, *words)] == ["missing"]
    assert list(common.block_with_choice(without, "Household", False, *words)) == []
    given = Case(declaration(), DAY)
    assert [one.en for one in common.block_with_choice(given, "Household", False, *words)] == ["superfluous"]
    assert list(common.block_with_choice(given, "Household", True, *words)) == []


def test_a_place_abroad_has_no_commune() -> None:
    """Province and commune belong to places in Vietnam, where the province at least is needed."""
    abroad = Case(declaration(put("Household/Address/Country", "LA")), DAY)
    assert [one.field for one in common.places_in_vietnam(abroad, {"Household/Address": True})] == [
        "Household/Address/Province",
        "Household/Address/Commune",
    ]
