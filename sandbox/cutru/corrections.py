"""Corrections of the civil act on which a dossier rests: taken over into the form, once per key."""

from __future__ import annotations

from lxml import etree

from sandbox.core.fields import FieldError
from sandbox.core.xml import child, copy_of, text
from sandbox.cutru.checks import NAMESPACE

SCHEMA = """
CREATE TABLE IF NOT EXISTS correction (key TEXT PRIMARY KEY, dossier TEXT NOT NULL, fields TEXT NOT NULL);
"""
TAKEN_OVER = ("HoTen", "NgaySinh", "GioiTinh", "KhaiSinh", "KhaiTu", "NgayChet")


def errors(form: etree._Element, message: etree._Element) -> list[FieldError]:
    """Why the form cannot be corrected so: another act, or another person's number."""
    act = "KhaiTu" if child(message, "KhaiTu") is not None else "KhaiSinh"
    if child(form, act) is None:
        return [FieldError("content", act, f"{act}: hồ sơ không dựa trên việc hộ tịch này")]
    number = text(message, "SoDinhDanh")
    if number and number != text(form, "SoDinhDanh"):
        return [FieldError("content", "SoDinhDanh", "SoDinhDanh: số định danh không đính chính được tại đây")]
    return []


def corrected(form: etree._Element, message: etree._Element) -> etree._Element:
    """A copy of the form with what the act says now; what the message leaves out stays."""
    changed = copy_of(form)
    for name in TAKEN_OVER:
        old, new = (element.find(f"{{{NAMESPACE}}}{name}") for element in (changed, message))
        if old is not None and new is not None:
            changed.replace(old, copy_of(new))
    return changed


def fields(message: etree._Element) -> str:
    """The names of what changed, for people."""
    return ", ".join(text(item, "Truong") for item in message.iterfind(f"{{{NAMESPACE}}}ThayDoi"))
