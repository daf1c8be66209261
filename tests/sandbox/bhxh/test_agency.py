"""The social-insurance gateway over its real socket, with a real hub to call back."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from sandbox import ManualClock
from sandbox.bhxh import Bhxh
from sandbox.core.dsig import sign_enveloped, verify_two_reference
from sandbox.core.xml import parse, serialize, text

if TYPE_CHECKING:
    Client = Any
    Hub = Any

CODE = "G22.99.08-261123-000001"
KEY = f"{CODE}/insurance/1"


def change(root: etree._Element, tag: str, value: str) -> etree._Element:
    """The document with another text in one place of its payload."""
    place = root[0].find(tag)
    assert place is not None
    place.text = value
    return root


def follow_up(root: str, payload: str, key: str, **values: str) -> etree._Element:
    """A supplement or withdrawal."""
    body = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return parse(
        f'<{root}><{payload} Id="Id-{key}"><MA_GD_DOITAC>{key}</MA_GD_DOITAC><MA_HSLT>{CODE}</MA_HSLT>'
        f"<LOAI_HS>TK1</LOAI_HS>{body}"
        f"<NGAY_LAP>20261123121000</NGAY_LAP></{payload}><CHUKYDONVI/></{root}>".encode()
    )


async def test_a_card_is_issued(client: Client, agency: Bhxh, hub: Hub, form: etree._Element) -> None:
    """Receipt at once; then in hand and the card by call-back."""
    receipt = await client.send(form)
    await agency.tick()
    card = hub.got[-1][0]
    assert text(receipt, "MaKetQua") == "200"
    assert text(receipt, "MaGD") == "BHXH-261123-000001"
    assert hub.states == ["02", "05"]
    assert text(card, "MA_THE") == f"TE101{text(card, 'MA_BHXH')}"
    assert (text(card, "TU_NGAY"), text(card, "DEN_NGAY")) == ("20261120", "20321130")
    assert text(card, "MA_GD_DOITAC") == KEY
    assert agency.desk.effects(KEY) == [f"Cấp thẻ BHYT {text(card, 'MA_THE')}"]


async def test_results_are_valid_and_signed(
    client: Client, agency: Bhxh, hub: Hub, form: etree._Element
) -> None:
    """Each call-back is valid, signed by two references, and carries the hub's key."""
    await client.send(form)
    await agency.tick()
    for root in hub.got:
        assert agency.documents.errors(root) == []
        assert agency.documents.field_errors(root) == []
        verify_two_reference(
            root, agency.identity.certificate, agency.clock(), payload="KETQUA", holder="CHUKYDONVI"
        )
    assert {item["X-Api-Key"] for item in hub.headers} == {"khoa-thu"}


async def test_a_result_is_repeated_until_acknowledged(
    client: Client, agency: Bhxh, hub: Hub, clock: ManualClock, form: etree._Element
) -> None:
    """A mere 200 is no acknowledgement."""
    hub.rude = True
    await client.send(form)
    await agency.tick()
    hub.rude = False
    clock.advance(seconds=3)
    await agency.tick()
    clock.advance(seconds=3)
    await agency.tick()
    assert hub.states == ["02", "05", "02", "05"]
    assert len(agency.database.rows("SELECT * FROM card")) == 1


async def test_a_repeated_key_has_no_second_effect(
    client: Client, agency: Bhxh, hub: Hub, form: etree._Element
) -> None:
    """The second time: code 210, the same MaGD, no second card."""
    first = await client.send(form)
    await agency.tick()
    again = await client.send(form)
    await agency.tick()
    assert text(again, "MaKetQua") == "210"
    assert text(again, "MaGD") == text(first, "MaGD")
    assert "đã được tiếp nhận" in text(again, "MoTa")
    assert agency.desk.get(KEY).times == 2
    assert len(hub.got) == 2


