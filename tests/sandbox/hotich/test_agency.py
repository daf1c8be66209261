"""The civil-status service over its real socket."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from sandbox import ManualClock, Sandbox
from sandbox.core.dsig import sign_enveloped, verify_enveloped
from sandbox.core.xml import DSIG, parse
from sandbox.hotich import HoTich

if TYPE_CHECKING:
    Client = Any

NS = "urn:botuphap:hotich:lienthong:1.0"
CODE = "G22.99.08-261123-000001"
OTHER = "G22.99.08-261123-000002"
DEATH = "G22.99.08-261123-000003"


def change(part: etree._Element, path: str, value: str) -> etree._Element:
    """The part with another text in one place."""
    place = part.find(path)
    assert place is not None
    place.text = value
    return part


def state(answer: etree._Element) -> str | None:
    """The state in the first value of a poll."""
    return answer.findtext("value/trangThai")


def as_other(part: etree._Element) -> etree._Element:
    """The same birth as a dossier of its own."""
    return change(change(part, "maHoSoLT", OTHER), "khoaGiaoDich", f"{OTHER}/birth/1")


async def test_a_birth_is_registered(client: Client, agency: HoTich, dossier: etree._Element) -> None:
    """A dossier is taken in, registered when asked about, and the result holds number, book, page and PDF."""
    receipt = await client.submit(dossier)
    answer = await client.ask(CODE)
    assert receipt.findtext("status") == "1"
    assert state(answer) == "4"
    result = answer.find("value/ketQuaXuLy")
    assert result is not None
    assert result.findtext("soDangKy") == "1"
    assert result.findtext("quyenSo") == "01/2026"
    assert result.findtext("ngayDangKy") == "23.11.2026"
    assert (result.findtext("soDinhDanh") or "")[:6] == "001326"
    assert b64decode(result.findtext("giayKhaiSinh") or "").startswith(b"%PDF")
    assert agency.desk.effects(f"{CODE}/birth/1") == ["Đăng ký khai sinh số 1, quyển 01/2026"]


async def test_the_answer_is_valid_and_signed(
    client: Client, agency: HoTich, dossier: etree._Element
) -> None:
    """The polled part is valid for its type and carries the agency's signature."""
    await client.submit(dossier)
    answer = await client.ask(CODE, OTHER)
    signed = verify_enveloped(answer, agency.identity.certificate, agency.clock())
    assert agency.parts.errors(answer, as_element=f"{{{NS}}}KetQuaHoSo") == []
    assert agency.parts.field_errors(answer, as_element=f"{{{NS}}}KetQuaHoSo") == []
    assert len(signed.findall("value")) == 2


async def test_an_unknown_dossier_is_said_to_be_unknown(client: Client) -> None:
    """A code that was never taken in gets errors and no state."""
    answer = await client.ask(OTHER)
    assert answer.findtext("value/errors") == f"Hồ sơ {OTHER} không tồn tại"
    assert state(answer) is None


async def test_a_repeated_key_has_no_second_effect(
    client: Client, agency: HoTich, dossier: etree._Element
) -> None:
    """The second submission of a key is answered as already received; the register has one entry."""
    await client.submit(dossier)
    await client.ask(CODE)
    receipt = await client.submit(dossier)
    await client.ask(CODE)
    record = agency.desk.get(f"{CODE}/birth/1")
    assert receipt.findtext("statusDescription") == f"Hồ sơ {CODE} đã được tiếp nhận"
    assert receipt.findtext("status") == "1"
    assert record.times == 2
    assert len(agency.desk.effects(record.key)) == 1
    assert len(agency.database.rows("SELECT * FROM act")) == 1


async def test_another_key_for_a_known_dossier(
    client: Client, agency: HoTich, dossier: etree._Element
) -> None:
    """A dossier that is there already is not taken in again under another key."""
    await client.submit(dossier)
    receipt = await client.submit(change(dossier, "khoaGiaoDich", "another"))
    assert "đã được tiếp nhận" in (receipt.findtext("statusDescription") or "")
    assert len(agency.desk.records()) == 1


