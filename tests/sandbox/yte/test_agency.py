"""Health facilities: papers with versions, signed by each facility, and looked up by code."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from lxml import etree

from sandbox import ManualClock, Sandbox
from sandbox.core.dsig import BadSignature, verify_two_reference
from sandbox.core.xml import parse, text
from sandbox.yte import Yte

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
BIRTH = {
    "HOTEN_NND": "Trần Thị Bé",
    "NGAYSINH_NND": "1995",
    "NOI_CU_TRU_NND": "Hà Nội",
    "MATINH_CU_TRU": "01",
    "MAXA_CU_TRU": "00070",
    "LOAI_GIAYTO_NND": "0",
    "NGAY_SINH_CON": "20261123043000",
    "GIOI_TINH_CON": "2",
}


@pytest.fixture
async def yte(tmp_path: Path) -> AsyncIterator[Yte]:
    """The facilities."""
    async with Sandbox(tmp_path, agencies=["yte"], clock=ManualClock(NOON)) as box:
        found = box.agency("yte")
        assert isinstance(found, Yte)
        yield found


async def ask(yte: Yte, code: str, key: str = "khoa-yte") -> etree._Element:
    """HoiChungTu."""
    parts = {"MaYeuCau": "r-1", "MaCanBo": "CB1", "MaDonVi": "H01", "MucDich": "-", "MaChungTu": code}
    question = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items())
    async with (
        aiohttp.ClientSession(headers={"X-Api-Key": key}) as session,
        session.post(f"{yte.url}/api/traCuuChungTu", data=f"<HoiChungTu>{question}</HoiChungTu>") as answer,
    ):
        return parse(await answer.read())


async def test_papers(yte: Yte) -> None:
    """Codes count per facility; what is issued is valid, and found as its facility signed it."""
    codes = [yte.issue("birth", facility, **BIRTH) for facility in ("01005", "01005", "01010")]
    assert codes == ["00001.GCS.01005.26", "00002.GCS.01005.26", "00001.GCS.01010.26"]
    answer = await ask(yte, codes[2])
    assert [*yte.documents.errors(answer), *yte.documents.field_errors(answer)] == []
    paper = answer[1]
    for facility, genuine in (("01010", True), ("01005", False)):
        certificate = yte.keys[facility].certificate
        arguments = {"payload": "GIAYCHUNGSINH", "holder": "CHUKYDONVI"}
        if genuine:
            verify_two_reference(paper, certificate, NOON, **arguments)
        else:
            with pytest.raises(BadSignature):
                verify_two_reference(paper, certificate, NOON, **arguments)


async def test_issued_again_and_withdrawn(yte: Yte) -> None:
    """A new issue keeps its code; a paper that was withdrawn is not found, nor is anything with a wrong key."""
    code = yte.issue("birth", **BIRTH)
    yte.reissue(code, HOTEN_NND="Trần Thị Bẻ")
    found = await ask(yte, code)
    assert text(found, "HSDLGCS/GIAYCHUNGSINH/HOTEN_NND") == "Trần Thị Bẻ"
    assert text(found, "HSDLGCS/GIAYCHUNGSINH/CAP_LAN_DAU") == "0"
    assert text(await ask(yte, code, key="x"), "MaKetQua") == "401"
    yte.withdraw(code)
    assert text(await ask(yte, code), "MaKetQua") == "1005"
    with pytest.raises(KeyError):
        yte.push("99999.GCS.01005.26")


async def test_issued_by_hand(yte: Yte) -> None:
    """A person lets a facility issue a paper over HTTP; a tag that there is not is told."""
    async with aiohttp.ClientSession() as session:
        made = await session.post(f"{yte.url}/cap", json={"kind": "birth", "tags": BIRTH})
        code = (await made.json())["code"]
        again = await session.post(f"{yte.url}/cap", json={"code": code, "tags": {"TEN_CON": "An"}})
        wrong = await session.post(f"{yte.url}/cap", json={"tags": {"TEN_BE": "An"}})
        assert [answer.status for answer in (made, again, wrong)] == [200, 200, 400]
    assert len(yte.callbacks.all()) == 2
