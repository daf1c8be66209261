"""Answers of the population database as XML, in the shapes and namespaces that were observed."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from lxml import etree

from sandbox.core.database import Row
from sandbox.core.readable import local
from sandbox.core.xml import add, add_all
from sandbox.dancu.register import capitals

RESULT = "http://www.mic.gov.vn/dancu/1.0"
KIN = "http://gtel.vn/qldc"
NOT_FOUND = "Không tìm thấy công dân phù hợp"
FOUND = "Tìm thấy công dân"


class People(Protocol):
    """Where relatives are looked up."""

    def person(self, number: str) -> Row | None:
        """The row of a number."""


def collection(row: Row | None, people: People, request_id: str, now: datetime) -> etree._Element:
    """The answer to a look-up: one citizen or none."""
    root = etree.Element(f"{{{RESULT}}}CongdanCollection", nsmap={"ns1": RESULT})
    root.set("SoCongDan", "0" if row is None else "1")
    root.set("GhiChu", NOT_FOUND if row is None else FOUND)
    root.set("ThoiDiemDuLieu", local(now, "%Y%m%d%H%M%S"))
    root.set("id", request_id)
    if row is not None:
        _citizen(add(root, "CongDan"), row, people)
    return root


def confirmation(belongs: bool, request_id: str, now: datetime) -> etree._Element:
    """The answer to the question whether values belong together."""
    root = etree.Element(f"{{{RESULT}}}KetQuaXacThuc", nsmap={"ns1": RESULT})
    note = "Thông tin khớp" if belongs else "Thông tin không khớp"
    add_all(
        root, MaYeuCau=request_id, KetQua=int(belongs), GhiChu=note, ThoiDiemDuLieu=local(now, "%Y%m%d%H%M%S")
    )
    return root


def kinship(related: bool, request_id: str) -> etree._Element:
    """The answer to the question whether two people are related in a given way."""
    root = etree.Element(f"{{{KIN}}}KetQuaXacMinh", nsmap={"ns1": KIN})
    note = "Đúng quan hệ" if related else "Không có quan hệ này trong cơ sở dữ liệu"
    add_all(root, MaYeuCau=request_id, KetQua=int(related), GhiChu=note)
    return root


def _citizen(element: etree._Element, row: Row, people: People) -> None:
    add_all(element, SoDinhDanh=row["so_dinh_danh"], SoCMND=row["so_cmnd"])
    _name(element, row)
    add_all(
        element,
        GioiTinh=row["gioi_tinh"],
        DanToc=row["dan_toc"],
        TonGiao=row["ton_giao"],
        TinhTrangHonNhan=row["tinh_trang_hon_nhan"],
        NhomMau=row["nhom_mau"],
    )
    _birth(element, row["ngay_sinh"])
    for name in ("NoiDangKyKhaiSinh", "QueQuan"):
        _place(element, name, row["que_tinh"], row["que_xa"])
    for name in ("ThuongTru", "NoiOHienTai"):
        _place(element, name, row["ma_tinh"], row["ma_xa"], row["dia_chi"])
    add(element, "QuocTich", "VN")
    for name, column in (("Cha", "cha"), ("Me", "me"), ("VoChong", "vo_chong")):
        _relative(element, name, people.person(row[column]) if row[column] else None)
    _head(element, row, people)
    add(element, "SoSoHoKhau", row["so_ho"])


def _name(parent: etree._Element, row: Row) -> None:
    """Ho and ChuDem are present even when empty: for some people the whole name is in Ten."""
    name = add(parent, "HoVaTen")
    for tag, column in (("Ho", "ho"), ("ChuDem", "chu_dem"), ("Ten", "ten")):
        add(name, tag, capitals(row[column]))


def _birth(parent: etree._Element, birth: str) -> None:
    element = add(parent, "NgayThangNamSinh")
    add(element, "Nam" if len(birth) == 4 else "NgayThangNam", birth.replace("-", ""))


def _place(parent: etree._Element, name: str, province: str, commune: str, detail: str = "") -> None:
    add_all(add(parent, name), MaTinhThanh=province, MaPhuongXa=commune, ChiTiet=detail, QuocGia="VN")


def _relative(parent: etree._Element, name: str, row: Row | None) -> None:
    if row is not None:
        element = add(parent, name)
        _name(element, row)
        add_all(element, QuocTich="VN", SoDinhDanh=row["so_dinh_danh"], SoCMND=row["so_cmnd"])


def _head(parent: etree._Element, row: Row, people: People) -> None:
    head = people.person(row["chu_ho"])
    if head is not None:
        element = add(parent, "ChuHo")
        add_all(element, QuanHe=row["quan_he"], SoDinhDanh=head["so_dinh_danh"], SoCMND=head["so_cmnd"])
        _name(element, head)
