"""What the gateway answers and what it sends: documents without namespace."""

from __future__ import annotations

from datetime import datetime

from lxml import etree

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


class Refusal(Exception):
    """Answer a code other than 200 or 210; nothing was taken in."""

    def __init__(self, code: str, text: str, field: str = "") -> None:
        """``code`` is one of MAKETQUA, ``field`` the tag that is wrong."""
        super().__init__(text)
        self.code, self.text, self.field = code, text, field


def receipt(
    code: str, sentence: str, at: datetime, *, transaction: str = "", field: str = ""
) -> etree._Element:
    """KetQuaTiepNhan."""
    element = etree.Element("KetQuaTiepNhan")
    add_all(element, MaGD=transaction, MaKetQua=code, ThoiGianTiepNhan=local(at, TIME))
    add_all(element, MoTa=sentence[:1024], TruongLoi=field)
    return element


def result(identifier: str, head: dict[str, str], state: str, at: datetime) -> etree._Element:
    """HSDLKQ, unsigned; ``head`` has MA_TB, MA_GD, MA_GD_DOITAC and MA_HSLT."""
    root = etree.Element("HSDLKQ")
    body = add(root, "KETQUA")
    body.set("Id", f"Id-{identifier}")
    add_all(body, **head, TRANG_THAI=state, THOI_GIAN=local(at, TIME), **OFFICER)
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
