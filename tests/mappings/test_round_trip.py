"""Canonical to civil status and back: nothing that the form carries is lost on the way."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from broker.canonical import build
from broker.canonical.document import find, read, tag, text_at
from broker.canonical.plan import Node
from lienthong.demo.death import Death, Notice
from lienthong.demo.document import Birth, submission
from sandbox.hotich.register import Entry
from sandbox.hotich.results import registration
from tests.worlds import ROOT, birth, death, mappings

DAY = date(2026, 11, 23)
ENTRY = Entry(118, 2026, datetime(2026, 11, 23, 3, tzinfo=UTC), "001326000019")
SYLLABLES = (
    "Nguyễn",
    "Thị",
    "Ánh",
    "Đào",
    "Trần",
    "Phượng",
    "Ưu",
    "Ỷ",
    "Hòa",
    "Hoà",
    "Thủy",
    "Thùy",
    "H'Lan",
)
WORDS = st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=3).map(" ".join)
PARTIAL = st.sampled_from(["1938", "1938-06", "1938-06-30", "1952-02-29"])
EVERYTIME = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


def table(name: str) -> dict[str, str]:
    """A code table read backwards: the agency's code to the hub's."""
    raw = yaml.safe_load((ROOT / "mappings/codes" / f"{name}.yaml").read_text(encoding="utf-8"))
    return {row["to"]: row["from"] for row in raw["rows"]}


@st.composite
def deaths(draw: Any) -> Death:
    """Deaths with names, dates and papers of every kind that the form takes."""
    plain = death(draw(st.integers(0, 20)))
    person = dataclasses.replace(
        plain.deceased,
        family=draw(st.none() | WORDS),
        middle=draw(st.none() | WORDS),
        given=draw(WORDS),
        birth_date=draw(PARTIAL),
        ethnicity=f"{draw(st.integers(1, 54)):02d}",
    )
    paper = Notice(
        draw(st.sampled_from(["45/GBT-BV", "01/UBND-GBT"])),
        date(2026, 11, 21),
        draw(WORDS),
        kind=draw(st.sampled_from("1234567")),
    )
    code = draw(st.none() | st.just("00045.GBT.01012.26"))
    return dataclasses.replace(
        plain,
        deceased=person,
        died=draw(st.sampled_from(["2026", "2026-11", "2026-11-20"])),
        time=draw(st.none() | st.just("23:59")),
        cause=draw(st.none() | WORDS),
        relation=draw(st.sampled_from(sorted(table("relations-deceased-hotich").values()))),
        notice=draw(st.none() | st.just(dataclasses.replace(paper, code=code))),
    )


def sent(event: Birth | Death) -> tuple[Node, Node]:
    """The declaration, and the hoTich that civil status receives."""
    kind = "Birth" if isinstance(event, Birth) else "Death"
    request = submission(event, message_id="message-1", portal_code=None, officer="cb", unit="H26.1")
    declaration = read(request).find(tag(f"{kind}Declaration"))
    assert declaration is not None
    head = build.Head("G22.99.08-261123-000001", {}, "registration", "2.002913", "key-1", ENTRY.registered)
    step = read(build.step(f"{kind}Step", head, declaration))
    mapping = mappings().get(f"{kind.lower()}-to-hotich", DAY)
    record = mapping.transform(step, on=DAY, params={}, blobs={}.__getitem__).find("hoTich")
    assert record is not None
    return declaration, record


def answered(record: Node, result: str) -> Node:
    """What the hub reads of the register's answer about the record."""
    answer = etree.Element("{urn:botuphap:hotich:lienthong:1.0}KetQuaHoSo")
    for name, value in (("status", "1"), ("statusDescription", "Thành công")):
        etree.SubElement(answer, name).text = value
    item = etree.SubElement(answer, "value")
    module = "LTKS" if result == "Registration" else "LTKT"
    for name, value in (("maTinh", "01"), ("module", module), ("maHoSoLT", "G22.99.08-261123-000001")):
        etree.SubElement(item, name).text = value
    etree.SubElement(item, "trangThai").text = "4"
    etree.SubElement(item, "thoiGianThucHien").text = "23/11/2026 10:00:00"
    unit = record.findtext("noiDangKy") or ""
    item.append(registration(record, unit, ENTRY, with_number=True))
    report = mappings().get("hotich-results", DAY).transform(answer, on=DAY, params={}, blobs={}.__getitem__)
    found = find(report, f"Item/{result}")
    assert found is not None
    return found


def date_of(record: Node, path: str, event: str = "Sinh") -> str:
    """A date in three fields as one text."""
    parts = (record.findtext(f"{path}/{name}{event}") for name in ("nam", "thang", "ngay"))
    return "-".join(part for part in parts if part)


