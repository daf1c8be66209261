"""The result of a death registration, with the extract or, from 2027-03-01, the certificate of death."""

from __future__ import annotations

from datetime import date

from lxml import etree

from sandbox.core.places import address, commune
from sandbox.core.readable import VIETNAM, local
from sandbox.core.xml import add, add_all, child, copy_of, text
from sandbox.hotich.records import full_name, partial_date
from sandbox.hotich.register import Entry
from sandbox.hotich.result_common import copy, encoded
from sandbox.hotich.words import date_in_words

PAPER = "KQ.G15.000034"
RENAMED_FROM = date(2027, 3, 1)  # Law on Civil Status 03/2026/QH16
KEPT = (
    "nktHoTen",
    "nktGioiTinh",
    "nktNgaySinh",
    "nktDanToc",
    "nktQuocTich",
    "nktLoaiCuTru",
    "nktNoiCuTru",
    "nktSoGiayToTuyThan",
    "nktSoDDCN",
    "nktNgayChet",
    "nktGioPhutChet",
    "nktNoiChet",
    "nktNguyenNhanChet",
)
NOTICE = {"gbtLoai": "giayBaoTuLoai", "gbtSo": "giayBaoTuSo"}


def registration(record: etree._Element, unit: str, entry: Entry) -> etree._Element:
    """The ketQuaXuLy element: what stands in the register, and the paper."""
    element, place = etree.Element("ketQuaXuLy"), commune(unit)
    assert place is not None
    add_all(element, ngayDangKy=local(entry.registered, "%d.%m.%Y"))
    add_all(element, ndkktMaTinh=place.province, ndkktMaXa=unit)
    copy(record, element, *KEPT)
    for name, renamed in NOTICE.items():
        notice = child(record, name)
        if notice is not None:
            copied = copy_of(notice)
            copied.tag = renamed
            element.append(copied)
    copy(record, element, "nycHoTen", "nycQuanHe", "nycSoGiayToTuyThan")
    add_all(element, soDangKy=entry.number, quyenSo=entry.book, trangSo=entry.page, maGiayToKetQua=PAPER)
    add(element, "giayKhaiTu", encoded(title(entry), unit, entry, _lines(record)))
    return element


def title(entry: Entry) -> str:
    """What the paper is called on the day of registration."""
    day = entry.registered.astimezone(VIETNAM).date()
    return "GIẤY CHỨNG TỬ" if day >= RENAMED_FROM else "TRÍCH LỤC KHAI TỬ"


def _lines(record: etree._Element) -> list[str]:
    died = partial_date(child(record, "nktNgayChet"), "Chet")
    assert died is not None
    hour = text(record, "nktGioPhutChet")
    return [
        f"Họ, chữ đệm, tên: {full_name(record).upper()}",
        f"Số định danh cá nhân: {text(record, 'nktSoDDCN', 'không có')}",
        f"Đã chết vào lúc: {f'{hour}, ' if hour else ''}{date_in_words(*died)}",
        f"Nơi chết: {address(text(record, 'nktNoiChet/dcChiTiet'), text(record, 'nktNoiChet/maXa'))}",
        f"Nguyên nhân: {text(record, 'nktNguyenNhanChet', 'không rõ')}",
    ]