@pytest.mark.parametrize(
    ("tag", "value", "code", "words"),
    [
        ("SO_DDCN", "0013261234567", "1003", "SO_DDCN có định dạng không đúng"),
        ("GIOI_TINH", "0", "1004", "GIOI_TINH không tồn tại giá trị trong danh mục"),
        ("HO_TEN", "T" * 256, "1003", "HO_TEN có độ dài vượt quá số lượng cho phép"),
        ("MAXA_KS", "99999", "1004", "mã xã 99999"),
        ("NGAY_SINH", "20260231", "1003", "không có ngày này"),
        ("NGAY_SINH", "20261124", "1003", "tương lai"),
        ("NGAY_SINH", "20201123", "1003", "đã đủ 72 tháng tuổi"),
        ("MA_BHXH", "0112345678", "1003", "chỉ cấp lần đầu"),
        ("HO_TEN", "Thu\u0309y", "1003", "Unicode dựng sẵn"),
    ],
)
async def test_a_wrong_field_is_named(
    client: Client, agency: Bhxh, form: etree._Element, tag: str, value: str, code: str, words: str
) -> None:
    """The receipt has the code, the tag and the words; nothing is taken in."""
    receipt = await client.send(change(form, tag, value))
    assert text(receipt, "MaKetQua") == code
    assert text(receipt, "TruongLoi") == tag
    assert words in text(receipt, "MoTa")
    assert agency.desk.records() == []


async def test_a_child_one_day_short_of_six(client: Client, form: etree._Element) -> None:
    """The day before the sixth birthday still counts."""
    assert text(await client.send(change(form, "NGAY_SINH", "20201124")), "MaKetQua") == "200"


async def test_the_root_must_fit_its_kind(client: Client, form: etree._Element) -> None:
    """loaiHs and root tag are compared: a mismatch is an error, never "unknown"."""
    receipt = await client.send(form, "BS")
    assert text(receipt, "MaKetQua") == "1002"
    assert text(receipt, "MoTa") == "loaiHs BS nhưng thẻ gốc là HSDLTK1"


async def test_not_base64(client: Client) -> None:
    """205, as observed."""
    _, receipt = await client.post(b"", fileBase64Str="***")
    assert text(receipt, "MaKetQua") == "205"


async def test_too_long(client: Client) -> None:
    """1001, as observed; the limit is stated nowhere."""
    _, receipt = await client.post(b"x" * 200_000)
    assert text(receipt, "MaKetQua") == "1001"


async def test_unknown_elements(client: Client, form: etree._Element) -> None:
    """A structure that the schema does not know is refused."""
    etree.SubElement(form[0], "KHAC")
    assert text(await client.send(form), "MaKetQua") == "1003"


async def test_a_changed_form_is_refused(client: Client, agency: Bhxh, form: etree._Element) -> None:
    """The signature covers TK1TS."""
    status, receipt = await client.post(serialize(change(client.sign(form), "HO_TEN", "Nguyễn Thị Khác")))
    assert (status, text(receipt, "MaKetQua")) == (401, "401")
    assert agency.desk.records() == []


async def test_an_enveloped_signature_is_refused(client: Client, form: etree._Element) -> None:
    """Another signature profile is not this contract's."""
    _, receipt = await client.post(serialize(sign_enveloped(form, client.key)))
    assert text(receipt, "MaKetQua") in ("401", "1003")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("token", "x"),
        ("id_token", "x"),
        ("username", "x"),
        ("password", "mat-khau-thu"),
        ("maDonVi", "DONVIKHAC"),
    ],
)
async def test_sender_and_token_belong_together(
    client: Client, form: etree._Element, field: str, value: str
) -> None:
    """Token, account and unit are checked against each other."""
    status, receipt = await client.post(serialize(client.sign(form)), **{field: value})
    assert (status, text(receipt, "MaKetQua")) == (401, "401")


async def test_a_wrong_password(client: Client) -> None:
    """No token."""
    assert await client.login("x") == 401


async def test_a_token_expires(client: Client, clock: ManualClock, form: etree._Element) -> None:
    """After half an hour a new one is needed."""
    clock.advance(minutes=31)
    assert text(await client.send(form), "MaKetQua") == "401"
    await client.login()
    assert text(await client.send(form), "MaKetQua") == "200"


