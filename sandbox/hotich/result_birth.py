"""The result of a birth registration, with the birth certificate."""

from __future__ import annotations

from lxml import etree

from sandbox.core.places import commune
from sandbox.core.readable import local
from sandbox.core.xml import add, add_all, child, text
from sandbox.hotich.records import full_name, partial_date
from sandbox.hotich.register import Entry
from sandbox.hotich.result_common import copy, encoded
from sandbox.hotich.words import date_in_words

PAPER = "KQ.G15.000031"
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


def registration(record: etree._Element, unit: str, entry: Entry, *, with_number: bool) -> etree._Element:
    """The ketQuaXuLy element: what stands in the register, and the certificate."""
    element, place = etree.Element("ketQuaXuLy"), commune(unit)
    assert place is not None
    number = entry.personal_number if with_number else None
    add_all(element, soDinhDanh=number, ngayDangKy=local(entry.registered, "%d.%m.%Y"))
    add_all(element, ndkksMaTinh=place.province, ndkksMaXa=unit)
    copy(record, element, "nksHoTen", "nksGioiTinh", "nksNgaySinh")
    add(element, "nksNgaySinhBangChu", text(record, "nksNgaySinhBangChu") or _birth_words(record))
    copy(record, element, *KEPT)
    add_all(element, soDangKy=entry.number, quyenSo=entry.book, trangSo=entry.page, maGiayToKetQua=PAPER)
    lines = [
        f"Họ, chữ đệm, tên: {full_name(record).upper()}",
        _birth_words(record),
        f"Số định danh cá nhân: {number or 'chưa cấp'}",
        f"Mẹ: {text(record, 'meHoTen', 'không có')}",
        f"Cha: {text(record, 'chaHoTen', 'không có')}",
    ]
    add(element, "giayKhaiSinh", encoded("GIẤY KHAI SINH", unit, entry, lines))
    return element


def _birth_words(record: etree._Element) -> str:
    born = partial_date(child(record, "nksNgaySinh"))
    assert born is not None
    return date_in_words(*born)
