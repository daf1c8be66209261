"""The result of a birth registration."""

from __future__ import annotations

from datetime import UTC, datetime

from lxml import etree

from sandbox.hotich.register import Entry
from sandbox.hotich.result_birth import registration

ENTRY = Entry(7, 2026, datetime(2026, 11, 23, 20, tzinfo=UTC), "001326000007")


def record(dossier: etree._Element) -> etree._Element:
    """The hoTich of the sample."""
    found = dossier.find("hoTich")
    assert found is not None
    return found


def test_a_registration_repeats_what_was_declared(dossier: etree._Element) -> None:
    """Names, places and parents stand as declared; papers under the result's own name."""
    result = registration(record(dossier), "00070", ENTRY, with_number=True)
    assert result.findtext("soDinhDanh") == "001326000007"
    assert result.findtext("nksHoTen/Ten") == "Thủy"
    assert result.findtext("meNgaySinh/namSinh") == "1998"
    assert result.findtext("meSoGiayTo") == "001198000123"
    assert result.find("meSoGiayToTuyThan") is None


def test_the_day_is_vietnams(dossier: etree._Element) -> None:
    """20:00 UTC is the next day."""
    result = registration(record(dossier), "00070", ENTRY, with_number=False)
    assert result.findtext("ngayDangKy") == "24.11.2026"
    assert result.find("soDinhDanh") is None


def test_the_date_in_words_is_made_if_absent(dossier: etree._Element) -> None:
    """The citizen need not write it."""
    result = registration(record(dossier), "00070", ENTRY, with_number=True)
    assert (result.findtext("nksNgaySinhBangChu") or "").startswith("Ngày hai mươi tháng mười một")
