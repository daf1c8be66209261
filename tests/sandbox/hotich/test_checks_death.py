"""Checks of the record of a death."""

from __future__ import annotations

from datetime import date

import pytest
from lxml import etree

from sandbox.hotich.checks_death import record_errors

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("nktNgayChet/ngayChet", "31", "nktNgayChet"),
        ("nktNgayChet/namChet", "2027", "nktNgayChet"),
        ("nktNgayChet/namChet", "1947", "nktNgayChet"),
        ("gbtLoai", "0", "gbtSo"),
        ("gbtNgay", "24.11.2026", "gbtNgay"),
        ("nktNoiChet/maTinh", "48", "nktNoiChet.maXa"),
        ("nktSoGiayToTuyThan", "001148123", "nktSoGiayToTuyThan"),
        ("nycQuanHe", "Mẹ", "nycQuanHe"),
        ("nycSoDDCN", "001148000123", "nycSoDDCN"),
    ],
)
def test_what_a_registrar_would_see(death: etree._Element, path: str, value: str, field: str) -> None:
    """The field that is wrong is named."""
    record = death.find("hoTich")
    assert record is not None
    assert record_errors(record, TODAY) == []
    record.find(path).text = value  # type: ignore[union-attr]
    assert record_errors(record, TODAY)[0].field == field


def test_a_residence_and_a_notice_are_told_whole(death: etree._Element) -> None:
    """A permanent residence is somewhere, a notice of death has its number."""
    record = death.find("hoTich")
    assert record is not None
    for name in ("nktNoiCuTru", "gbtSo"):
        record.remove(record.find(name))  # type: ignore[arg-type]
    assert [error.field for error in record_errors(record, TODAY)] == ["nktNoiCuTru", "gbtSo"]
