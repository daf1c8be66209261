"""The synthetic birth certificate."""

from __future__ import annotations

import re

from sandbox.hotich.certificate import certificate

PDF = certificate("Giấy khai sinh", ["Nguyễn Thị (Thủy)", "Đà Nẵng"])


def test_is_a_pdf_whose_offsets_are_right() -> None:
    """Every entry of the cross-reference table points at its object."""
    offsets = [int(item) for item in re.findall(rb"(\d{10}) 00000 n", PDF)]
    assert PDF.startswith(b"%PDF-1.4")
    assert PDF.endswith(b"%%EOF\n")
    assert [PDF[place:].split(b" obj")[0] for place in offsets] == [
        b"%d 0" % number for number in range(1, 7)
    ]


def test_start_of_the_table_is_right() -> None:
    """startxref points at the table."""
    start = int(re.search(rb"startxref\n(\d+)", PDF)[1])  # type: ignore[index]
    assert PDF[start:].startswith(b"xref")


def test_keeps_the_vietnamese_text_in_its_metadata() -> None:
    """What is printed is Latin and escaped, the title has its diacritics."""
    assert b"(Nguyen Thi \\(Thuy\\)) Tj" in PDF
    assert "Giấy khai sinh".encode("utf-16-be").hex().upper().encode() in PDF
