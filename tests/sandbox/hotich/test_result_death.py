"""The result of a death registration."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime

import pytest
from lxml import etree

from sandbox.hotich.register import Entry
from sandbox.hotich.result_death import registration, title


def result(part: etree._Element) -> etree._Element:
    """What is registered of a part."""
    record = part.find("hoTich")
    assert record is not None
    return registration(record, "00070", Entry(7, 2026, datetime(2026, 11, 23, 20, tzinfo=UTC)))


def test_a_registration_repeats_what_was_declared(death: etree._Element) -> None:
    """Person, death and notice stand as declared, under the result's own names; Vietnam's day counts."""
    answer = result(death)
    assert answer.findtext("nktHoTen/Ten") == "Thủy"
    assert answer.findtext("nktNgayChet/ngayChet") == "20"
    assert answer.findtext("nktSoGiayTo") == "001148000123"
    assert (answer.findtext("giayBaoTuLoai"), answer.findtext("giayBaoTuSo")) == ("1", "01/GBT-BV")
    assert answer.findtext("ngayDangKy") == "24.11.2026"
    assert b64decode(answer.findtext("giayKhaiTu") or "").startswith(b"%PDF")


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        (datetime(2027, 2, 28, 16, 59, tzinfo=UTC), "TRÍCH LỤC KHAI TỬ"),
        (datetime(2027, 2, 28, 17, 0, tzinfo=UTC), "GIẤY CHỨNG TỬ"),
    ],
)
def test_the_paper_is_renamed(moment: datetime, name: str) -> None:
    """From midnight of 2027-03-01 in Vietnam it is a certificate of death."""
    assert title(Entry(1, moment.year, moment)) == name
