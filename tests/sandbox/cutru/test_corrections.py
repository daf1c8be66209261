"""Corrections of what a dossier rests on."""

from __future__ import annotations

from lxml import etree

from sandbox.core.xml import parse, text
from sandbox.cutru.corrections import corrected, errors, fields

NS = "urn:bca:cutru:ct01:1.0"


def message(name: str = "LÊ VĂN THÙY", number: str = "", act: str = "KhaiSinh") -> etree._Element:
    """A correction of a name."""
    numbered = f"<SoDinhDanh>{number}</SoDinhDanh>" if number else ""
    return parse(
        f'<DinhChinhHoSo xmlns="{NS}"><ThayDoi><Truong>ChildName</Truong></ThayDoi><HoTen>{name}</HoTen>'
        f"{numbered}<{act}><SoDangKy>9</SoDangKy></{act}></DinhChinhHoSo>".encode()
    )


def test_the_form_says_what_the_act_says_now(form: etree._Element) -> None:
    """Name and act are taken over, what is not told stays; the old form is untouched."""
    before = text(form, "HoTen")
    changed = corrected(form, message())
    assert (text(changed, "HoTen"), text(changed, "KhaiSinh/SoDangKy")) == ("LÊ VĂN THÙY", "9")
    assert text(changed, "GioiTinh") == text(form, "GioiTinh")
    assert text(form, "HoTen") == before
    assert fields(message()) == "ChildName"


def test_neither_another_act_nor_another_number(form: etree._Element) -> None:
    """A residence rests on a birth, and its number stays."""
    assert errors(form, message(number=text(form, "SoDinhDanh"))) == []
    assert [error.field for error in errors(form, message(number="001999999999"))] == ["SoDinhDanh"]
    assert [error.field for error in errors(form, message(act="KhaiTu"))] == ["KhaiTu"]
