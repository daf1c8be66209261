"""The funeral-support service over its real socket."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from sandbox import ManualClock
from sandbox.btxh import Btxh
from sandbox.core.xml import child, parse, text

if TYPE_CHECKING:
    Client = Any

CODE = "G22.99.08-261123-000417"
KEY = f"{CODE}:funeral-merit:1"


def follow_up(name: str, version: int, inside: str, *, kind: str = "NCC") -> etree._Element:
    """A supplement, withdrawal or correction."""
    return parse(
        f"<{name}><AcceptKey>-</AcceptKey><KhoaGiaoDich>{CODE}:funeral-merit:{version}</KhoaGiaoDich>"
        f"<MaHoSo>{CODE}</MaHoSo><DoiTuongMaiTang>{kind}</DoiTuongMaiTang>"
        f"<ThoiDiem>20261125100000</ThoiDiem>{inside}</{name}>".encode()
    )


def correction(name: str = "Nguyễn Thị Tứ", number: str = "001141003388") -> etree._Element:
    """Civil status corrected the name."""
    return follow_up(
        "DinhChinhHoSo",
        3,
        f"<nktHoVaTen>{name}</nktHoVaTen><nktSoDinhDanh>{number}</nktSoDinhDanh>"
        "<KhaiTu><So>112</So><QuyenSo>01/2026</QuyenSo><NgayDangKy>23/11/2026</NgayDangKy></KhaiTu>"
        "<ThayDoi><Truong>DeceasedName</Truong></ThayDoi>",
    )


async def test_valid(client: Client, agency: Btxh, merit: etree._Element) -> None:
    """Taken in under a number of the agency; the decision is found by asking, and names amount and recipient."""
    receipt = await client.send("DongBoDVC", merit)
    found = child(await client.ask(KEY), "TienTrinh")
    assert found is not None
    assert (text(receipt, "error_code"), text(receipt, "MaTiepNhan")) == ("0", "BTXH261124000001")
    assert text(found, "StatusId") == "14"
    assert text(found, "QuyetDinh/So") == "01/QĐ-MTP"
    assert text(found, "QuyetDinh/NguoiNhan") == "Trần Đức Thuận"
    assert agency.desk.effects(KEY) == ["Quyết định 01/QĐ-MTP"]
    for answer in (receipt, await client.ask(KEY, "unknown")):
        assert [*agency.documents.errors(answer), *agency.documents.field_errors(answer)] == []


async def test_duplicate(client: Client, agency: Btxh, merit: etree._Element) -> None:
    """The same key again, or the same dossier under another key, is "already received" and has no second effect."""
    await client.send("DongBoDVC", merit)
    again = await client.send("DongBoDVC", merit)
    key = merit.find("KhoaGiaoDich")
    assert key is not None
    key.text = f"{KEY}00"
    other = await client.send("DongBoDVC", merit)
    assert [text(answer, "error_code") for answer in (again, other)] == ["1", "1"]
    assert "đã được tiếp nhận" in text(again, "message")
    assert len(agency.desk.records()) == 1
    assert agency.desk.get(KEY).times == 2


@pytest.mark.parametrize(
    ("path", "value", "field", "words"),
    [
        ("HoTroMaiTangPhi/SoGiayTo", "000000001", "SoGiayTo", "không phải số giấy tờ thật"),
        ("HoTroMaiTangPhi/SoGiayTo", "0011410033881", "SoGiayTo", "12 chữ số"),
        ("HoTroMaiTangPhi/nktDanToc", "08", "nktDanToc", "định dạng"),
        ("HoTroMaiTangPhi/nktGioiTinh", "2", "nktGioiTinh", "danh mục"),
        ("HoTroMaiTangPhi/nktThoiGian", "31/11/2026", "nktThoiGian", "không có ngày này"),
        ("HoTroMaiTangPhi/nktThoiGian", "25/11/2026", "nktThoiGian", "ở tương lai"),
        ("HoTroMaiTangPhi/nktThoiGianMaiTang", "19/11/2026", "nktThoiGianMaiTang", "trước nktThoiGian"),
        ("DonViXuLy", "99999", "DonViXuLy", "mã xã"),
        ("CertificateExtentData", "<ExtentData>", "CertificateExtentData", "không phải XML"),
        ("CertificateExtentData", "<ExtentData/>", "CertificateExtentData", "sai cấu trúc"),
    ],
)
async def test_invalid(
    client: Client, agency: Btxh, merit: etree._Element, path: str, value: str, field: str, words: str
) -> None:
    """A wrong value is refused with the field and a readable sentence; nothing is taken in."""
    place = merit.find(path)
    assert place is not None
    place.text = value
    answer = await client.send("DongBoDVC", merit)
    assert (text(answer, "error_code"), text(answer, "Truong")) == ("103", field)
    assert words in text(answer, "message")
    assert agency.desk.records() == []


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"<", "102"),
        (b"<DongBoDVC/>", "101"),
        (b"<RutHoSo/>", "102"),
        (b"<DongBoDVC><AcceptKey>khoa-btxh</AcceptKey></DongBoDVC>", "102"),
    ],
)
async def test_not_the_contract(client: Client, document: bytes, code: str) -> None:
    """What is no document of the contract, or has no key, gets its error_code."""
    assert text(await client.send("DongBoDVC", document), "error_code") == code


async def test_a_foreign_key_is_not_admitted(client: Client, merit: etree._Element) -> None:
    """Every answer of the agency can say that the account is not known."""
    client.key = "another"
    assert text(await client.send("DongBoDVC", merit), "error_code") == "101"
    assert text(await client.ask(KEY), "error_code") == "101"


async def test_rejection(client: Client, agency: Btxh, merit: etree._Element) -> None:
    """A refusal has its reason, and pays nothing."""
    agency.decisions.add({"outcome": "reject", "reason": "Không thuộc đối tượng"})
    await client.send("DongBoDVC", merit)
    answer = await client.ask(KEY)
    assert text(answer, "TienTrinh/StatusId") == "16"
    assert text(answer, "TienTrinh/NoiDungXuLy") == "Không thuộc đối tượng"
    assert agency.database.rows("SELECT * FROM support") == []


async def test_supplement(client: Client, agency: Btxh, merit: etree._Element) -> None:
    """Asked with a date; what is handed in is judged anew, under the first key as under the second."""
    agency.decisions.add({"outcome": "supplement", "reason": "Thiếu tờ khai", "times": 1})
    await client.send("DongBoDVC", merit)
    asked = await client.ask(KEY)
    assert text(asked, "TienTrinh/StatusId") == "13"
    assert text(asked, "TienTrinh/HanBoSung") == "03/12/2026"
    answer = await client.send("BoSungHoSo", follow_up("BoSungHoSo", 2, "<NoiDung>Đã bổ sung</NoiDung>"))
    assert text(answer, "error_code") == "0"
    assert await client.state(KEY) == "14"


async def test_late(client: Client, agency: Btxh, merit: etree._Element, clock: ManualClock) -> None:
    """A supplement after the seventh working day comes too late."""
    agency.decisions.add({"outcome": "supplement", "reason": "Thiếu tờ khai", "times": 1})
    await client.send("DongBoDVC", merit)
    clock.advance(seconds=timedelta(days=11).total_seconds())
    assert await client.state(KEY) == "16"
    answer = await client.send("BoSungHoSo", follow_up("BoSungHoSo", 2, "<NoiDung>Đã bổ sung</NoiDung>"))
    assert text(answer, "error_code") == "104"


async def test_out_of_order(client: Client, agency: Btxh, merit: etree._Element) -> None:
    """On demand, a question after the decision is answered as if there were none yet, once."""
    agency.faults.add({"match": {"operation": "HoiTienTrinh"}, "fault": {"kind": "out-of-order"}, "times": 1})
    await client.send("DongBoDVC", merit)
    assert [await client.state(KEY) for _ in range(3)] == ["14", "12", "14"]


async def test_withdrawal(client: Client, agency: Btxh, merit: etree._Element) -> None:
    """Taken back before the decision; afterwards it is too late, and an unknown dossier is said to be unknown."""
    agency.decisions.add({"outcome": "hold"})
    unknown = await client.send("RutHoSo", follow_up("RutHoSo", 2, "<LyDo>Tự lo</LyDo>"))
    await client.send("DongBoDVC", merit)
    taken = await client.send("RutHoSo", follow_up("RutHoSo", 2, "<LyDo>Tự lo</LyDo>"))
    late = await client.send("RutHoSo", follow_up("RutHoSo", 3, "<LyDo>Tự lo</LyDo>"))
    assert [text(answer, "error_code") for answer in (unknown, taken, late)] == ["105", "0", "104"]
    assert await client.state(KEY) == "17"


async def test_correction(client: Client, agency: Btxh, merit: etree._Element) -> None:
    """A corrected name is in the decision, also in one that was made; a number of somebody else is refused."""
    await client.send("DongBoDVC", merit)
    await client.ask(KEY)
    taken = await client.send("DinhChinhHoSo", correction())
    again = await client.send("DinhChinhHoSo", correction())
    assert [text(answer, "error_code") for answer in (taken, again)] == ["0", "1"]
    row = agency.database.row("SELECT name FROM support")
    assert row is not None
    assert row["name"] == "Nguyễn Thị Tứ"
    assert await client.state(f"{CODE}:funeral-merit:3") == "14"
    other = correction(number="001141003399")
    key = other.find("KhoaGiaoDich")
    assert key is not None
    key.text = "another"
    assert text(await client.send("DinhChinhHoSo", other), "Truong") == "nktSoDinhDanh"


async def test_support_that_excludes_other_support(client: Client, merit: etree._Element) -> None:
    """Social protection and emergency exclude each other for one person; merit goes with both."""
    answers = []
    for number, kind in enumerate(("BTXH", "KHANCAP", "NCC")):
        document = parse(etree.tostring(merit))
        changes = {
            "KhoaGiaoDich": f"key-{number}",
            "MaHoSo": f"G22.99.08-261123-00050{number}",
            "HoTroMaiTangPhi/DoiTuongMaiTang": kind,
        }
        for path, value in changes.items():
            place = document.find(path)
            assert place is not None
            place.text = value
        answers.append(text(await client.send("DongBoDVC", document), "error_code"))
        await client.ask(f"key-{number}")
    assert answers == ["0", "103", "0"]


async def test_list(client: Client, merit: etree._Element) -> None:
    """What came in between two moments, by our key, with its state."""
    await client.send("DongBoDVC", merit)
    question = (
        "<HoiDanhSach><AcceptKey>-</AcceptKey><TuThoiDiem>20261124000000</TuThoiDiem>"
        "<DenThoiDiem>{}</DenThoiDiem><Trang>{}</Trang></HoiDanhSach>"
    )
    found = await client.send("DanhSachHoSo", parse(question.format("20261125000000", 1).encode()))
    assert [text(item, "KhoaGiaoDich") for item in found.iter("HoSo")] == [KEY]
    assert text(found, "ConTiep") == "0"
    for until, page in (("20261124120000", 1), ("20261125000000", 2)):
        empty = await client.send("DanhSachHoSo", parse(question.format(until, page).encode()))
        assert empty.find("HoSo") is None
