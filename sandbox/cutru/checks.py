"""Business checks of a declaration CT01: what the schema cannot say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from lxml import etree

from sandbox.core.fields import FieldError, not_composed, wrong_file, wrong_place
from sandbox.core.xml import local_name, text

NAMESPACE = "urn:bca:cutru:ct01:1.0"
CODES = {
    "length": "DO_DAI",
    "list": "DANH_MUC",
    "format": "DINH_DANG",
    "missing": "THIEU",
    "content": "NOI_DUNG",
}


def form_errors(form: etree._Element, today: date) -> list[FieldError]:
    """Everything that is wrong with a ToKhaiCT01 or a ToKhaiXoaThuongTru that is valid for its schema."""
    office, commune = text(form, "KinhGui")[:5], text(form, "NoiThuongTru/MaXa")
    errors = [
        *not_composed(form),
        *wrong_place("KinhGui", "", office),
        *wrong_place("NoiThuongTru.MaXa", text(form, "NoiThuongTru/MaTinh"), commune),
        *_names(form),
        *_dates(form, today),
        *file_errors(form),
    ]
    if office != commune:
        errors.append(FieldError("content", "KinhGui", f"KinhGui: nơi thường trú thuộc xã {commune}"))
    return errors


def file_errors(form: etree._Element) -> list[FieldError]:
    """Attached files whose content cannot be read or is not what its hash says."""
    files = (item for item in form if local_name(item) == "TepDinhKem")
    checked = (wrong_file("TepDinhKem", text(item, "SHA256"), text(item, "NoiDung")) for item in files)
    return [error for errors in checked for error in errors]


def error_detail(errors: Iterable[FieldError]) -> etree._Element:
    """The LoiNghiepVu element for the detail of a fault."""
    detail = etree.Element(f"{{{NAMESPACE}}}LoiNghiepVu", nsmap={"ct": NAMESPACE})
    for error in list(errors)[:50]:
        entry = etree.SubElement(detail, f"{{{NAMESPACE}}}Loi")
        values = (("Ma", CODES[error.kind]), ("Truong", error.field), ("MoTa", error.sentence[:1000]))
        for name, value in values:
            etree.SubElement(entry, f"{{{NAMESPACE}}}{name}").text = value
    return detail


def _names(form: etree._Element) -> Iterator[FieldError]:
    """The form is filled in capital letters."""
    for item in form.iter(f"{{{NAMESPACE}}}HoTen"):
        if item.text and item.text != item.text.upper():
            yield FieldError("format", "HoTen", "viết chữ in hoa")


def _dates(form: etree._Element, today: date) -> Iterator[FieldError]:
    for item in form.iter(f"{{{NAMESPACE}}}NgaySinh", f"{{{NAMESPACE}}}NgayChet"):
        # The dates of a removal may be partial; as text they compare as far as they are known.
        if (item.text or "").strip() > today.isoformat():
            yield FieldError("content", local_name(item), f"{local_name(item)} ở tương lai")
