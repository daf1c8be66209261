"""Business checks of form CT01."""

from __future__ import annotations

from datetime import date

from lxml import etree

from sandbox.core.fields import FieldError
from sandbox.core.xml import text
from sandbox.cutru.checks import NAMESPACE, error_detail, form_errors

TODAY = date(2026, 11, 23)


def test_a_good_form(form: etree._Element) -> None:
    """Nothing is wrong with the sample."""
    assert form_errors(form, TODAY) == []


def test_every_name_is_in_capitals(form: etree._Element) -> None:
    """Also those of head and declarant."""
    for item in form.iter(f"{{{NAMESPACE}}}HoTen"):
        item.text = (item.text or "").title()
    assert [item.field for item in form_errors(form, TODAY)] == ["HoTen"] * 4


def test_capitals_with_diacritics(form: etree._Element) -> None:
    """Upper case of Vietnamese letters counts as upper case."""
    next(form.iter(f"{{{NAMESPACE}}}HoTen")).text = "ĐẶNG THỊ Ỷ"
    assert form_errors(form, TODAY) == []


def test_the_detail_of_a_fault() -> None:
    """Code, field and sentence of each error."""
    detail = error_detail([FieldError("format", "HoTen", "viết chữ in hoa")])
    assert text(detail, "Loi/Ma") == "DINH_DANG"
    assert text(detail, "Loi/Truong") == "HoTen"
