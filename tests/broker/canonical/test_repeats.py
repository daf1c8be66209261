"""What a registration repeats of the declaration."""

from __future__ import annotations

import pytest

from broker.canonical.document import read
from broker.canonical.repeats import declared, differing
from tests.broker.canonical.samples import declaration


def result(inner: str) -> str:
    """A registration result with these leaves."""
    return f'<Registration xmlns="urn:lienthong:1.0"><Number>1</Number>{inner}</Registration>'


def test_what_is_expected() -> None:
    """Name, sex and date of birth of the child, and the office that registers."""
    expected = declared("Registration", declaration())
    assert expected["ChildName"] == "Trần Hòa"
    assert {"ChildSex", "ChildBirthDate", "Office/Province", "Office/Commune"} < set(expected)
    assert declared("HealthCard", declaration()) == {}


@pytest.mark.parametrize(
    ("inner", "fields"),
    [
        ("<ChildName>TRẦN HOÀ</ChildName><ChildSex>2</ChildSex><ChildBirthDate>2026</ChildBirthDate>", ()),
        ("<ChildName>Trần Hóa</ChildName>", ("ChildName",)),
        ("<ChildSex>1</ChildSex><ChildName>Trần Hòa</ChildName>", ("ChildSex",)),
        ("<ChildBirthDate>2026-09-02</ChildBirthDate>", ("ChildBirthDate",)),
        ("<Office><Province>01</Province><Commune>00070</Commune></Office>", ("Office/Commune",)),
        ("", ()),
    ],
)
def test_differences(inner: str, fields: tuple[str, ...]) -> None:
    """A name in other capitals or tone place is the same, a year agrees with its day; what is absent says nothing."""
    assert differing(declaration(), read(result(inner).encode())) == fields
