"""Documents that social protection answers with."""

from __future__ import annotations

from datetime import datetime

from lxml import etree

from sandbox.core.readable import local
from sandbox.core.xml import add, add_all

TIME, DAY = "%d/%m/%Y %H:%M:%S", "%d/%m/%Y"
DONE, AGAIN, ACCOUNT, CONTRACT, FIELD, STATE, UNKNOWN = "0", "1", "101", "102", "103", "104", "105"


class Refusal(Exception):
    """Nothing was taken in: error_code, a sentence, and the field if it is one."""

    def __init__(self, code: str, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.field = code, sentence, field


def receipt(
    code: str, sentence: str, at: datetime, *, number: str | None = None, field: str | None = None
) -> etree._Element:
    """KetQuaDongBo."""
    answer = etree.Element("KetQuaDongBo")
    add_all(answer, error_code=code, message=sentence[:1000], Truong=field, MaTiepNhan=number)
    add(answer, "ThoiDiem", local(at, TIME))
    return answer


def refused(root: str, refusal: Refusal, at: datetime) -> etree._Element:
    """The answer named ``root`` that says no."""
    if root == "KetQuaDongBo":
        return receipt(refusal.code, refusal.sentence, at, field=refusal.field)
    answer = etree.Element(root)
    add_all(answer, error_code=refusal.code, message=refusal.sentence[:1000])
    if root == "DanhSachHoSo":
        add(answer, "ConTiep", "0")
    return answer
