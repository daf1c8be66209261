"""Communes of before and since the reform, and the edges between them."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
import vietnam_provinces

from broker import communes

KNOWS_OLD_COMMUNES = int(vietnam_provinces.__version__.partition(".")[0]) >= 2026


def test_the_lists_are_whole() -> None:
    """3,321 communes of today; all but the five island zones have predecessors."""
    assert len(communes.current()) == 3321
    islands = set(communes.current()) - set(communes.origins())
    assert {communes.current()[code].name.partition(" khu ")[0] for code in islands} == {"Đặc"}
    assert len(islands) == 5
    assert len(communes.former()) > 10_000
    assert len([old for old in communes.former().values() if not old.into]) == 28


def test_edges_lead_to_communes_of_today() -> None:
    """And every old commune lies in a district of its province; names are in normal form."""
    for old in communes.former().values():
        assert set(old.into) <= communes.current().keys()
        assert old.district in communes.districts()
    for commune in (*communes.current().values(), *communes.former().values()):
        assert commune.name == unicodedata.normalize("NFC", commune.name).strip()
        assert (len(commune.code), len(commune.province)) == (5, 2)


def test_one_old_commune_may_have_gone_to_several() -> None:
    """And one of today has parts of several."""
    assert communes.former()["00016"].into == ("00004", "00008")
    assert {"00004", "00013", "00016"} <= set(communes.origins()["00004"])


@pytest.mark.parametrize(
    ("province", "commune", "today"),
    [
        ("01", "00004", {"00004"}),
        ("01", "00016", {"00004", "00008"}),
        ("64", "23560", {"23563"}),
        ("52", "23560", {"23563"}),
        ("79", "00004", set()),
        ("01", "99999", set()),
    ],
)
def test_what_a_pair_of_unknown_date_can_mean(province: str, commune: str, today: set[str]) -> None:
    """By either list, and with an old commune under its province of today."""
    assert communes.places_today(province, commune) == today


@pytest.mark.skipif(not KNOWS_OLD_COMMUNES, reason="this release of vietnam-provinces has no old communes")
def test_the_files_say_what_the_package_says() -> None:
    """Taken from the package, and still the same."""
    from vietnam_provinces import Ward

    nameless = {code for code, old in communes.former().items() if "chưa rõ tên" in old.name}
    wards: list[Any] = list(Ward.iter_all())
    for ward in wards:
        here = communes.current()[f"{ward.code:05d}"]
        sources = {f"{old.code:05d}" for old in ward.get_legacy_sources()}
        assert here.province == f"{ward.province_code:02d}"
        assert set(communes.origins().get(here.code, ())) - nameless == sources
