"""Business checks of form TK1-TS."""

from __future__ import annotations

from datetime import date

import pytest
from lxml import etree

from sandbox.bhxh.checks import day, form_errors

TODAY = date(2026, 11, 23)


def test_a_good_form(form: etree._Element) -> None:
    """Nothing is wrong with the sample."""
    assert form_errors(form[0], TODAY) == []


@pytest.mark.parametrize(("hour", "fields"), [("202611200715", []), ("202611210715", ["GIO_SINH"])])
def test_the_hour_belongs_to_the_day(form: etree._Element, hour: str, fields: list[str]) -> None:
    """12 characters that begin with the birth date."""
    place = etree.Element("GIO_SINH")
    place.text = hour
    form[0].append(place)
    assert [item.field for item in form_errors(form[0], TODAY)] == fields


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("20261120", date(2026, 11, 20)),
        ("20261120071500", date(2026, 11, 20)),
        ("20260231", None),
        ("", None),
    ],
)
def test_days(value: str, found: date | None) -> None:
    """Texts of 8, 12 or 14 characters; days that do not exist are none."""
    assert day(value) == found
