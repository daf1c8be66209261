"""What the gateway answers and what it sends: documents without namespace."""

from __future__ import annotations

from datetime import datetime

from lxml import etree

from sandbox.bhxh.benefit import Benefit
from sandbox.bhxh.card import Card
from sandbox.core.readable import local
from sandbox.core.xml import add, add_all, text

TIME = "%Y%m%d%H%M%S"
DAY = "%Y%m%d"
OFFICER = {
    "NGUOI_XULY": "Phạm Thu Hà",
    "CHUC_DANH": "Chuyên viên quản lý thu - sổ, thẻ",
    "DON_VI": "BHXH cơ sở",
}
CLERK = {
    "NGUOI_XULY": "Ngô Quang Vinh",
    "CHUC_DANH": "Chuyên viên chế độ bảo hiểm xã hội",
    "DON_VI": "BHXH cơ sở",
}


class Refusal(Exception):
    """Answer a code other than 200 or 210; nothing was taken in."""

    def __init__(self, code: str, text: str, field: str = "") -> None:
        """``code`` is one of MAKETQUA, ``field`` the tag that is wrong."""
        super().__init__(text)
        self.code, self.text, self.field = code, text, field


def receipt(
    code: str, sentence: str, at: datetime, *, key: str = "", transaction: str = "", field: str = ""
) -> etree._Element:
    """KetQuaTiepNhan."""
    element = etree.Element("KetQuaTiepNhan")
    add_all(element, MaGD=transaction, MaGDDoiTac=key, MaKetQua=code, ThoiGianTiepNhan=local(at, TIME))
    add_all(element, MoTa=sentence[:1024], TruongLoi=field)
    return element


def result(identifier: str, head: dict[str, str], state: str, at: datetime) -> etree._Element:
    """HSDLKQ, unsigned; ``head`` has MA_TB, MA_GD, MA_GD_DOITAC, MA_HSLT and LOAI_HS."""
    root = etree.Element("HSDLKQ")
    body = add(root, "KETQUA")
    body.set("Id", f"Id-{identifier}")
    officer = OFFICER if head["LOAI_HS"] == "TK1" else CLERK
    add_all(body, **head, TRANG_THAI=state, THOI_GIAN=local(at, TIME), **officer)
    add(root, "CHUKYDONVI")
    return root


def say(root: etree._Element, reason: str, until: datetime | None) -> None:
    """Add the agency's words, and until when a supplement is awaited."""
    add_all(root[0], NOI_DUNG=reason, HAN_BOSUNG=local(until, DAY) if until else None)


def say_card(root: etree._Element, form: etree._Element, card: Card) -> None:
    """Add the card."""
    add_all(root[0], HO_TEN=text(form, "HO_TEN"), SO_DDCN=text(form, "SO_DDCN"))
    add_all(root[0], MA_BHXH=card.insurance_number, MA_THE=card.number, MUC_HUONG=card.benefit)
    add_all(root[0], TU_NGAY=card.born.strftime(DAY), DEN_NGAY=card.valid_until.strftime(DAY))
    add(root[0], "MA_CSKCB", text(form, "MA_CSKCB"))


def say_benefit(root: etree._Element, form: etree._Element, benefit: Benefit) -> None:
    """Add the decision on an allowance, or the notice that a pension is stopped."""
    add_all(root[0], HO_TEN=benefit.name, SO_DDCN=text(form, "SO_DDCN"), MA_BHXH=benefit.insurance_number)
    if benefit.stopped is not None:
        add_all(root[0], SO_TBDUNG=benefit.paper, DUNG_TU_NGAY=benefit.stopped.strftime(DAY))
        return
    decided = benefit.decided.strftime(DAY) if benefit.decided else None
    add_all(root[0], SO_QD=benefit.paper, NGAY_QD=decided)
    add_all(root[0], SO_TIEN=benefit.amount, NGUOI_NHAN=benefit.payee)


def listing(code: str, sentence: str) -> etree._Element:
    """DanhSachTiepNhan with nothing on it yet."""
    element = etree.Element("DanhSachTiepNhan")
    add_all(element, MaKetQua=code, MoTa=sentence)
    return element
