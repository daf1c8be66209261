"""What is wrong with the record of a death."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from lxml import etree

from sandbox.core.fields import FieldError, missing
from sandbox.core.xml import child, text
from sandbox.hotich.checks_common import wrong_papers, wrong_places, wrong_relation
from sandbox.hotich.records import Parts, earliest, exists, partial_date

PERSONS = ("nkt", "nyc")
PLACES = ("nktNoiCuTru", "nktNoiChet", "nycNoiCuTru")
RELATIONS = (
    *("Vợ, chồng", "Con", "Cha, mẹ", "Ông, bà", "Cháu nội, ngoại", "Anh, chị, em"),
    *("Người thân thích khác", "Người giám hộ", "Thủ trưởng cơ sở", "Khác"),
)
PAPER_FIELDS = ("gbtSo", "gbtNgay", "gbtCoQuanCap")


def record_errors(record: etree._Element, today: date) -> list[FieldError]:
    """Everything that the schema cannot say of a death."""
    return [
        *wrong_places(record, PLACES),
        *_dates(record, today),
        *_residence(record),
        *_notice(record, today),
        *(error for who in PERSONS for error in wrong_papers(record, who)),
        *wrong_relation(record, RELATIONS),
        *_living(record),
    ]


def _dates(record: etree._Element, today: date) -> Iterator[FieldError]:
    born = partial_date(child(record, "nktNgaySinh"))
    died = partial_date(child(record, "nktNgayChet"), "Chet")
    for field, given in (("nktNgaySinh", born), ("nktNgayChet", died)):
        if given is not None and not exists(given):
            yield FieldError("format", field)
            return
    if died is not None and earliest(died) > today:
        yield FieldError("content", "nktNgayChet", "nktNgayChet ở tương lai")
    if born is not None and died is not None and _before(died, born):
        yield FieldError("content", "nktNgayChet", "nktNgayChet trước nktNgaySinh")


def _before(one: Parts, other: Parts) -> bool:
    """Whether one date is surely before the other, as far as both are known."""
    for mine, theirs in zip(one, other, strict=True):
        if mine is None or theirs is None:
            return False
        if mine != theirs:
            return mine < theirs
    return False


def _residence(record: etree._Element) -> Iterator[FieldError]:
    """A permanent or temporary residence is somewhere."""
    if text(record, "nktLoaiCuTru") != "0" and child(record, "nktNoiCuTru") is None:
        yield FieldError("missing", "nktNoiCuTru")


def _notice(record: etree._Element, today: date) -> Iterator[FieldError]:
    """Kind 0: the registering commune certifies the death, there is no paper; else it is told whole."""
    if text(record, "gbtLoai") != "0":
        yield from missing(record, PAPER_FIELDS)
    else:
        for field in PAPER_FIELDS:
            if text(record, field):
                yield FieldError("content", field, f"{field} phải để trống khi gbtLoai là 0")
    issued = text(record, "gbtNgay")
    if issued and datetime.strptime(issued, "%d.%m.%Y").date() > today:  # noqa: DTZ007 - a date alone
        yield FieldError("content", "gbtNgay", "gbtNgay ở tương lai")


def _living(record: etree._Element) -> Iterator[FieldError]:
    """The dead apply for nothing."""
    number = text(record, "nktSoDDCN")
    if number and number == text(record, "nycSoDDCN"):
        yield FieldError("content", "nycSoDDCN", "nycSoDDCN trùng với số định danh của người chết")
