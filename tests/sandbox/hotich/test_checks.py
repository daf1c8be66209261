"""Business checks of a dossier."""

from __future__ import annotations

from datetime import date

import pytest
from lxml import etree

from sandbox.hotich.checks import dossier_errors

TODAY = date(2026, 11, 23)


def fields(part: etree._Element) -> list[str]:
    """Names of the fields that are wrong."""
    return [item.field for item in dossier_errors(part, TODAY)]


def drop(part: etree._Element, *names: str) -> etree._Element:
    """The part without these children of hoTich."""
    record = part.find("hoTich")
    assert record is not None
    for item in [item for item in record if any(str(item.tag).startswith(name) for name in names)]:
        record.remove(item)
    return part


def test_a_good_dossier(dossier: etree._Element) -> None:
    """Nothing is wrong with the sample."""
    assert fields(dossier) == []


@pytest.mark.parametrize(("kind", "absent"), [("2", "me"), ("3", "cha")])
def test_one_parent(dossier: etree._Element, kind: str, absent: str) -> None:
    """Mother or father alone, where the kind of birth says so."""
    dossier.find("hoTich/nksLoaiKhaiSinh").text = kind  # type: ignore[union-attr]
    assert fields(drop(dossier, absent)) == []


@pytest.mark.parametrize("kind", ["4", "5"])
def test_no_parent(dossier: etree._Element, kind: str) -> None:
    """A foundling has no parents in the dossier."""
    dossier.find("hoTich/nksLoaiKhaiSinh").text = kind  # type: ignore[union-attr]
    assert fields(drop(dossier, "me", "cha")) == []


def test_the_registering_unit(dossier: etree._Element) -> None:
    """noiDangKy is the unit that receives."""
    dossier.find("hoTich/noiDangKy").text = "00004"  # type: ignore[union-attr]
    assert fields(dossier) == ["noiDangKy"]


def test_a_day_without_a_month(dossier: etree._Element) -> None:
    """Is no partial date."""
    born = dossier.find("hoTich/chaNgaySinh")
    assert born is not None
    born.remove(born.find("thangSinh"))  # type: ignore[arg-type]
    assert fields(dossier) == ["chaNgaySinh"]


def test_an_old_card_has_nine_digits(dossier: etree._Element) -> None:
    """The number must fit the kind of paper."""
    dossier.find("hoTich/meLoaiGiayToTuyThan").text = "1"  # type: ignore[union-attr]
    assert fields(dossier) == ["meSoGiayToTuyThan"]


def test_a_place_abroad_needs_no_codes(dossier: etree._Element) -> None:
    """Only places in Vietnam have province and commune."""
    place = dossier.find("hoTich/nksQueQuan")
    assert place is not None
    for name in ("maTinh", "maXa"):
        place.remove(place.find(name))  # type: ignore[arg-type]
    assert fields(dossier) == ["nksQueQuan.maTinh"]
    place.find("quocGia").text = "FR"  # type: ignore[union-attr]
    assert fields(dossier) == []


def test_the_module_tells_births_from_deaths(dossier: etree._Element, death: etree._Element) -> None:
    """A death under the module of births, or the other way round, is refused."""
    assert fields(death) == []
    for part, wrong in ((death, "LTKS"), (dossier, "LTKT")):
        part.find("module").text = wrong  # type: ignore[union-attr]
        assert fields(part) == ["module"]
