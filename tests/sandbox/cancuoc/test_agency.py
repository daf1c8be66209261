"""The identity-card service over its real socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from sandbox import ManualClock
from sandbox.cancuoc import CanCuoc
from sandbox.core.dsig import sign_enveloped, verify_enveloped
from sandbox.core.xml import child, parse, serialize, text

if TYPE_CHECKING:
    Client = Any

NS = "urn:bca:cancuoc:the-tre-em:1.0"
CODE = "G22.99.08-261123-000001"
KEY = f"{CODE}/identity-card/1"


def entry(answer: etree._Element) -> etree._Element:
    """The first entry of a TrangThai."""
    found = child(answer, "YeuCau")
    assert found is not None
    return found


def follow_up(name: str, key: str, child_name: str, words: str) -> etree._Element:
    """A supplement or withdrawal."""
    return parse(
        f'<{name} xmlns="{NS}" khoa="{key}" maHoSo="{CODE}" thoiDiem="23-11-2026 12:10:00">'
        f"<{child_name}>{words}</{child_name}></{name}>".encode()
    )


async def test_a_card_is_issued(client: Client, agency: CanCuoc, request_: etree._Element) -> None:
    """Taken in at once; the card is found by asking."""
    receipt = await client.send("/yeu-cau", request_)
    found = entry(await client.ask(KEY))
    card = child(found, "The")
    assert receipt.get("ketQua") == "TIEP_NHAN"
    assert receipt.get("maTiepNhan") == "CC261123000001"
    assert found.get("ma") == "DA_CAP"
    assert card is not None
    assert dict(card.attrib) == {"so": "001326123456", "ngayCap": "23-11-2026", "ngayHetHan": "20-11-2040"}
    assert agency.desk.effects(KEY) == ["Cấp thẻ căn cước 001326123456"]


async def test_answers_are_valid_and_signed(
    client: Client, agency: CanCuoc, request_: etree._Element
) -> None:
    """Receipts and states are valid and carry the agency's signature."""
    for answer in (await client.send("/yeu-cau", request_), await client.ask(KEY, "unknown")):
        verify_enveloped(answer, agency.identity.certificate, agency.clock())
        assert agency.documents.errors(answer) == []
        assert agency.documents.field_errors(answer) == []


async def test_asking_by_get(client: Client, request_: etree._Element) -> None:
    """The same question as a query string."""
    await client.send("/yeu-cau", request_)
    async with client.session.get(
        f"{client.url}/trang-thai", params={"khoa": KEY}, headers={"X-Api-Key": client.api_key}
    ) as answer:
        assert entry(parse(await answer.read())).get("ma") == "DA_CAP"


async def test_an_unknown_key(client: Client) -> None:
    """It is said to be unknown."""
    assert entry(await client.ask("x")).get("ma") == "KHONG_CO"


async def test_a_repeated_key_has_no_second_effect(
    client: Client, agency: CanCuoc, request_: etree._Element
) -> None:
    """The second time: already there, the same number, one card."""
    first = await client.send("/yeu-cau", request_)
    await client.ask(KEY)
    again = await client.send("/yeu-cau", request_)
    await client.ask(KEY)
    assert again.get("ketQua") == "DA_CO"
    assert again.get("maTiepNhan") == first.get("maTiepNhan")
    assert "đã được tiếp nhận" in text(again, "MoTa")
    assert agency.desk.get(KEY).times == 2
    assert len(agency.desk.effects(KEY)) == 1


@pytest.mark.parametrize(
    ("path", "name", "value", "code", "words"),
    [
        ("Tre", "soDinhDanh", "0013261234567", "DINH_DANG", "soDinhDanh có định dạng không đúng"),
        ("Tre", "gioiTinh", "1", "DANH_MUC", "gioiTinh không tồn tại giá trị trong danh mục"),
        ("Tre", "ngaySinh", "31-02-2026", "DINH_DANG", "không có ngày này"),
        ("Tre", "ngaySinh", "23-11-2020", "NOI_DUNG", "đã đủ 6 tuổi"),
        ("Tre", "ngaySinh", "24-11-2026", "NOI_DUNG", "tương lai"),
        ("Tre/NoiSinh", "maXa", "99999", "DANH_MUC", "mã xã 99999"),
        ("KhaiSinh", "maXa", "99999", "DANH_MUC", "mã xã 99999"),
    ],
)
async def test_a_wrong_field_is_named(
    client: Client,
    agency: CanCuoc,
    request_: etree._Element,
    path: str,
    name: str,
    value: str,
    code: str,
    words: str,
) -> None:
    """The answer names the field; nothing is taken in."""
    place = request_.find("/".join(f"{{{NS}}}{item}" for item in path.split("/")))
    assert place is not None
    place.set(name, value)
    answer = await client.send("/yeu-cau", request_)
    error = child(answer, "Loi")
    assert answer.get("ketQua") == "LOI"
    assert error is not None
    assert error.get("ma") == code
    assert words in (error.text or "")
    assert agency.desk.records() == []


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"<a><b></a>", 400),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 400),
        (f'<BoSung xmlns="{NS}"/>'.encode(), 400),
        (f'<YeuCauCapThe xmlns="{NS}"/>'.encode(), 400),
    ],
)
async def test_what_is_not_the_contract(client: Client, data: bytes, status: int) -> None:
    """Broken XML, a document type, another document, a wrong structure."""
    given, answer = await client.post("/yeu-cau", data)
    assert given == status
    assert answer.get("ketQua") == "LOI"


