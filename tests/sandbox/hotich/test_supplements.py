"""What is handed in later, refused or taken back, over the real socket of civil status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox import ManualClock
from sandbox.core.xml import parse
from sandbox.hotich import HoTich

if TYPE_CHECKING:
    Client = Any

CODE = "G22.99.08-261123-000001"
DIGEST = "0" * 64


def state(answer: etree._Element) -> str | None:
    """The state in the first value of a poll."""
    return answer.findtext("value/trangThai")


def supplement(key: str) -> etree._Element:
    """A supplement that takes the first paper back."""
    return parse(
        f"<hoSo><module>BS</module><maHoSoLT>{CODE}</maHoSoLT><khoaGiaoDich>{key}</khoaGiaoDich>"
        "<ngayBoSung>23/11/2026 12:10:00</ngayBoSung><noiDungBoSung>Gửi lại</noiDungBoSung>"
        "<fileDinhKem><id>1</id><loaiGiayTo>other</loaiGiayTo><tenGiayTo>Giấy chứng sinh</tenGiayTo>"
        f"<tenTepDinhKem>gcs.pdf</tenTepDinhKem><huyGiayTo>1</huyGiayTo><maBam>{DIGEST}</maBam>"
        "</fileDinhKem></hoSo>".encode()
    )


async def test_supplement(client: Client, agency: HoTich, dossier: etree._Element) -> None:
    """State 2 tells what is asked until when; after the supplement the birth is registered."""
    agency.decisions.add({"outcome": "supplement", "reason": "Thiếu giấy chứng sinh", "times": 1})
    await client.submit(dossier)
    asked = await client.ask(CODE)
    receipt = await client.call("boSungHoSo", supplement("s1"), signed=True)
    again = await client.call("boSungHoSo", supplement("s1"), signed=True)
    assert state(asked) == "2"
    assert asked.findtext("value/ghiChu") == "Thiếu giấy chứng sinh"
    assert asked.findtext("value/hanBoSungHoSo") == "02/12/2026 23:59:59"
    assert receipt.findtext("status") == "1"
    assert "đã được tiếp nhận" in (again.findtext("statusDescription") or "")
    assert state(await client.ask(CODE)) == "4"
    assert agency.desk.get("s1").data["files"] == []


async def test_a_supplement_that_nobody_asked_for(client: Client, dossier: etree._Element) -> None:
    """It is refused with the observed words."""
    await client.submit(dossier)
    receipt = await client.call("boSungHoSo", supplement("s1"), signed=True)
    assert receipt.findtext("status") == "0"
    assert "Logic xử lý không hợp lệ" in (receipt.findtext("errorDescription") or "")


async def test_a_supplement_that_comes_too_late(
    client: Client, agency: HoTich, clock: ManualClock, dossier: etree._Element
) -> None:
    """After the deadline the dossier is refused."""
    agency.decisions.add({"outcome": "supplement", "reason": "Thiếu giấy", "times": 1})
    await client.submit(dossier)
    clock.advance(days=10)
    await client.login()
    assert state(await client.ask(CODE)) == "6"


async def test_rejection(client: Client, agency: HoTich, dossier: etree._Element) -> None:
    """State 6 tells why; the register stays empty."""
    agency.decisions.add({"outcome": "reject", "reason": "Sai thẩm quyền"})
    await client.submit(dossier)
    answer = await client.ask(CODE)
    assert state(answer) == "6"
    assert answer.findtext("value/ghiChu") == "Sai thẩm quyền"
    assert agency.database.rows("SELECT * FROM act") == []


async def test_withdrawal(client: Client, agency: HoTich, dossier: etree._Element) -> None:
    """A dossier without a result can be taken back; after that it cannot be submitted again."""
    agency.decisions.add({"outcome": "hold"})
    await client.submit(dossier)
    part = parse(
        f"<yeuCau><module>LTKS</module><maHoSoLT>{CODE}</maHoSoLT><khoaGiaoDich>w1</khoaGiaoDich>"
        "<lyDo>Nộp nhầm</lyDo></yeuCau>".encode()
    )
    receipt = await client.call("rutHoSo", part, signed=True)
    answer = await client.ask(CODE)
    assert receipt.findtext("status") == "1"
    assert state(answer) == "6"
    assert answer.findtext("value/ghiChu") == "Người yêu cầu rút hồ sơ"
    dossier.find("khoaGiaoDich").text = "k2"  # type: ignore[union-attr]
    assert (await client.submit(dossier)).findtext("status") == "0"