@pytest.mark.parametrize(
    ("path", "value", "code", "words"),
    [
        (
            "hoTich/meSoGiayToTuyThan",
            "0011980001234",
            "DINH_DANG",
            "meSoGiayToTuyThan có định dạng không đúng",
        ),
        ("hoTich/nksHoTen/Ten", "T" * 31, "DO_DAI", "Ten có độ dài vượt quá số lượng cho phép"),
        ("hoTich/nycQuanHe", "Bố", "DANH_MUC", "nycQuanHe không tồn tại giá trị trong danh mục"),
        ("maDonVi", "99999", "DANH_MUC", "maDonVi không tồn tại giá trị trong danh mục (mã xã 99999)"),
        ("hoTich/nksNgaySinh/namSinh", "2027", "DU_LIEU", "nksNgaySinh ở tương lai"),
        ("hoTich/nksNgaySinh/ngaySinh", "31", "DINH_DANG", "nksNgaySinh có định dạng không đúng"),
        ("hoTich/nksNoiSinh/maTinh", "48", "DU_LIEU", "xã 00070 không thuộc tỉnh 48"),
        ("hoTich/nksLoaiKhaiSinh", "3", "DU_LIEU", "chaHoTen phải để trống"),
        ("hoTich/meHoTen", "Trần Thị Thu\u0309y", "DINH_DANG", "Unicode dựng sẵn"),
        ("fileDinhKem/maBam", "0" * 64, "DU_LIEU", "không khớp mã băm"),
        ("fileDinhKem/duLieuTepDinhKem", "***", "DINH_DANG", "không phải base64"),
    ],
)
async def test_a_wrong_field_is_named(
    client: Client, agency: HoTich, dossier: etree._Element, path: str, value: str, code: str, words: str
) -> None:
    """A value outside its facets or code list is answered with status 0 and the observed words."""
    receipt = await client.submit(change(dossier, path, value))
    assert receipt.findtext("status") == "0"
    assert receipt.findtext("errorCode") == code
    assert words in (receipt.findtext("errorDescription") or "")
    assert agency.desk.records() == []


async def test_a_missing_parent_is_named(client: Client, dossier: etree._Element) -> None:
    """Both parents are compulsory unless the kind of birth says otherwise."""
    record = dossier.find("hoTich")
    assert record is not None
    record.remove(record.find("meHoTen"))  # type: ignore[arg-type]
    receipt = await client.submit(dossier)
    assert receipt.findtext("errorDescription") == "meHoTen không được để trống"


async def test_a_wrong_structure_is_a_fault(client: Client, dossier: etree._Element) -> None:
    """An unknown element is a Client fault, not an answer."""
    etree.SubElement(dossier, "khongCo")
    with pytest.raises(AssertionError, match="faultcode>soap:Client"):
        await client.submit(dossier)


async def test_twins_are_told_apart_by_their_order(client: Client, dossier: etree._Element) -> None:
    """Same mother and birth date is a suspected duplicate unless both dossiers have a sibling order."""

    def nth(part: etree._Element, order: str) -> etree._Element:
        place = etree.Element("nksThuTuSinh")
        place.text = order
        part.find("hoTich/nksNgaySinh").addnext(place)  # type: ignore[union-attr]
        return part

    first, alone, second = dossier, as_other(parse(etree.tostring(dossier))), parse(etree.tostring(dossier))
    assert (await client.submit(nth(first, "1"))).findtext("status") == "1"
    assert (await client.submit(alone)).findtext("errorCode") == "NGHI_TRUNG"
    assert (await client.submit(nth(as_other(second), "2"))).findtext("status") == "1"


async def test_no_token(stranger: Client, dossier: etree._Element) -> None:
    """Every operation but layToken answers 401 without a token."""
    status, _ = await stranger.post(
        "danhSachHoSo", f'<h:danhSachHoSo xmlns:h="{NS}"><yeuCau/></h:danhSachHoSo>'
    )
    assert status == 401


async def test_a_token_expires(client: Client, clock: ManualClock) -> None:
    """After half an hour the token is worth nothing."""
    clock.advance(minutes=31)
    status, _ = await client.post(
        "danhSachHoSo", f'<h:danhSachHoSo xmlns:h="{NS}"><yeuCau/></h:danhSachHoSo>'
    )
    assert status == 401


async def test_a_wrong_password(stranger: Client) -> None:
    """No token for a wrong password."""
    body = "<yeuCau><taiKhoan>lienthong</taiKhoan><matKhau>x</matKhau></yeuCau>"
    status, _ = await stranger.post("layToken", f'<h:layToken xmlns:h="{NS}">{body}</h:layToken>')
    assert status == 401


