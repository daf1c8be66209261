"""What the residence service says of a dossier."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from sandbox.core.agency import default_contracts
from sandbox.core.fields import structure_schema
from sandbox.core.xml import child
from sandbox.cutru.notices import Status, moment, notice, say

NOW = datetime(2026, 11, 23, 5, 0, 0, 123, tzinfo=UTC)
HEAD = {"MaGiaoDich": "k", "MaHoSoLienThong": "G22.99.08-261123-000001", "MaHoSo": "G01-261123-000001"}


@pytest.mark.parametrize(
    ("state", "paper"),
    [
        ("DangXuLy", None),
        ("YeuCauBoSung", "PhieuBoSung"),
        ("TuChoi", "PhieuTuChoi"),
        ("DaGiaiQuyet", "KetQua"),
        ("DaRut", None),
    ],
)
def test_each_state_has_its_paper(form: etree._Element, state: str, paper: str | None) -> None:
    """CT05, CT06 or CT08, and every notice is valid."""
    status = Status(state, NOW, "000001/CT", "Lý do", NOW)
    element = notice(1, 1, HEAD, status)
    say(element, status, form)
    schema = structure_schema(default_contracts() / "cutru" / "1.0" / "cutru-thongbao.xsd")
    papers = ("PhieuBoSung", "PhieuTuChoi", "KetQua")
    assert [name for name in papers if child(element, name) is not None] == ([paper] if paper else [])
    assert schema.errors(element) == []
    assert schema.field_errors(element) == []


def test_moments_have_vietnams_offset() -> None:
    """And whole seconds."""
    assert moment(NOW) == "2026-11-23T12:00:00+07:00"
