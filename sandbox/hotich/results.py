"""The answer parts of the civil-status service: elements without namespace, their form is unqualified."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

from lxml import etree

from sandbox.core.fields import FieldError
from sandbox.core.places import address, commune
from sandbox.core.readable import local
from sandbox.core.xml import add, add_all, child, copy_of, text
from sandbox.hotich.certificate import birth_certificate
from sandbox.hotich.checks import partial_date
from sandbox.hotich.register import Entry
from sandbox.hotich.words import date_in_words

TIME = "%d/%m/%Y %H:%M:%S"
PAPER = "KQ.G15.000031"
OFFICER = {"nguoiXuLy": "Trần Thị Hồng Vân", "chucDanh": "Công chức tư pháp - hộ tịch"}
ERROR_CODES = {
    "length": "DO_DAI",
    "list": "DANH_MUC",
    "format": "DINH_DANG",
    "missing": "THIEU_DU_LIEU",
    "content": "DU_LIEU",
}
RENAMED = {
    "meSoGiayToTuyThan": "meSoGiayTo",
    "chaSoGiayToTuyThan": "chaSoGiayTo",
    "nycSoGiayToTuyThan": "nycSoGiayTo",
}
KEPT = (
    "nksDanToc",
    "nksQueQuan",
    "nksQuocTich",
    "nksNoiSinh",
    "meHoTen",
    "meNgaySinh",
    "meDanToc",
    "meQuocTich",
    "meLoaiCuTru",
    "meNoiCuTru",
    "meSoGiayToTuyThan",
    "chaHoTen",
    "chaNgaySinh",
    "chaDanToc",
    "chaQuocTich",
    "chaLoaiCuTru",
    "chaNoiCuTru",
    "chaSoGiayToTuyThan",
    "nycHoTen",
    "nycQuanHe",
    "nycSoGiayToTuyThan",
)


def part(**values: object) -> etree._Element:
    """The answer's part accessor with simple children."""
    element = etree.Element("ketQua")
    add_all(element, **values)
    return element


def done(sentence: str) -> etree._Element:
    """KetQuaXuLy with status 1."""
    return part(status="1", statusDescription=sentence)


def refused(code: str, sentence: str) -> etree._Element:
    """KetQuaXuLy with status 0."""
    return part(
        status="0", statusDescription="Không thành công", errorCode=code, errorDescription=sentence[:1000]
    )


def refused_fields(errors: Sequence[FieldError]) -> etree._Element:
    """KetQuaXuLy that names every field that is wrong; the code is that of the first."""
    return refused(ERROR_CODES[errors[0].kind], "; ".join(item.sentence for item in errors))


def registration(record: etree._Element, unit: str, entry: Entry, *, with_number: bool) -> etree._Element:
    """The ketQuaXuLy element: what stands in the register, and the certificate."""
    element, place = etree.Element("ketQuaXuLy"), commune(unit)
    assert place is not None
    number = entry.personal_number if with_number else None
    add_all(element, soDinhDanh=number, ngayDangKy=local(entry.registered, "%d.%m.%Y"))
    add_all(element, ndkksMaTinh=place.province, ndkksMaXa=unit)
    _copy(record, element, "nksHoTen", "nksGioiTinh", "nksNgaySinh")
    add(element, "nksNgaySinhBangChu", text(record, "nksNgaySinhBangChu") or _birth_words(record))
    _copy(record, element, *KEPT)
    add_all(element, soDangKy=entry.number, quyenSo=entry.book, trangSo=entry.page, maGiayToKetQua=PAPER)
    add(element, "giayKhaiSinh", b64encode(_certificate(record, unit, entry, number)).decode())
    return element


def full_name(record: etree._Element) -> str:
    """The child's name in one line."""
    return " ".join(filter(None, (text(record, f"nksHoTen/{name}") for name in ("Ho", "ChuDem", "Ten"))))


def unit_name(unit: str) -> str:
    """The registering authority's name."""
    return f"Ủy ban nhân dân {address('', unit)}"


def _birth_words(record: etree._Element) -> str:
    born = partial_date(child(record, "nksNgaySinh"))
    assert born is not None
    return date_in_words(*born)


def _certificate(record: etree._Element, unit: str, entry: Entry, number: str | None) -> bytes:
    lines = [
        f"Số {entry.number}, quyển {entry.book}, trang {entry.page}",
        f"Họ, chữ đệm, tên: {full_name(record).upper()}",
        f"{_birth_words(record)}",
        f"Số định danh cá nhân: {number or 'chưa cấp'}",
        f"Mẹ: {text(record, 'meHoTen', 'không có')}",
        f"Cha: {text(record, 'chaHoTen', 'không có')}",
        f"Đăng ký tại {unit_name(unit)} ngày {local(entry.registered, '%d/%m/%Y')}",
        "BẢN MÔ PHỎNG, KHÔNG CÓ GIÁ TRỊ PHÁP LÝ / SIMULATED, WITHOUT LEGAL VALUE",
    ]
    return birth_certificate("GIẤY KHAI SINH", lines)


def _copy(record: etree._Element, target: etree._Element, *names: str) -> None:
    """Those of the named children that are there, in the order of the names."""
    for name in names:
        item = child(record, name)
        if item is not None:
            copied = copy_of(item)
            copied.tag = RENAMED.get(name, name)
            target.append(copied)
