"""Administrative units by day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from broker import communes
from broker.units import Ambiguous, NoUnit, Province, Units

ROWS = yaml.safe_load((Path(__file__).parents[2] / "config/units/provinces.yaml").read_text(encoding="utf-8"))
UNITS = Units(
    Province(row["code"], row["name"], row.get("from"), row.get("until"), row.get("into"))
    for row in ROWS["provinces"]
)
BEFORE, AFTER = date(2025, 6, 30), date(2025, 7, 1)


def exist(on: date) -> set[str]:
    """Codes that mean something on that day."""
    return {code for code in UNITS.codes if UNITS.province(code, on)}


def test_sixty_three_provinces_became_thirty_four() -> None:
    """On the day of the reform, and not before."""
    assert len(exist(BEFORE)) == 63
    assert len(exist(AFTER)) == 34


def test_the_provinces_of_today_are_those_of_the_data_package() -> None:
    """Code by code; the package writes the kind before some names."""
    from vietnam_provinces import Province as Known

    names = {f"{known.code:02d}": known.name for known in Known.iter_all()}
    assert exist(AFTER) == set(names)
    for code, name in names.items():
        found = UNITS.province(code, AFTER)
        assert found is not None
        assert name.removeprefix("Thành phố ") == found.name.removeprefix("Thành phố ")


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("15", "Yên Bái", "Lào Cai"),
        ("24", "Bắc Giang", "Bắc Ninh"),
        ("44", "Quảng Bình", "Quảng Trị"),
        ("52", "Bình Định", "Gia Lai"),
        ("64", "Gia Lai", None),
        ("80", "Long An", "Tây Ninh"),
        ("82", "Tiền Giang", "Đồng Tháp"),
        ("91", "Kiên Giang", "An Giang"),
        ("01", "Hà Nội", "Hà Nội"),
    ],
)
def test_a_code_means_what_it_meant_on_that_day(code: str, before: str, after: str | None) -> None:
    """Code 64 was Gia Lai and is nothing; 52 was Bình Định and is Gia Lai."""
    then, now = UNITS.province(code, BEFORE), UNITS.province(code, AFTER)
    assert (then.name if then else None) == before
    assert (now.name if now else None) == after


def test_every_old_province_lies_in_one_of_today() -> None:
    """No merger leads nowhere."""
    for code in exist(BEFORE):
        old = UNITS.province(code, BEFORE)
        assert old is not None
        assert UNITS.today(old).exists(AFTER)
    kon_tum = UNITS.province("62", BEFORE)
    assert kon_tum is not None
    assert UNITS.today(kon_tum).name == "Quảng Ngãi"


def test_a_commune_code_means_what_it_meant_on_that_day() -> None:
    """00004 was the ward Trúc Bạch and is the ward Ba Đình; leading zeros belong to the code."""
    ba_dinh, truc_bach = UNITS.commune("00004", AFTER), UNITS.commune("00004", BEFORE)
    assert ba_dinh is not None
    assert (ba_dinh.name, ba_dinh.province) == ("Phường Ba Đình", "01")
    assert truc_bach is not None
    assert (truc_bach.name, truc_bach.district) == ("Phường Trúc Bạch", "001")
    assert UNITS.commune("99999", AFTER) is None


def test_one_successor_is_a_value() -> None:
    """T19: 64 of before is 52 of today, and so is 52; a ward that was merged whole is its successor."""
    assert [UNITS.translate(code, BEFORE, AFTER).code for code in ("64", "52")] == ["52", "52"]
    assert UNITS.translate("00001", BEFORE, AFTER).name == "Phường Hồng Hà"
    assert UNITS.translate("00004", AFTER, date(2026, 9, 1)).name == "Phường Ba Đình"


@pytest.mark.parametrize(
    ("code", "was", "now", "told"),
    [
        ("00016", BEFORE, AFTER, "Phường Ba Đình (00004), Phường Ngọc Hà (00008)"),
        ("52", AFTER, BEFORE, "Bình Định (52), Gia Lai (64)"),
    ],
)
def test_several_successors_are_a_question(code: str, was: date, now: date, told: str) -> None:
    """T38: one old ward went to several new ones, one province is made of several: nobody guesses."""
    with pytest.raises(Ambiguous) as caught:
        UNITS.translate(code, was, now)
    assert told in str(caught.value)
    assert len(caught.value.candidates) == 2


@pytest.mark.parametrize(
    ("code", "was", "now", "told"),
    [
        ("64", AFTER, BEFORE, "64 means nothing on 2025-07-01"),
        ("99999", BEFORE, AFTER, "means nothing"),
        ("01651", BEFORE, AFTER, r"Xã Mỹ Hưng \(01651\) corresponds to no known unit"),
        ("26732", AFTER, BEFORE, r"Đặc khu Côn Đảo \(26732\) corresponds to no known unit"),
    ],
)
def test_no_counterpart_is_refused_with_a_reason(code: str, was: date, now: date, told: str) -> None:
    """No such code, a commune missing in the conversion table, an island district that had no commune."""
    with pytest.raises(NoUnit, match=told):
        UNITS.translate(code, was, now)


def test_there_and_back_leads_home() -> None:
    """Every unit of today is among the successors of each of its predecessors, and the other way round."""
    for code in {*communes.current(), *exist(AFTER)}:
        for old in UNITS.predecessors(code):
            assert code in {unit.code for unit in UNITS.successors(old.code)}, old
    for code in {*communes.former(), *exist(BEFORE)}:
        for new in UNITS.successors(code):
            assert code in {unit.code for unit in UNITS.predecessors(new.code)}, new


@pytest.mark.parametrize(
    ("said", "renewed"),
    [
        (("01", "00004"), ("01", "00004")),
        (("01", "00001"), ("01", "00097")),
        (("01", "00016"), ("01", "00016")),
        (("64", "23560"), ("52", "23563")),
        (("52", "23560"), ("52", "23563")),
        (("64", None), ("52", None)),
        (("99", None), ("99", None)),
        (("79", "00001"), ("79", "00001")),
    ],
)
def test_old_codes_are_renewed_where_one_unit_corresponds(
    said: tuple[str, str | None], renewed: tuple[str, str | None]
) -> None:
    """Also where only the province was translated already; never where several or none correspond."""
    assert UNITS.renewed(*said, AFTER) == renewed
    assert UNITS.renewed(*said, BEFORE) == said


@pytest.mark.parametrize(
    ("province", "commune", "field"),
    [
        ("64", "00004", "Choices/RegistrationOffice/Province"),
        ("01", "99999", "Choices/RegistrationOffice/Commune"),
        ("79", "00004", "Choices/RegistrationOffice/Commune"),
    ],
)
def test_a_unit_that_cannot_act_is_named_at_its_field(province: str, commune: str, field: str) -> None:
    """Province unknown, commune unknown, commune elsewhere."""
    problem = UNITS.problem("Choices/RegistrationOffice", province, commune, AFTER)
    assert problem is not None
    assert problem.field == field
    assert UNITS.problem("Choices/RegistrationOffice", "01", "00004", AFTER) is None


def test_a_code_with_two_meanings_on_a_day_is_refused() -> None:
    """Overlapping rows are a fault of the file."""
    with pytest.raises(ValueError, match="code 15 means both"):
        Units([Province("15", "Yên Bái"), Province("15", "Lào Cai", first_day=AFTER)])


def test_a_merger_into_nowhere_is_an_error() -> None:
    """It is not taken for the old province."""
    with pytest.raises(LookupError, match="went into 98"):
        Units([]).today(Province("99", "X", into="98"))
