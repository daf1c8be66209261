"""Business checks of a dossier: what the schema cannot say, in the order a registrar would look."""

from __future__ import annotations

from datetime import date

from lxml import etree

from sandbox.core.fields import FieldError, not_composed, wrong_file, wrong_place
from sandbox.core.xml import child, local_name, text
from sandbox.hotich import checks_birth, checks_death
from sandbox.hotich.records import is_death, module


def dossier_errors(part: etree._Element, today: date) -> list[FieldError]:
    """Everything that is wrong with a HoSoDKHT part that is valid for its schema."""
    record = child(part, "hoTich")
    assert record is not None
    unit = text(part, "maDonVi")
    errors = [*not_composed(part), *wrong_place("maDonVi", "", unit)]
    if text(part, "module") != module(record):
        errors.append(FieldError("content", "module", "module không phù hợp với nội dung hồ sơ hộ tịch"))
    if text(record, "noiDangKy") != unit:
        errors.append(FieldError("content", "noiDangKy", "noiDangKy phải là đơn vị tiếp nhận (maDonVi)"))
    return [*errors, *record_errors(record, today), *file_errors(part)]


def record_errors(record: etree._Element, today: date) -> list[FieldError]:
    """What is wrong with the hoTich element itself."""
    if is_death(record):
        return checks_death.record_errors(record, today)
    return checks_birth.record_errors(record, today)


def file_errors(part: etree._Element) -> list[FieldError]:
    """Attached files whose content cannot be read or is not what its hash says."""
    files = (item for item in part if local_name(item) == "fileDinhKem")
    checked = (
        wrong_file("fileDinhKem", text(item, "maBam"), text(item, "duLieuTepDinhKem")) for item in files
    )
    return [error for errors in checked for error in errors]
