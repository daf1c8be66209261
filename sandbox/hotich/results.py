"""The answer parts of the civil-status service: elements without namespace, their form is unqualified."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from sandbox.core.fields import FieldError
from sandbox.core.xml import add_all
from sandbox.hotich import result_birth, result_death
from sandbox.hotich.records import is_death
from sandbox.hotich.register import Entry

TIME = "%d/%m/%Y %H:%M:%S"
OFFICER = {"nguoiXuLy": "Trần Thị Hồng Vân", "chucDanh": "Công chức tư pháp - hộ tịch"}
ERROR_CODES = {
    "length": "DO_DAI",
    "list": "DANH_MUC",
    "format": "DINH_DANG",
    "missing": "THIEU_DU_LIEU",
    "content": "DU_LIEU",
}


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


def duplicate(record: etree._Element, other: str, *, registered: bool) -> etree._Element:
    """KetQuaXuLy for an event that another dossier is about already."""
    if not is_death(record):
        return refused("NGHI_TRUNG", f"Nghi trùng hồ sơ {other}: cùng mẹ, cùng ngày sinh")
    if registered:
        return refused("DA_DANG_KY", f"Người này đã được đăng ký khai tử theo hồ sơ {other}")
    return refused("NGHI_TRUNG", f"Người này đang có hồ sơ đăng ký khai tử {other}")


def refused_fields(errors: Sequence[FieldError]) -> etree._Element:
    """KetQuaXuLy that names every field that is wrong; the code is that of the first."""
    return refused(ERROR_CODES[errors[0].kind], "; ".join(item.sentence for item in errors))


def registration(record: etree._Element, unit: str, entry: Entry, *, with_number: bool) -> etree._Element:
    """The ketQuaXuLy element: what stands in the register, and the paper. ``with_number``: of a birth."""
    if is_death(record):
        return result_death.registration(record, unit, entry)
    return result_birth.registration(record, unit, entry, with_number=with_number)
