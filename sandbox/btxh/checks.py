"""Business checks of a request for funeral support: what the schemas cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from lxml import etree

from sandbox.core.fields import FieldError, StructureSchema, missing, not_composed, wrong_file, wrong_place
from sandbox.core.xml import NotXml, child, local_name, parse, text

FILLERS = ("000000001", "000000000", "000000000001", "000000000000")
"""Numbers that a careless sender invents where there is none."""
_DIGITS = {"1": 12, "2": 9}
_MERIT = ("DoiTuong", "SoQuyetDinh", "NgayQuyetDinh", "CoQuanQuyetDinh")
_ACCOUNT = ("ChuTaiKhoan", "SoTaiKhoan", "TenNganHang")


def request_errors(request: etree._Element, inner: StructureSchema, today: date) -> list[FieldError]:
    """Everything that is wrong with a DongBoDVC that is valid for its schema."""
    form = child(request, "HoTroMaiTangPhi")
    assert form is not None
    return [
        *not_composed(request),
        *wrong_place("DonViXuLy", "", text(request, "DonViXuLy")),
        *_places(request),
        *_dates(form, today),
        *_person(form),
        *_whose(form),
        *inner_errors(request, inner),
    ]


def inner_errors(message: etree._Element, inner: StructureSchema) -> list[FieldError]:
    """What is wrong with the document that stands as text inside the message, if there is one."""
    field = "CertificateExtentData"
    packed = child(message, field)
    if packed is None:
        return []
    try:
        document = parse((packed.text or "").encode())
    except NotXml as error:
        return [FieldError("content", field, f"{field} không phải XML: {error}")]
    structure = inner.errors(document)
    if structure:
        return [FieldError("content", field, f"{field} sai cấu trúc: {'; '.join(structure[:3])}")]
    return [*inner.field_errors(document), *not_composed(document), *_files(document)]


def day(value: str) -> date | None:
    """The date of dd/MM/yyyy; None if there is no such day, or if it is partial."""
    try:
        return datetime.strptime(value, "%d/%m/%Y").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None


def _files(document: etree._Element) -> Iterator[FieldError]:
    for item in document.iter("TaiLieuNop", "GiayToKetQua"):
        digest = text(item, "TepDinhKemId") or text(item, "GiayToId")
        yield from wrong_file(local_name(item), digest, text(item, "NoiDungTepTin"))


def _places(request: etree._Element) -> Iterator[FieldError]:
    for name in ("HKTT", "NOHT"):
        place = child(request, name)
        if place is None or text(place, "QuocGia") != "VN":
            continue
        yield from (
            FieldError("missing", f"{name}.{one.field}") for one in missing(place, ("MaTinh", "MaXa"))
        )
        if text(place, "MaXa"):
            yield from wrong_place(f"{name}.MaXa", text(place, "MaTinh"), text(place, "MaXa"))


def _dates(form: etree._Element, today: date) -> Iterator[FieldError]:
    names = ("nktNgaySinh", "nktThoiGian", "nktThoiGianMaiTang", "NgaySinh", "NgayCapGiayTo", "NgayLamDon")
    for name in names:
        value = text(form, name)
        if len(value) == len("dd/MM/yyyy") and day(value) is None:
            yield FieldError("format", name, "không có ngày này")
    born, died, buried = (day(text(form, name)) for name in names[:3])
    if died is not None and died > today:
        yield FieldError("content", "nktThoiGian", "nktThoiGian ở tương lai")
    if died is not None and born is not None and died < born:
        yield FieldError("content", "nktThoiGian", "nktThoiGian trước nktNgaySinh")
    if died is not None and buried is not None and buried < died:
        yield FieldError("content", "nktThoiGianMaiTang", "nktThoiGianMaiTang trước nktThoiGian")


def _person(form: etree._Element) -> Iterator[FieldError]:
    kind, number = text(form, "LoaiGiayToTuyThan"), text(form, "SoGiayTo")
    if number in FILLERS:
        yield FieldError("content", "SoGiayTo", f"SoGiayTo {number} không phải số giấy tờ thật")
    elif kind in _DIGITS and not (number.isdigit() and len(number) == _DIGITS[kind]):
        yield FieldError("format", "SoGiayTo", f"loại {kind} gồm {_DIGITS[kind]} chữ số")
    if text(form, "nktSoDinhDanh") in FILLERS:
        yield FieldError("content", "nktSoDinhDanh", "nktSoDinhDanh không phải số thật")
    if text(form, "HinhThucNhanTien") == "2":
        yield from missing(form, _ACCOUNT)


def _whose(form: etree._Element) -> Iterator[FieldError]:
    merit = child(form, "NguoiCoCong")
    if text(form, "DoiTuongMaiTang") != "NCC":
        return
    if merit is None:
        yield FieldError("missing", "NguoiCoCong")
    else:
        yield from missing(merit, _MERIT)
