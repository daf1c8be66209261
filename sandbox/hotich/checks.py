"""Business checks of a birth dossier: what the schema cannot say, in the order a registrar would look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from lxml import etree

from sandbox.core.fields import FieldError, missing, not_composed, wrong_file, wrong_place
from sandbox.core.xml import child, local_name, text

# Which parent must be named, by nksLoaiKhaiSinh.
PARENTS = {"1": ("me", "cha"), "2": ("cha",), "3": ("me",), "4": (), "5": ()}
PARENT_FIELDS = ("HoTen", "DanToc", "QuocTich")
PERSONS = ("me", "cha", "nyc")
PLACES = ("nksNoiSinh", "nksQueQuan", "meNoiCuTru", "chaNoiCuTru", "nycNoiCuTru")
DIGITS = {"1": 9, "4": 12}  # length of the number of an old card and of a citizen identity card


def dossier_errors(part: etree._Element, today: date) -> list[FieldError]:
    """Everything that is wrong with a HoSoDKHT part that is valid for its schema."""
    record = child(part, "hoTich")
    assert record is not None
    unit = text(part, "maDonVi")
    errors = [*not_composed(part), *wrong_place("maDonVi", "", unit)]
    if text(record, "noiDangKy") != unit:
        errors.append(FieldError("content", "noiDangKy", "noiDangKy phải là đơn vị tiếp nhận (maDonVi)"))
    return [*errors, *record_errors(record, today), *file_errors(part)]


def record_errors(record: etree._Element, today: date) -> list[FieldError]:
    """What is wrong with the hoTich element itself."""
    return [
        *_places(record),
        *_dates(record, today),
        *_parents(record),
        *(error for who in PERSONS for error in _papers(record, who)),
    ]


def file_errors(part: etree._Element) -> list[FieldError]:
    """Attached files whose content cannot be read or is not what its hash says."""
    files = (item for item in part if local_name(item) == "fileDinhKem")
    checked = (
        wrong_file("fileDinhKem", text(item, "maBam"), text(item, "duLieuTepDinhKem")) for item in files
    )
    return [error for errors in checked for error in errors]


def partial_date(element: etree._Element | None) -> tuple[int, int | None, int | None] | None:
    """Year, month and day of a NgaySinh element; None if it is absent."""
    if element is None:
        return None
    year, month, day = (text(element, name) for name in ("namSinh", "thangSinh", "ngaySinh"))
    return int(year), int(month) if month else None, int(day) if day else None


def _places(record: etree._Element) -> Iterator[FieldError]:
    for name in PLACES:
        place = child(record, name)
        if place is None or text(place, "quocGia") != "VN":
            continue
        province, commune = text(place, "maTinh"), text(place, "maXa")
        if not province or not commune:
            yield FieldError("missing", f"{name}.{'maXa' if province else 'maTinh'}")
        else:
            yield from wrong_place(f"{name}.maXa", province, commune)


def _dates(record: etree._Element, today: date) -> Iterator[FieldError]:
    for who in ("nks", "me", "cha"):
        given = partial_date(child(record, f"{who}NgaySinh"))
        if given is None:
            continue
        year, month, day = given
        if (day and not month) or not _exists(year, month, day):
            yield FieldError("format", f"{who}NgaySinh")
        elif who == "nks" and (not month or not day):
            yield FieldError("missing", "nksNgaySinh.ngaySinh")
        elif date(year, month or 1, day or 1) > today:
            yield FieldError("content", f"{who}NgaySinh", f"{who}NgaySinh ở tương lai")


def _exists(year: int, month: int | None, day: int | None) -> bool:
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return False
    return True


def _parents(record: etree._Element) -> Iterator[FieldError]:
    kind = text(record, "nksLoaiKhaiSinh")
    for who in PARENTS[kind]:
        yield from missing(record, [f"{who}{name}" for name in PARENT_FIELDS])
    for who in {"me", "cha"} - set(PARENTS[kind]):
        if text(record, f"{who}HoTen"):
            yield FieldError(
                "content", f"{who}HoTen", f"{who}HoTen phải để trống khi nksLoaiKhaiSinh là {kind}"
            )


def _papers(record: etree._Element, who: str) -> Iterator[FieldError]:
    kind, number = text(record, f"{who}LoaiGiayToTuyThan"), text(record, f"{who}SoGiayToTuyThan")
    if kind not in ("", "0") and not number:
        yield FieldError("missing", f"{who}SoGiayToTuyThan")
    if number and kind in DIGITS and not (number.isdigit() and len(number) == DIGITS[kind]):
        yield FieldError("format", f"{who}SoGiayToTuyThan", f"cần {DIGITS[kind]} chữ số")
