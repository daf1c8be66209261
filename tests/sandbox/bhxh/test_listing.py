"""danhSach: questions and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from sandbox import ManualClock
from sandbox.bhxh import Bhxh, listing
from sandbox.bhxh.answers import Refusal
from sandbox.core.decisions import Verdict
from sandbox.core.xml import text

if TYPE_CHECKING:
    Client = Any


def keys(found: etree._Element) -> list[str]:
    """Keys on a page."""
    return [text(row, "MaGDDoiTac") for row in found.iter("HoSo")]


@pytest.fixture
async def three(client: Client, clock: ManualClock, deaths: dict[str, etree._Element]) -> list[str]:
    """Keys of three files, taken in a minute apart from noon on."""
    for kind, root in deaths.items():
        assert text(await client.send(root, kind), "MaKetQua") == "200"
        clock.advance(minutes=1)
    return [text(root[0], "MA_GD_DOITAC") for root in deaths.values()]


async def test_pages(client: Client, three: list[str], agency: Bhxh) -> None:
    """Two lines a page, oldest first; each page says whether there is another."""
    first, second, third = [await client.list(trang=str(number)) for number in (1, 2, 3)]
    assert (keys(first), keys(second), keys(third)) == (three[:2], three[2:], [])
    assert [text(page, "ConNua") for page in (first, second, third)] == ["1", "0", "0"]
    assert [row.findtext("LoaiHs") for row in first.iter("HoSo")] == ["MTP", "TT"]
    for page in (first, second, third):
        assert agency.documents.errors(page) == []
        assert agency.documents.field_errors(page) == []


async def test_between_two_moments(client: Client, three: list[str]) -> None:
    """The first moment counts, the last does not: nights that follow each other miss nothing and repeat nothing."""
    until = await client.ask(
        "<HoiDanhSach><TuThoiDiem>20261123120000</TuThoiDiem><DenThoiDiem>20261123120200</DenThoiDiem></HoiDanhSach>"
    )
    since = await client.ask("<HoiDanhSach><TuThoiDiem>20261123120200</TuThoiDiem></HoiDanhSach>")
    assert (keys(until), keys(since)) == (three[:2], three[2:])


async def test_the_state_is_that_of_the_file(client: Client, three: list[str], agency: Bhxh) -> None:
    """What was granted says so, and so does what a person still has to look at."""
    agency.desk.decide(three[1], Verdict("pending"))
    rows = [*(await client.list()).iter("HoSo"), *(await client.list(trang="2")).iter("HoSo")]
    assert [row.findtext("TrangThai") for row in rows] == ["05", "02", "05"]


async def test_other_units_see_nothing(client: Client, three: list[str]) -> None:
    """A unit is told what it sent itself."""
    assert await client.login("mat-khau-khac", "tinh-khac") == 200
    assert keys(await client.list()) == []


@pytest.mark.parametrize(
    "given", [{"trang": "0"}, {"trang": "hai"}, {"ngay": "hôm nay"}, {"tuThoiDiem": "20261123"}]
)
def test_a_question_that_is_none(agency: Bhxh, given: dict[str, str]) -> None:
    """It is refused, not answered with everything."""
    with pytest.raises(Refusal):
        listing.by_fields(given, agency.documents)
