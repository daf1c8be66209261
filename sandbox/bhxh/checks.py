"""Business checks of what is handed in: what the schema cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from lxml import etree

from sandbox.bhxh.card import is_under_six
from sandbox.core.fields import FieldError, missing, not_composed, wrong_file, wrong_place
from sandbox.core.xml import child, text

NO_NUMBER = "0000000000"
DAYS = ("NGAY_SINH", "NGAY_KS", "NGAY_HO_NGHEO")
DEATH_DAYS = ("NGAY_SINH", "NGAY_CHET", "NGAY_KT", "NGAY_SINH_NHAN")
TRANSFER = "2"
ACCOUNT = ("CHU_TK", "SO_TK", "NGAN_HANG")
CODES = {"length": "1003", "format": "1003", "missing": "1003", "content": "1003", "list": "1004"}


def form_errors(form: etree._Element, today: date) -> list[FieldError]:
    """Everything that is wrong with a TK1TS element that is valid for its schema."""
    return [
        *not_composed(form),
        *wrong_place("MA_CQBHXH", "", text(form, "MA_CQBHXH")),
        *wrong_place("MAXA_KS", text(form, "MATINH_KS"), text(form, "MAXA_KS")),
        *wrong_place("MAXA_NHAN", text(form, "MATINH_NHAN"), text(form, "MAXA_NHAN")),
        *_days(form, DAYS, today),
        *_birth(form, today),
        *_first_card(form),
        *file_errors(form),
    ]


def death_errors(form: etree._Element, today: date) -> list[FieldError]:
    """The same for a file of the death group."""
    return [
        *not_composed(form),
        *wrong_place("MA_CQBHXH", "", text(form, "MA_CQBHXH")),
        *wrong_place("MAXA_KT", text(form, "MATINH_KT"), text(form, "MAXA_KT")),
        *_days(form, DEATH_DAYS, today),
        *_account(form),
        *_extract(form),
        *file_errors(form),
    ]


def file_errors(form: etree._Element) -> list[FieldError]:
    """Attached files whose content cannot be read or is not what its hash says."""
    checked = (
        wrong_file("TEP", text(item, "SHA256"), text(item, "DULIEU")) for item in items(form, "DS_TEP")
    )
    return [error for errors in checked for error in errors]


def items(form: etree._Element, name: str) -> list[etree._Element]:
    """The elements of a list in a form, none if the list is not there."""
    found = child(form, name)
    return [] if found is None else list(found)


def day(value: str) -> date | None:
    """The date of an 8, 12 or 14 character text; None if there is no such day."""
    try:
        return datetime.strptime(value[:8], "%Y%m%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None


def first_day(value: str) -> date | None:
    """The first day of a date of which perhaps only year or month are known."""
    return day(value + "0101"[len(value) - 4 :] if len(value) in (4, 6) else value)


def _days(form: etree._Element, names: tuple[str, ...], today: date) -> Iterator[FieldError]:
    for name in names:
        value = text(form, name)
        if not value:
            continue
        given = first_day(value)
        if given is None:
            yield FieldError("format", name, "không có ngày này")
        elif given > today:
            yield FieldError("content", name, f"{name} ở tương lai")


def _account(form: etree._Element) -> list[FieldError]:
    """A transfer needs an account."""
    return missing(form, ACCOUNT) if text(form, "HINHTHUC_NHAN") == TRANSFER else []


def _extract(form: etree._Element) -> Iterator[FieldError]:
    """The e-extract is the one paper that social insurance gets, and it must be there."""
    if not text(form, "DS_TEP/TEP/DULIEU"):
        yield FieldError("missing", "DS_TEP", "trích lục khai tử điện tử")


def _birth(form: etree._Element, today: date) -> Iterator[FieldError]:
    born, hour = day(text(form, "NGAY_SINH")), text(form, "GIO_SINH")
    if born is not None and born <= today and not is_under_six(born, today):
        yield FieldError("content", "NGAY_SINH", "NGAY_SINH: trẻ đã đủ 72 tháng tuổi")
    if hour and not hour.startswith(text(form, "NGAY_SINH")):
        yield FieldError("content", "GIO_SINH", "GIO_SINH không khớp NGAY_SINH")


def _first_card(form: etree._Element) -> Iterator[FieldError]:
    """The linked procedure is for a first card only."""
    if text(form, "MA_BHXH") != NO_NUMBER:
        yield FieldError("content", "MA_BHXH", f"MA_BHXH: chỉ cấp lần đầu, ghi {NO_NUMBER}")