async def test_supplement(client: Client, agency: Bhxh, hub: Hub, form: etree._Element) -> None:
    """03 says what is missing until when; after the supplement the card is issued."""
    agency.decisions.add({"outcome": "supplement", "reason": "Thiếu ảnh chụp giấy tờ", "times": 1})
    await client.send(form)
    await agency.tick()
    asked = hub.got[-1][0]
    receipt = await client.send(follow_up("HSDLBS", "BOSUNG", "s1", NOI_DUNG="Gửi lại"), "BS")
    await agency.tick()
    assert text(asked, "NOI_DUNG") == "Thiếu ảnh chụp giấy tờ"
    assert text(asked, "HAN_BOSUNG") == "20261202"
    assert text(receipt, "MaKetQua") == "200"
    assert hub.states == ["02", "03", "02", "05"]


async def test_a_supplement_that_nobody_asked_for(client: Client, form: etree._Element) -> None:
    """1005."""
    await client.send(form)
    receipt = await client.send(follow_up("HSDLBS", "BOSUNG", "s1", NOI_DUNG="Gửi lại"), "BS")
    assert text(receipt, "MaKetQua") == "1005"


async def test_withdrawal(client: Client, agency: Bhxh, hub: Hub, form: etree._Element) -> None:
    """A dossier that is not settled can be taken back."""
    agency.decisions.add({"outcome": "hold"})
    await client.send(form)
    await agency.tick()
    await client.send(follow_up("HSDLRUT", "RUTHOSO", "w1", LY_DO="Nộp nhầm"), "RUT")
    await agency.tick()
    await agency.tick()
    assert hub.states == ["02", "06"]
    assert agency.database.rows("SELECT * FROM card") == []


async def test_rejection(client: Client, agency: Bhxh, hub: Hub, form: etree._Element) -> None:
    """04 with the reason."""
    agency.decisions.add({"outcome": "reject", "reason": "Trẻ đã có thẻ"})
    await client.send(form)
    await agency.tick()
    assert hub.states == ["02", "04"]
    assert text(hub.got[-1][0], "NOI_DUNG") == "Trẻ đã có thẻ"


async def test_the_list_of_a_day(client: Client, agency: Bhxh, form: etree._Element) -> None:
    """What was taken in is found by day and by key."""
    await client.send(form)
    found = await client.list(ngay="20261123")
    assert text(found, "HoSo/MaGDDoiTac") == KEY
    assert text(await client.list(maGDDoiTac=KEY), "HoSo/MaHSLT") == CODE
    assert (await client.list(ngay="20261122")).find("HoSo") is None
    assert agency.documents.errors(found) == []


async def test_the_list_by_a_document(client: Client, form: etree._Element) -> None:
    """The same question as XML, for several keys at once."""
    await client.send(form)
    found = await client.ask(
        f"<HoiDanhSach><MaGDDoiTac>x</MaGDDoiTac><MaGDDoiTac>{KEY}</MaGDDoiTac></HoiDanhSach>"
    )
    none = await client.ask("<HoiDanhSach><MaGDDoiTac>x</MaGDDoiTac></HoiDanhSach>")
    wrong = await client.ask("<HoiDanhSach><Khac/></HoiDanhSach>")
    assert text(found, "HoSo/MaHSLT") == CODE
    assert none.find("HoSo") is None
    assert text(wrong, "MaKetQua") == "1003"


async def test_one_child_has_one_card(client: Client, agency: Bhxh, form: etree._Element) -> None:
    """A second dossier for a child that has a card is refused."""
    await client.send(form)
    await agency.tick()
    other = change(change(form, "MA_GD_DOITAC", "k2"), "MA_HSLT", "G22.99.08-261123-000002")
    assert "đã được cấp thẻ" in text(await client.send(other), "MoTa")


async def test_rules_see_into_the_form(client: Client, agency: Bhxh, form: etree._Element) -> None:
    """A fault rule matches the XML inside the base64."""
    agency.faults.add({"match": {"contains": "Ngọc Thủy"}, "fault": {"kind": "http", "status": 503}})
    async with client.session.post(
        f"{client.url}/api/hoso/guiHoSoDienTu", data={"fileBase64Str": b64encode(serialize(form)).decode()}
    ) as answer:
        assert answer.status == 503