def day_of(record: Node, path: str) -> str | None:
    """A day written with dots as the hub writes it."""
    text = record.findtext(path)
    return "-".join(reversed(text.split("."))) if text else None


STRAIGHT = {
    "Choices/RegistrationKind": "loaiDangKy",
    "Choices/RegistrationOffice/Commune": "noiDangKy",
    "Choices/Copies": "soLuongBanSao",
    "Deceased/Name/Family": "nktHoTen/Ho",
    "Deceased/Name/Middle": "nktHoTen/ChuDem",
    "Deceased/Name/Given": "nktHoTen/Ten",
    "Deceased/Sex": "nktGioiTinh",
    "Deceased/Nationality": "nktQuocTich",
    "Deceased/PersonalNumber": "nktSoDDCN",
    "Deceased/DeathTime": "nktGioPhutChet",
    "Deceased/Cause": "nktNguyenNhanChet",
    "DeathPaper/Code": "maGBT",
    "DeathPaper/Kind": "gbtLoai",
    "DeathPaper/Number": "gbtSo",
    "DeathPaper/IssuedBy": "gbtCoQuanCap",
    "Applicant/PersonalNumber": "nycSoDDCN",
    "Applicant/Phone": "nycSoDienThoai",
} | {
    f"{person}/{part}": f"{place}/{name}"
    for person, place in (
        ("Deceased/Residence", "nktNoiCuTru"),
        ("Deceased/DeathPlace", "nktNoiChet"),
        ("Applicant/Residence", "nycNoiCuTru"),
    )
    for part, name in (
        ("Country", "quocGia"),
        ("Province", "maTinh"),
        ("Commune", "maXa"),
        ("Detail", "dcChiTiet"),
    )
}
"""Field of the declaration → field of the form that carries the same text."""

CODED = {
    "Deceased/Ethnicity": ("nktDanToc", "ethnic-groups-hotich"),
    "Deceased/ResidenceKind": ("nktLoaiCuTru", "residence-kinds-hotich"),
    "Applicant/ResidenceKind": ("nycLoaiCuTru", "residence-kinds-hotich"),
    "Applicant/Relation": ("nycQuanHe", "relations-deceased-hotich"),
}
"""Field of the declaration → field of the form in the agency's codes."""


@EVERYTIME
@given(deaths())
def test_the_form_of_a_death_can_be_read_back(event: Death) -> None:
    """Every field that the form carries says what was declared, partial dates and diacritics included."""
    declaration, record = sent(event)
    for path, field in STRAIGHT.items():
        assert record.findtext(field) == text_at(declaration, path), path
    for path, (field, codes) in CODED.items():
        assert table(codes)[record.findtext(field) or ""] == text_at(declaration, path), path
    assert date_of(record, "nktNgaySinh") == text_at(declaration, "Deceased/BirthDate")
    assert date_of(record, "nktNgayChet", "Chet") == text_at(declaration, "Deceased/DeathDate")
    assert day_of(record, "gbtNgay") == text_at(declaration, "DeathPaper/IssuedOn")
    assert record.findtext("nycHoTen") == event.applicant.full_name


@EVERYTIME
@given(deaths())
def test_the_register_of_deaths_gives_back_what_was_declared(event: Death) -> None:
    """The result names the person, the date and the cause as they were declared."""
    declaration, record = sent(event)
    result = answered(record, "DeathRegistration")
    assert text_at(result, "DeceasedName") == event.deceased.full_name
    assert text_at(result, "DeceasedPersonalNumber") == event.deceased.number
    assert text_at(result, "DeathDate") == event.died
    assert text_at(result, "Cause") == event.cause
    assert (text_at(result, "DeathPlace") or "").startswith(event.death_place.detail or "")
    assert text_at(result, "Office/Commune") == text_at(declaration, "Choices/RegistrationOffice/Commune")


@EVERYTIME
@given(st.integers(0, 20), st.none() | WORDS, WORDS, st.sampled_from("123"))
def test_the_register_of_births_gives_back_what_was_declared(
    number: int, middle: str | None, given_name: str, sex: str
) -> None:
    """The result names the child, its sex and its date of birth as they were declared."""
    plain = birth(number)
    assert plain.father is not None
    event = dataclasses.replace(plain, name=(plain.father.family, middle, given_name), sex=sex)
    declaration, record = sent(event)
    result = answered(record, "Registration")
    name = " ".join(part for part in (plain.father.family, middle, given_name) if part)
    assert text_at(result, "ChildName") == name
    assert text_at(result, "ChildSex") == sex
    assert text_at(result, "ChildBirthDate") == text_at(declaration, "Child/BirthDate")
