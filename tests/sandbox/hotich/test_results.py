"""Answer parts of the civil-status service."""

from __future__ import annotations

from datetime import UTC, datetime

from lxml import etree

from sandbox.core.fields import FieldError
from sandbox.hotich.register import Entry
from sandbox.hotich.results import duplicate, refused_fields, registration


def test_each_act_has_its_result(dossier: etree._Element, death: etree._Element) -> None:
    """A birth gives a birth certificate, a death its extract."""
    entry = Entry(7, 2026, datetime(2026, 11, 23, 20, tzinfo=UTC), "001326000007")
    papers = []
    for part in (dossier, death):
        record = part.find("hoTich")
        assert record is not None
        papers.append(registration(record, "00070", entry, with_number=True).findtext("maGiayToKetQua"))
    assert papers == ["KQ.G15.000031", "KQ.G15.000034"]


def test_a_death_is_registered_once(death: etree._Element) -> None:
    """Words say whether it is registered or under way, and under which dossier."""
    record = death.find("hoTich")
    assert record is not None
    done, open_ = (duplicate(record, "D1", registered=registered) for registered in (True, False))
    assert (done.findtext("errorCode"), open_.findtext("errorCode")) == ("DA_DANG_KY", "NGHI_TRUNG")
    assert done.findtext("errorDescription") == "Người này đã được đăng ký khai tử theo hồ sơ D1"


def test_wrong_fields_are_listed() -> None:
    """The code is that of the first, the text names all."""
    answer = refused_fields([FieldError("missing", "a"), FieldError("length", "b")])
    assert answer.findtext("errorCode") == "THIEU_DU_LIEU"
    assert "a không được để trống; b có độ dài" in (answer.findtext("errorDescription") or "")
