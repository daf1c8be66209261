"""The reader of mappings backwards notices what it is there to notice."""

from __future__ import annotations

from datetime import date

import pytest
from lxml import etree

from signing.xml import parse
from tests.mappings.inverse import losses
from tests.worlds import ROOT, mappings

ON = date(2026, 11, 23)


def golden(name: str) -> tuple[etree._Element, etree._Element]:
    """Input and output of a mapping's first golden case that is not a refusal."""
    form = min((ROOT / "mappings" / name / "cases").glob("*.out.xml"))
    source = form.with_name(form.name.replace(".out.", ".in."))
    return parse(source.read_bytes()), parse(form.read_bytes())


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        pytest.param("death-to-hotich", "nktHoTen/Ten", "Thùy", id="a name"),
        pytest.param("death-to-hotich", "nktDanToc", "63999", id="a code"),
        pytest.param("death-to-hotich", "nktNgayChet/thangChet", "12", id="a part of a date"),
        pytest.param("death-to-hotich", "nycHoTen", "Nguyễn", id="a name in one line"),
        pytest.param("death-to-hotich", "ngayTiepNhan", "01/01/2001 08:00:00", id="a moment in another form"),
        pytest.param("death-to-cutru", "HoTen", "NGUYỄN", id="capital letters"),
        pytest.param("birth-to-bhxh", "NGAY_SINH", "20010101", id="a date of eight digits"),
    ],
)
def test_a_field_that_says_something_else(name: str, place: str, value: str) -> None:
    """A golden output with one field changed or left out no longer says what its input says."""
    mapping = mappings().get(name, ON)
    for left_out in (False, True):
        source, form = golden(name)
        assert losses(mapping, source, form, ON) == []
        *above, last = (f"{{*}}{step}" for step in place.split("/"))
        field = form.find("/".join([".", "", *above, last]))
        assert field is not None
        if left_out and (parent := field.getparent()) is not None:
            parent.remove(field)
        else:
            field.text = value
        assert any(place.split("/")[-1] in one for one in losses(mapping, source, form, ON)), left_out