async def test_an_unsigned_dossier_is_refused(
    client: Client, agency: HoTich, dossier: etree._Element
) -> None:
    """Without a signature: a fault about identity, and nothing is taken in."""
    body = f'<h:nhanHoSoDKHT xmlns:h="{NS}">{etree.tostring(dossier).decode()}</h:nhanHoSoDKHT>'
    status, fault = await client.post("nhanHoSoDKHT", body)
    assert status == 500
    assert fault is not None
    assert (fault.findtext("faultcode") or "").endswith(":Client.Authentication")
    assert agency.desk.records() == []


async def test_a_part_changed_after_signing_is_refused(client: Client, dossier: etree._Element) -> None:
    """One changed letter breaks the signature."""
    signed = change(sign_enveloped(dossier, client.key), "hoTich/meHoTen", "Trần Thị Lân")
    body = f'<h:nhanHoSoDKHT xmlns:h="{NS}">{etree.tostring(signed).decode()}</h:nhanHoSoDKHT>'
    status, fault = await client.post("nhanHoSoDKHT", body)
    assert status == 500
    assert fault is not None
    assert "Chữ ký số không hợp lệ" in (fault.findtext("faultstring") or "")


async def test_the_personal_number_may_come_late(
    client: Client, agency: HoTich, dossier: etree._Element
) -> None:
    """The certificate is valid without the number; it is there at the asked-for question."""
    agency.decisions.add({"match": {"contains": "Ngọc Thủy"}, "outcome": "late-number", "polls": 3})
    await client.submit(dossier)
    numbers = [(await client.ask(CODE)).findtext("value/ketQuaXuLy/soDinhDanh") for _ in range(3)]
    assert numbers[:2] == [None, None]
    assert numbers[2] is not None
    assert len(agency.desk.effects(f"{CODE}/birth/1")) == 1


async def test_pending_is_waiting_then_in_hand(
    client: Client, agency: HoTich, dossier: etree._Element
) -> None:
    """Before the decision the state is 1 at the first question and 3 afterwards."""
    agency.decisions.add({"outcome": "approve", "after": {"polls": 3}})
    await client.submit(dossier)
    assert [state(await client.ask(CODE)) for _ in range(4)] == ["1", "3", "4", "4"]


async def test_a_state_may_fall_back(client: Client, agency: HoTich, dossier: etree._Element) -> None:
    """On demand the service says 4 before 3."""
    agency.faults.add({"fault": {"kind": "out-of-order"}, "times": 1})
    await client.submit(dossier)
    assert [state(await client.ask(CODE)) for _ in range(3)] == ["4", "3", "4"]


async def test_the_list_answers_after_a_lost_answer(client: Client, dossier: etree._Element) -> None:
    """What was taken in is found by key; an unknown key gives an empty list."""
    await client.submit(dossier)
    found = await client.call(
        "danhSachHoSo", parse(f"<yeuCau><khoaGiaoDich>{CODE}/birth/1</khoaGiaoDich></yeuCau>".encode())
    )
    none = await client.call("danhSachHoSo", parse(b"<yeuCau><khoaGiaoDich>x</khoaGiaoDich></yeuCau>"))
    since = await client.call(
        "danhSachHoSo", parse(b"<yeuCau><tuThoiDiem>23/11/2026 13:00:00</tuThoiDiem></yeuCau>")
    )
    assert found.findtext("hoSo/maHoSoLT") == CODE
    assert found.findtext("hoSo/thoiGianTiepNhan") == "23/11/2026 12:00:00"
    assert none.find("hoSo") is None
    assert since.find("hoSo") is None


async def test_a_death_is_registered_once(client: Client, agency: HoTich, death: etree._Element) -> None:
    """The extract comes with number and book of its own register; the same person cannot die again."""
    assert (await client.submit(death)).findtext("status") == "1"
    again = change(change(death, "maHoSoLT", OTHER), "khoaGiaoDich", f"{OTHER}/death/1")
    receipt = await client.submit(again)
    assert receipt.findtext("errorCode") == "NGHI_TRUNG"
    answer = await client.ask(DEATH, module="LTKT")
    assert agency.parts.field_errors(answer, as_element=f"{{{NS}}}KetQuaHoSo") == []
    assert state(answer) == "4"
    assert answer.findtext("value/module") == "LTKT"
    assert answer.findtext("value/ketQuaXuLy/maGiayToKetQua") == "KQ.G15.000034"
    assert agency.desk.effects(f"{DEATH}/death/1") == ["Đăng ký khai tử số 1, quyển 01/2026"]
    receipt = await client.submit(again)
    assert receipt.findtext("errorDescription") == f"Người này đã được đăng ký khai tử theo hồ sơ {DEATH}"


