"""What is wrong with the record of a birth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from lxml import etree

from sandbox.core.fields import FieldError, missing
from sandbox.core.xml import child, text
from sandbox.hotich.checks_common import wrong_papers, wrong_places, wrong_relation
from sandbox.hotich.records import earliest, exists, partial_date

# Which parent must be named, by nksLoaiKhaiSinh.
PARENTS = {"1": ("me", "cha"), "2": ("cha",), "3": ("me",), "4": (), "5": ()}
PARENT_FIELDS = ("HoTen", "DanToc", "QuocTich")
PERSONS = ("me", "cha", "nyc")
PLACES = ("nksNoiSinh", "nksQueQuan", "meNoiCuTru", "chaNoiCuTru", "nycNoiCuTru")
RELATIONS = ("Cha", "Mẹ", "Ông, bà", "Người giám hộ", "Người thân thích khác")


def record_errors(record: etree._Element, today: date) -> list[FieldError]:
    """Everything that the schema cannot say of a birth."""
    return [
        *wrong_places(record, PLACES),
        *_dates(record, today),
        *_parents(record),
        *(error for who in PERSONS for error in wrong_papers(record, who)),
        *wrong_relation(record, RELATIONS),
    ]


def _dates(record: etree._Element, today: date) -> Iterator[FieldError]:
    for who in ("nks", "me", "cha"):
        given = partial_date(child(record, f"{who}NgaySinh"))
        if given is None:
            continue
        if not exists(given):
            yield FieldError("format", f"{who}NgaySinh")
        elif who == "nks" and None in given:
            yield FieldError("missing", "nksNgaySinh.ngaySinh")
        elif earliest(given) > today:
            yield FieldError("content", f"{who}NgaySinh", f"{who}NgaySinh ở tương lai")


def _parents(record: etree._Element) -> Iterator[FieldError]:
    kind = text(record, "nksLoaiKhaiSinh")
    for who in PARENTS[kind]:
        yield from missing(record, [f"{who}{name}" for name in PARENT_FIELDS])
    for who in {"me", "cha"} - set(PARENTS[kind]):
        if text(record, f"{who}HoTen"):
            yield FieldError(
                "content", f"{who}HoTen", f"{who}HoTen phải để trống khi nksLoaiKhaiSinh là {kind}"
            )
