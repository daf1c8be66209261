"""What the residence service says of a dossier: the same facts in answers and in call-backs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from sandbox.core.readable import VIETNAM, local
from sandbox.core.xml import add, add_all, text
from sandbox.cutru.checks import NAMESPACE
from sandbox.cutru.register import is_removal

OFFICER = {"HoTen": "LÊ QUANG ĐỨC", "ChucVu": "Cán bộ đăng ký cư trú", "DonVi": "Công an cấp xã"}


@dataclass(frozen=True, slots=True)
class Status:
    """State of a dossier with what belongs to it; ``paper`` is the number of CT05, CT06 or CT08."""

    state: str
    at: datetime
    paper: str = ""
    reason: str = ""
    until: datetime | None = None


def document(name: str, **values: object) -> etree._Element:
    """A document of the contract with simple children."""
    element = etree.Element(f"{{{NAMESPACE}}}{name}", nsmap={"ct": NAMESPACE})
    add_all(element, **values)
    return element


def moment(at: datetime) -> str:
    """Date and time with Vietnam's offset, whole seconds."""
    return at.astimezone(VIETNAM).replace(microsecond=0).isoformat()


def say(element: etree._Element, status: Status, form: etree._Element, *, closed: bool = False) -> None:
    """Append what belongs to the state: CT05, CT06 or CT08. ``closed``: a removal ended the household."""
    if status.state == "YeuCauBoSung" and status.until is not None:
        paper = add(element, "PhieuBoSung")
        until = local(status.until, "%Y-%m-%d")
        add_all(paper, SoPhieu=status.paper, NoiDung=status.reason or "Bổ sung hồ sơ", HanBoSung=until)
    elif status.state == "TuChoi":
        add_all(add(element, "PhieuTuChoi"), SoPhieu=status.paper, LyDo=status.reason or "Không đủ điều kiện")
    elif status.state == "DaGiaiQuyet" and is_removal(form):
        _removal(add(element, "KetQuaXoa"), status, form, closed)
    elif status.state == "DaGiaiQuyet":
        _result(add(element, "KetQua"), status, form)


def notice(number: int, sequence: int, head: dict[str, str], status: Status) -> etree._Element:
    """A ThongBaoKetQua without what `say` appends; ``head`` has MaGiaoDich, MaHoSoLienThong and MaHoSo."""
    element = document(
        "ThongBaoKetQua", MaThongBao=f"TB-{number:08d}-{head['MaHoSo']}", SoThuTu=sequence, **head
    )
    add_all(element, TrangThai=status.state, ThoiDiem=moment(status.at))
    add_all(add(element, "CanBo"), **OFFICER)
    return element


def _result(element: etree._Element, status: Status, form: etree._Element) -> None:
    day = _person(element, status, form)
    add_all(element, HoTenChuHo=text(form, "ChuHo/HoTen"), SoDinhDanhChuHo=text(form, "ChuHo/SoDinhDanh"))
    add_all(element, QuanHeVoiChuHo=text(form, "ChuHo/QuanHe"), NgayDangKy=day)


def _removal(element: etree._Element, status: Status, form: etree._Element, closed: bool) -> None:
    day = _person(element, status, form)
    add_all(element, NgayXoa=day, HoChamDut="true" if closed else "false")


def _person(element: etree._Element, status: Status, form: etree._Element) -> str:
    """Append number and day of the notice, the person and the place; the day."""
    day = local(status.at, "%Y-%m-%d")
    add_all(element, SoThongBao=status.paper, NgayThongBao=day, HoTen=text(form, "HoTen"))
    add(element, "SoDinhDanh", text(form, "SoDinhDanh"))
    place = add(element, "NoiThuongTru")
    add_all(place, **{name: text(form, f"NoiThuongTru/{name}") for name in ("MaTinh", "MaXa", "ChiTiet")})
    return day