async def test_a_death_is_not_among_the_births(client: Client, death: etree._Element) -> None:
    """A question is for one register."""
    await client.submit(death)
    assert (await client.ask(DEATH)).findtext("value/errors") == f"Hồ sơ {DEATH} không tồn tại"


async def test_an_officer_corrects_a_registered_act(
    client: Client, agency: HoTich, dossier: etree._Element, clock: ManualClock
) -> None:
    """On the page or by the control API; the next answer has the new text, the time and what was corrected."""
    await client.submit(dossier)
    await client.ask(CODE)
    clock.advance(minutes=10)
    root = client.url.removesuffix("/hotich")
    key = f"{CODE}/birth/1"
    form = {"key": key, "outcome": "correct", "field": "nksHoTen/Ten", "value": "Thùy"}
    async with client.session.post(f"{root}/", data=form) as page:
        assert page.status == 200
    answer = await client.ask(CODE)
    assert answer.findtext("value/ketQuaXuLy/nksHoTen/Ten") == "Thùy"
    assert answer.findtext("value/ghiChu") == "Đã cải chính: nksHoTen/Ten"
    assert answer.findtext("value/thoiGianThucHien") == "23/11/2026 12:10:00"
    wrong = {"key": key, "values": {"nksGioiTinh": "9"}}
    async with client.session.post(f"{root}/_control/correct", json=wrong) as refused:
        assert refused.status == 400
        assert "nksGioiTinh" in (await refused.json())["error"]
    assert agency.desk.effects(key)[-1] == "Cải chính nksHoTen/Ten"


async def test_what_is_not_registered_cannot_be_corrected(
    client: Client, agency: HoTich, dossier: etree._Element
) -> None:
    """A dossier in hand is supplemented, not corrected."""
    agency.decisions.add({"outcome": "hold"})
    await client.submit(dossier)
    with pytest.raises(ValueError, match="chưa đăng ký"):
        agency.correct(f"{CODE}/birth/1", {"nksHoTen/Ten": "Thùy"})


async def test_the_list_has_pages_and_the_present_state(
    client: Client, dossier: etree._Element, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest come first; conNua says whether there are more."""
    monkeypatch.setattr("sandbox.hotich.agency.LISTED", 1)
    await client.submit(dossier)
    await client.submit(
        change(
            change(as_other(dossier), "hoTich/meSoDDCN", "001198000124"), "hoTich/nksNgaySinh/ngaySinh", "19"
        )
    )
    await client.ask(CODE)
    first, second = [
        await client.call("danhSachHoSo", parse(f"<yeuCau><trang>{page}</trang></yeuCau>".encode()))
        for page in (1, 2)
    ]
    assert [first.findtext("conNua"), second.findtext("conNua")] == ["1", "0"]
    assert [first.findtext("hoSo/maHoSoLT"), second.findtext("hoSo/maHoSoLT")] == [OTHER, CODE]
    assert second.findtext("hoSo/trangThai") == "4"
    until = parse(b"<yeuCau><denThoiDiem>23/11/2026 11:00:00</denThoiDiem></yeuCau>")
    assert (await client.call("danhSachHoSo", until)).find("hoSo") is None


async def test_the_contract_is_published(box: Sandbox, client: Client) -> None:
    """?wsdl points at this server and at its own schema."""
    async with client.session.get(f"{client.url}?wsdl") as answer:
        wsdl = await answer.text()
    async with client.session.get(f"{client.url}?xsd=hotich.xsd") as answer:
        assert answer.status == 200
    assert f'location="{client.url}"' in wsdl
    assert f"{client.url}?xsd=hotich.xsd" in wsdl


async def test_a_question_may_be_signed(client: Client, dossier: etree._Element) -> None:
    """A signature that is not demanded is checked all the same."""
    await client.submit(dossier)
    question = parse(f"<yeuCau><maHoSoLT>{CODE}</maHoSoLT></yeuCau>".encode())
    assert (await client.call("danhSachHoSo", question, signed=True)).find("hoSo") is not None
    spoilt = change(sign_enveloped(question, client.key), "maHoSoLT", OTHER)
    with pytest.raises(AssertionError, match=r"Client\.Authentication"):
        await client.call("danhSachHoSo", spoilt)


async def test_one_signature_only(client: Client, dossier: etree._Element) -> None:
    """A second signature hidden in the part is refused."""
    record = dossier.find("hoTich")
    assert record is not None
    etree.SubElement(record, f"{{{DSIG}}}Signature")
    with pytest.raises(AssertionError, match=r"Client\.Authentication"):
        await client.submit(dossier)
