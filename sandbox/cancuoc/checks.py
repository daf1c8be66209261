"""Business checks of a request for an identity card: what the schema cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from lxml import etree

from sandbox.core.fields import FieldError, not_composed, wrong_file, wrong_place
from sandbox.core.xml import child, local_name

CODES = {
    "length": "DO_DAI",
    "list": "DANH_MUC",
    "format": "DINH_DANG",
    "missing": "THIEU",
    "content": "NOI_DUNG",
    "state": "TRANG_THAI",
}
YEARS = 6
FIRST_DAY = date(2026, 9, 1)  # decree 301/2026/NĐ-CP takes effect
PLACES = ("NoiSinh", "QueQuan", "NoiCuTru")


def request_errors(request: etree._Element, today: date) -> list[FieldError]:
    """Everything that is wrong with a YeuCauCapThe that is valid for its schema."""
    person, birth = child(request, "Tre"), child(request, "KhaiSinh")
    assert person is not None
    assert birth is not None
    return [
        *not_composed(request),
        *wrong_place("donVi", "", request.get("donVi", "")),
        *wrong_place("KhaiSinh.maXa", "", birth.get("maXa", "")),
        *_places(person),
        *_birth(person.get("ngaySinh", ""), today),
        *_day("KhaiSinh.ngay", birth.get("ngay", ""), today),
        *file_errors(request),
    ]


def file_errors(request: etree._Element) -> list[FieldError]:
    """Attached files whose content cannot be read or is not what its hash says."""
    files = (item for item in request if local_name(item) == "TepKem")
    checked = (wrong_file("TepKem", item.get("sha256", ""), (item.text or "").strip()) for item in files)
    return [error for errors in checked for error in errors]


def correction_errors(person: etree._Element, requested: etree._Element) -> list[FieldError]:
    """Why a correction is not taken: another person, or a birth date, for which a card has to be asked for anew."""
    if person.get("soDinhDanh") != requested.get("soDinhDanh"):
        return [FieldError("content", "Tre.soDinhDanh", "Số định danh khác với yêu cầu cấp thẻ")]
    born = person.get("ngaySinh")
    if born is not None and born != requested.get("ngaySinh"):
        words = "Ngày sinh thay đổi: không đính chính được, đề nghị làm thủ tục cấp đổi thẻ"
        return [FieldError("content", "Tre.ngaySinh", words)]
    return []


def day(value: str) -> date | None:
    """The date of dd-MM-yyyy; None if there is no such day."""
    try:
        return datetime.strptime(value, "%d-%m-%Y").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None


def _places(person: etree._Element) -> Iterator[FieldError]:
    for name in PLACES:
        place = child(person, name)
        if place is None or place.get("quocGia") != "VN":
            continue
        if not place.get("maTinh") or not place.get("maXa"):
            yield FieldError("missing", f"{name}.{'maXa' if place.get('maTinh') else 'maTinh'}")
        else:
            yield from wrong_place(f"{name}.maXa", place.get("maTinh", ""), place.get("maXa", ""))


def _birth(value: str, today: date) -> Iterator[FieldError]:
    yield from _day("ngaySinh", value, today)
    born = day(value)
    if born is not None and (today.year - born.year, today.month, today.day) >= (YEARS, born.month, born.day):
        yield FieldError("content", "ngaySinh", "ngaySinh: trẻ đã đủ 6 tuổi")


def _day(field: str, value: str, today: date) -> Iterator[FieldError]:
    given = day(value)
    if given is None:
        yield FieldError("format", field, "không có ngày này")
    elif given > today:
        yield FieldError("content", field, f"{field} ở tương lai")
