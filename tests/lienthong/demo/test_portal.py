"""What became of a declaration, against what should have."""

from __future__ import annotations

import dataclasses
from datetime import date

from lxml import etree

from lienthong.demo.case import Case
from lienthong.demo.cases import cases
from lienthong.demo.families import Families
from lienthong.demo.parts import NS
from lienthong.demo.portal import Journey
from tests.worlds import population


def plain(**changes: object) -> Case:
    """The first case, changed."""
    found = cases(Families(population(), date(2026, 11, 23)))[0]
    return dataclasses.replace(found, **changes)  # type: ignore[arg-type]


def status(state: str, correction: str = "") -> etree._Element:
    """A StatusResponse with one step."""
    corrected = f"<Correction><State>{correction}</State></Correction>" if correction else ""
    text = f"<S xmlns='{NS}'><State>{state}</State><Step><Id>pension-stop</Id>{corrected}</Step></S>"
    return etree.fromstring(text)  # noqa: TID251 - the test's own reading


def test_completed_where_it_should_be_refused_is_wrong() -> None:
    """An end is right if it is the one that was meant."""
    journey = Journey(plain(ends="rejected"), status=status("completed"))
    assert not journey.as_it_should
    assert Journey(plain(), status=status("completed")).as_it_should
    assert Journey(plain(ends="refused"), refusal="Sai").as_it_should
    assert not Journey(plain(ends="refused"), refusal="Sự cố", broken=True).as_it_should


def test_a_correction_has_to_go_round() -> None:
    """A death whose act was corrected is over when somebody has taken the correction."""
    case = plain(rectified={"nktNgayChet/ngayChet": "01"})
    assert not Journey(case, status=status("completed", "pending")).as_it_should
    taken = Journey(case, status=status("completed", "accepted"))
    assert taken.as_it_should
    assert taken.accepted == ["pension-stop"]
