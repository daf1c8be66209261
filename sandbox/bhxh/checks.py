"""Business checks of form TK1-TS: what the schema cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from lxml import etree

from sandbox.bhxh.card import is_under_six
from sandbox.core.fields import FieldError, not_composed, wrong_file, wrong_place
from sandbox.core.xml import child, text

NO_NUMBER = "0000000000"
DAYS = ("NGAY_SINH", "NGAY_KS", "NGAY_HO_NGHEO")
CODES = {"length": "1003", "format": "1003", "missing": "1003", "content": "1003", "list": "1004"}


def form_errors(form: etree._Element, today: date) -> list[FieldError]:
    """Everything that is wrong with a TK1TS element that is valid for its schema."""
    return [
        *not_composed(form),
        *wrong_place("MA_CQBHXH", "", text(form, "MA_CQBHXH")),
        *wrong_place("MAXA_KS", text(form, "MATINH_KS"), text(form, "MAXA_KS")),
        *wrong_place("MAXA_NHAN", text(form, "MATINH_NHAN"), text(form, "MAXA_NHAN")),
        *_days(form, today),
        *_first_card(form),
        *file_errors(form),
    ]


def file_errors(form: etree._Element) -> list[FieldError]:
    """Attached files whose content cannot be read or is not what its hash says."""
    files = child(form, "DS_TEP")
    checked = (
        (wrong_file("TEP", text(item, "SHA256"), text(item, "DULIEU")) for item in files)
        if files is not None
        else ()
    )
    return [error for errors in checked for error in errors]


def day(value: str) -> date | None:
    """The date of an 8, 12 or 14 character text; None if there is no such day."""
    try:
        return datetime.strptime(value[:8], "%Y%m%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None


def _days(form: etree._Element, today: date) -> Iterator[FieldError]:
    for name in DAYS:
        value = text(form, name)
        if not value:
            continue
        given = day(value)
        if given is None:
            yield FieldError("format", name, "không có ngày này")
        elif given > today:
            yield FieldError("content", name, f"{name} ở tương lai")
    born, hour = day(text(form, "NGAY_SINH")), text(form, "GIO_SINH")
    if born is not None and born <= today and not is_under_six(born, today):
        yield FieldError("content", "NGAY_SINH", "NGAY_SINH: trẻ đã đủ 72 tháng tuổi")
    if hour and not hour.startswith(text(form, "NGAY_SINH")):
        yield FieldError("content", "GIO_SINH", "GIO_SINH không khớp NGAY_SINH")


def _first_card(form: etree._Element) -> Iterator[FieldError]:
    """The linked procedure is for a first card only."""
    if text(form, "MA_BHXH") != NO_NUMBER:
        yield FieldError("content", "MA_BHXH", f"MA_BHXH: chỉ cấp lần đầu, ghi {NO_NUMBER}")