async def test_an_unsigned_request_is_refused(
    client: Client, agency: CanCuoc, request_: etree._Element
) -> None:
    """401, and nothing is taken in."""
    status, _ = await client.post("/yeu-cau", serialize(request_))
    assert status == 401
    assert agency.desk.records() == []


async def test_a_changed_request_is_refused(client: Client, request_: etree._Element) -> None:
    """One changed digit breaks the signature."""
    signed = sign_enveloped(request_, client.key)
    signed[0].set("soDinhDanh", "001326123457")
    status, _ = await client.post("/yeu-cau", serialize(signed))
    assert status == 401


async def test_the_key_is_needed(client: Client) -> None:
    """Without the header nobody is answered."""
    client.api_key = "x"
    status, _ = await client.post("/trang-thai", f'<HoiTrangThai xmlns="{NS}"/>'.encode())
    assert status == 401


async def test_another_media_type(client: Client, request_: etree._Element) -> None:
    """415."""
    status, _ = await client.post("/yeu-cau", serialize(request_), "text/plain")
    assert status == 415


async def test_pending(client: Client, agency: CanCuoc, request_: etree._Element) -> None:
    """Before the decision: new at the first question, then in hand."""
    agency.decisions.add({"outcome": "approve", "after": {"polls": 3}})
    await client.send("/yeu-cau", request_)
    states = [entry(await client.ask(KEY)).get("ma") for _ in range(3)]
    assert states == ["MOI", "DANG_XU_LY", "DA_CAP"]


async def test_supplement(client: Client, agency: CanCuoc, request_: etree._Element) -> None:
    """What is asked until when; after the supplement the card is issued."""
    agency.decisions.add({"outcome": "supplement", "reason": "Thiếu ảnh", "times": 1})
    await client.send("/yeu-cau", request_)
    asked = entry(await client.ask(KEY))
    receipt = await client.send("/bo-sung", follow_up("BoSung", "s1", "NoiDung", "Gửi ảnh"))
    again = await client.send("/bo-sung", follow_up("BoSung", "s1", "NoiDung", "Gửi ảnh"))
    assert (asked.get("ma"), asked.get("hanBoSung")) == ("CAN_BO_SUNG", "02-12-2026")
    assert text(asked, "LyDo") == "Thiếu ảnh"
    assert receipt.get("ketQua") == "TIEP_NHAN"
    assert again.get("ketQua") == "DA_CO"
    assert entry(await client.ask(KEY)).get("ma") == "DA_CAP"


async def test_a_supplement_that_nobody_asked_for(client: Client, request_: etree._Element) -> None:
    """It is refused with the observed words."""
    await client.send("/yeu-cau", request_)
    answer = await client.send("/bo-sung", follow_up("BoSung", "s1", "NoiDung", "Gửi ảnh"))
    assert "Logic xử lý không hợp lệ" in text(answer, "Loi")


async def test_a_deadline_that_passes(
    client: Client, agency: CanCuoc, clock: ManualClock, request_: etree._Element
) -> None:
    """Without a supplement in time the request is refused."""
    agency.decisions.add({"outcome": "supplement", "reason": "Thiếu ảnh"})
    await client.send("/yeu-cau", request_)
    clock.advance(days=10)
    found = entry(await client.ask(KEY))
    assert (found.get("ma"), text(found, "LyDo")) == ("TU_CHOI", "Quá thời hạn bổ sung hồ sơ")


async def test_withdrawal(client: Client, agency: CanCuoc, request_: etree._Element) -> None:
    """A request without a card can be taken back, one with a card cannot."""
    agency.decisions.add({"outcome": "hold"})
    await client.send("/yeu-cau", request_)
    await client.send("/rut", follow_up("RutYeuCau", "w1", "LyDo", "Nộp nhầm"))
    assert entry(await client.ask(KEY)).get("ma") == "DA_RUT"
    answer = await client.send("/rut", follow_up("RutYeuCau", "w2", "LyDo", "Nộp nhầm"))
    assert answer.get("ketQua") == "LOI"


async def test_a_state_may_fall_back(client: Client, agency: CanCuoc, request_: etree._Element) -> None:
    """On demand the card is there, then not, then there."""
    agency.faults.add({"fault": {"kind": "out-of-order"}, "times": 1})
    await client.send("/yeu-cau", request_)
    states = [entry(await client.ask(KEY)).get("ma") for _ in range(3)]
    assert states == ["DA_CAP", "DANG_XU_LY", "DA_CAP"]


async def test_one_child_has_one_card(client: Client, request_: etree._Element) -> None:
    """A second dossier for a child that has a card is refused."""
    await client.send("/yeu-cau", request_)
    await client.ask(KEY)
    request_.set("khoa", "k2")
    request_.set("maHoSo", "G22.99.08-261123-000002")
    assert "đã được cấp thẻ" in text(await client.send("/yeu-cau", request_), "Loi")


async def test_before_the_decree(client: Client, clock: ManualClock, request_: etree._Element) -> None:
    """The procedure exists since 2026-09-01."""
    clock.advance(days=-90)
    answer = await client.send("/yeu-cau", request_)
    assert "áp dụng từ 01-09-2026" in text(answer, "MoTa")
