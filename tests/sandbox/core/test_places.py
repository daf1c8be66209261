"""Provinces and communes."""

from __future__ import annotations

from broker.communes import current
from sandbox.core.places import address, commune, communes


def test_a_commune_knows_its_province() -> None:
    """Codes have their leading zeros."""
    place = commune("00070")
    assert place is not None
    assert (place.code, place.province) == ("00070", "01")
    assert "Hoàn Kiếm" in place.name


def test_the_codes_are_those_of_the_hub() -> None:
    """Final codes, whatever release of the package is installed: stand-ins and hub name the same places."""
    ours = {place.code: place.province for place in communes()}
    assert ours == {place.code: place.province for place in current().values()}
    cua_nam = commune("00082")
    assert cua_nam is not None
    assert cua_nam.name == "Phường Cửa Nam"


def test_an_unknown_code() -> None:
    """None, not a guess."""
    assert commune("99999") is None


def test_an_address_in_one_line() -> None:
    """Detail, commune, province; what is unknown is left out."""
    assert address("Số 5", "00070") == "Số 5, Phường Hoàn Kiếm, Thành phố Hà Nội"
    assert address("Số 5", "99999") == "Số 5"
