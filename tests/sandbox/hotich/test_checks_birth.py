"""Checks of the record of a birth."""

from __future__ import annotations

from datetime import date

import pytest
from lxml import etree

from sandbox.hotich.checks_birth import record_errors

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("nksNgaySinh/ngaySinh", "32", "nksNgaySinh"),
        ("nksNgaySinh/namSinh", "2027", "nksNgaySinh"),
        ("nksLoaiKhaiSinh", "3", "chaHoTen"),
        ("nycQuanHe", "Con", "nycQuanHe"),
    ],
)
def test_what_a_registrar_would_see(dossier: etree._Element, path: str, value: str, field: str) -> None:
    """The field that is wrong is named."""
    record = dossier.find("hoTich")
    assert record is not None
    assert record_errors(record, TODAY) == []
    record.find(path).text = value  # type: ignore[union-attr]
    assert record_errors(record, TODAY)[0].field == field
