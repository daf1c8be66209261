"""Business checks of a request for an identity card."""

from __future__ import annotations

from datetime import date

from lxml import etree

from sandbox.cancuoc.checks import day, request_errors

TODAY = date(2026, 11, 23)
NS = "urn:bca:cancuoc:the-tre-em:1.0"


def test_a_good_request(request_: etree._Element) -> None:
    """Nothing is wrong with the sample."""
    assert request_errors(request_, TODAY) == []


def test_a_place_in_vietnam_has_codes(request_: etree._Element) -> None:
    """Without the commune it is no place."""
    place = request_.find(f"{{{NS}}}Tre/{{{NS}}}QueQuan")
    assert place is not None
    del place.attrib["maXa"]
    assert [item.field for item in request_errors(request_, TODAY)] == ["QueQuan.maXa"]


def test_a_place_abroad_has_none(request_: etree._Element) -> None:
    """Codes are Vietnam's."""
    place = request_.find(f"{{{NS}}}Tre/{{{NS}}}QueQuan")
    assert place is not None
    place.attrib.clear()
    place.set("quocGia", "FR")
    assert request_errors(request_, TODAY) == []


def test_days() -> None:
    """dd-MM-yyyy, and only days that exist."""
    assert day("20-11-2026") == date(2026, 11, 20)
    assert day("31-02-2026") is None
