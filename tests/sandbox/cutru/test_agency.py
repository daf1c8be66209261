"""The residence service over its real socket, with a real hub to call back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from sandbox import ManualClock
from sandbox.core import soap, wss
from sandbox.core.soap import SOAP12
from sandbox.core.xml import parse, text
from sandbox.cutru import CuTru, addressing
from sandbox.dancu.population import generate

if TYPE_CHECKING:
    Client = Any
    Hub = Any

NS = "urn:bca:cutru:ct01:1.0"
CODE = "G22.99.08-261123-000001"
KEY = f"{CODE}/residence/1"


def change(form: etree._Element, path: str, value: str) -> etree._Element:
    """The form with another text in one place; the path is of local names."""
    place = form.find("/".join(f"{{{NS}}}{name}" for name in path.split("/")))
    assert place is not None
    place.text = value
    return form


def simple(name: str, **values: str) -> etree._Element:
    """A document with simple children."""
    body = "".join(f"<{key}>{value}</{key}>" for key, value in values.items())
    return parse(f'<{name} xmlns="{NS}">{body}</{name}>'.encode())


def supplement(key: str) -> etree._Element:
    """A supplement."""
    return simple(
        "BoSungHoSo",
        MaGiaoDich=key,
        MaHoSoLienThong=CODE,
        ThoiDiemGui="2026-11-23T12:10:00+07:00",
        NoiDung="Gửi bổ sung giấy tờ chỗ ở",
    )


async def test_a_declaration_is_settled_and_told(
    client: Client, agency: CuTru, hub: Hub, form: etree._Element
) -> None:
    """The receipt comes at once, the states by call-back in order, the result with CT08."""
    receipt = await client.call("TiepNhanToKhai", form)
    await agency.tick()
    assert text(receipt, "MaKetQua") == "DA_TIEP_NHAN"
    assert text(receipt, "MaHoSo") == "G01-261123-000001"
    assert hub.states == ["DaTiepNhan", "DangXuLy", "DaGiaiQuyet"]
    result = hub.got[-1].payload
    assert text(result, "KetQua/SoThongBao") == "000001/CT08"
    assert text(result, "KetQua/NgayDangKy") == "2026-11-23"
    assert text(result, "KetQua/QuanHeVoiChuHo") == "Con đẻ"
    assert text(result, "MaGiaoDich") == KEY
    assert agency.desk.effects(KEY) == ["Đăng ký thường trú tại xã 00070"]


async def test_notices_are_valid_addressed_and_signed(
    client: Client, agency: CuTru, hub: Hub, form: etree._Element
) -> None:
    """Each call-back is valid for its schema and carries the agency's signature over body and addressing."""
    await client.call("TiepNhanToKhai", form)
    await agency.tick()
    for message in hub.got:
        wss.verify(message.root, SOAP12, agency.identity.certificate, agency.clock())
        assert agency.notices.errors(message.payload) == []
        assert agency.notices.field_errors(message.payload) == []
        assert addressing.read(message.headers).action == f"{NS}/ThongBao"


async def test_an_acknowledged_notice_is_not_repeated(
    client: Client, agency: CuTru, hub: Hub, clock: ManualClock, form: etree._Element
) -> None:
    """Once the hub has confirmed, nothing more is sent."""
    await client.call("TiepNhanToKhai", form)
    await agency.tick()
    clock.advance(seconds=10)
    await agency.tick()
    assert len(hub.got) == 3


async def test_a_notice_is_repeated_until_acknowledged(
    client: Client, agency: CuTru, hub: Hub, clock: ManualClock, form: etree._Element
) -> None:
    """An answer that is not the contract's is no acknowledgement; each attempt is a new message."""
    hub.answer = lambda message: soap_of(simple("XacNhanThongBao", MaThongBao="TB-other", DaNhan="true"))
    await client.call("TiepNhanToKhai", form)
    await agency.tick()
    hub.answer = None
    clock.advance(seconds=3)
    await agency.tick()
    ids = {addressing.read(item.headers).message_id for item in hub.got}
    assert len(hub.got) == 6
    assert len(ids) == 6
    assert [item.done for item in agency.callbacks.all()] == [True] * 3


async def test_an_unsigned_acknowledgement_is_enough(
    client: Client, agency: CuTru, hub: Hub, form: etree._Element
) -> None:
    """Unless the option demands more."""
    hub.answer = lambda message: soap_of(
        simple("XacNhanThongBao", MaThongBao=text(message.payload, "MaThongBao"), DaNhan="true")
    )
    await client.call("TiepNhanToKhai", form)
    await agency.tick()
    assert all(item.done for item in agency.callbacks.all())


async def test_the_answer_is_signed_and_related(client: Client, agency: CuTru, form: etree._Element) -> None:
    """An answer carries the agency's signature and names the request."""
    request = client.envelope("TiepNhanToKhai", form)
    asked = addressing.read(soap.read(etree.tostring(request), SOAP12).headers)
    _, answer = await client.post(request)
    wss.verify(answer.root, SOAP12, agency.identity.certificate, agency.clock())
    properties = addressing.read(answer.headers, ("Action", "RelatesTo", "MessageID"))
    assert properties.relates_to == asked.message_id
    assert properties.action == f"{NS}/TiepNhanToKhaiResponse"


async def test_a_repeated_key_has_no_second_effect(
    client: Client, agency: CuTru, hub: Hub, form: etree._Element
) -> None:
    """The second time: already received; one entry in the register, the same number."""
    first = await client.call("TiepNhanToKhai", form)
    await agency.tick()
    again = await client.call("TiepNhanToKhai", form)
    await agency.tick()
    assert text(again, "MaKetQua") == "DA_DUOC_TIEP_NHAN"
    assert text(again, "MaHoSo") == text(first, "MaHoSo")
    assert agency.desk.get(KEY).times == 2
    assert len(hub.got) == 3
    assert len(agency.database.rows("SELECT * FROM residence")) == 1


@pytest.mark.parametrize(
    ("path", "value", "field", "words"),
    [
        ("HoTen", "Nguyễn Thị Thủy", "HoTen", "viết chữ in hoa"),
        ("SoDinhDanh", "0013261234567", "SoDinhDanh", "có định dạng không đúng"),
        ("ChuHo/QuanHe", "Con", "QuanHe", "không tồn tại giá trị trong danh mục"),
        ("KinhGui", "99999-G01.101.001.070", "KinhGui", "mã xã 99999"),
        ("KinhGui", "00004-G01.101.001.004", "KinhGui", "nơi thường trú thuộc xã 00070"),
        ("NgaySinh", "2026-11-24", "NgaySinh", "tương lai"),
        ("NgaySinh", "2026-02-30", "NgaySinh", "có định dạng không đúng"),
    ],
)
async def test_a_wrong_field_is_named(
    client: Client, agency: CuTru, form: etree._Element, path: str, value: str, field: str, words: str
) -> None:
    """A Sender fault whose detail names the field; nothing is taken in."""
    fault = parse((await client.fault("TiepNhanToKhai", change(form, path, value))).encode())
    detail = fault.find(f".//{{{NS}}}LoiNghiepVu")
    assert detail is not None
    assert text(detail, "Loi/Truong") == field
    assert words in text(detail, "Loi/MoTa")
    assert agency.desk.records() == []


async def test_a_changed_body_is_refused(client: Client, agency: CuTru, form: etree._Element) -> None:
    """The signature covers the body."""
    envelope = client.envelope("TiepNhanToKhai", form)
    change(envelope[-1][0], "HoTen", "NGUYỄN THỊ KHÁC")
    status, answer = await client.post(envelope)
    assert status == 400
    assert "FailedCheck" in etree.tostring(answer.payload, encoding="unicode")
    assert agency.desk.records() == []


async def test_an_old_message_is_refused(client: Client, clock: ManualClock, form: etree._Element) -> None:
    """A message beyond its time-stamp and the tolerance between clocks is not accepted."""
    envelope = client.envelope("TiepNhanToKhai", form)
    clock.advance(minutes=11)
    status, _ = await client.post(envelope)
    assert status == 400


async def test_an_unsigned_message_is_refused(client: Client, form: etree._Element) -> None:
    """No Security header: a fault about identity."""
    headers = addressing.build(addressing.Addressing(f"{NS}/TiepNhanToKhai", "urn:uuid:1", client.url))
    status, answer = await client.post(soap.envelope(SOAP12, form, headers))
    assert status == 400
    assert "FailedCheck" in etree.tostring(answer.payload, encoding="unicode")


async def test_a_message_for_someone_else_is_refused(client: Client, form: etree._Element) -> None:
    """wsa:To must be this endpoint."""
    status, answer = await client.post(client.envelope("TiepNhanToKhai", form, to="http://other.invalid/"))
    assert status == 400
    assert "DestinationUnreachable" in etree.tostring(answer.payload, encoding="unicode")


async def test_an_action_of_another_operation_is_refused(client: Client, form: etree._Element) -> None:
    """wsa:Action must be that of the operation in the body."""
    status, answer = await client.post(client.envelope("RutToKhai", form))
    assert status == 400
    assert "InvalidAddressingHeader" in etree.tostring(answer.payload, encoding="unicode")


async def test_supplement(client: Client, agency: CuTru, hub: Hub, form: etree._Element) -> None:
    """CT05 says what is missing until when; after the supplement the dossier is settled."""
    agency.decisions.add({"outcome": "supplement", "reason": "Thiếu giấy tờ chỗ ở", "times": 1})
    await client.call("TiepNhanToKhai", form)
    await agency.tick()
    asked = hub.got[-1].payload
    await client.call("BoSungToKhai", supplement("s1"))
    again = await client.call("BoSungToKhai", supplement("s1"))
    await agency.tick()
    assert text(asked, "PhieuBoSung/NoiDung") == "Thiếu giấy tờ chỗ ở"
    assert text(asked, "PhieuBoSung/HanBoSung") == "2026-12-02"
    assert text(again, "MaKetQua") == "DA_DUOC_TIEP_NHAN"
    assert hub.states[3:] == ["DaTiepNhan", "DangXuLy", "DaGiaiQuyet"]
    assert [text(item.payload, "SoThuTu") for item in hub.got] == ["1", "2", "3", "4", "5", "6"]


async def test_a_supplement_that_nobody_asked_for(client: Client, form: etree._Element) -> None:
    """It is a fault with the observed words."""
    await client.call("TiepNhanToKhai", form)
    assert "Logic xử lý không hợp lệ" in await client.fault("BoSungToKhai", supplement("s1"))


async def test_a_deadline_that_passes(
    client: Client, agency: CuTru, hub: Hub, clock: ManualClock, form: etree._Element
) -> None:
    """Without a supplement in time the dossier is refused with CT06."""
    agency.decisions.add({"outcome": "supplement", "reason": "Thiếu giấy tờ"})
    await client.call("TiepNhanToKhai", form)
    await agency.tick()
    clock.advance(days=10)
    await agency.tick()
    assert hub.states[-2:] == ["YeuCauBoSung", "TuChoi"]
    assert text(hub.got[-1].payload, "PhieuTuChoi/LyDo") == "Quá thời hạn bổ sung hồ sơ"


async def test_withdrawal(client: Client, agency: CuTru, hub: Hub, form: etree._Element) -> None:
    """A dossier that is not settled can be taken back."""
    agency.decisions.add({"outcome": "hold"})
    await client.call("TiepNhanToKhai", form)
    await agency.tick()
    await client.call("RutToKhai", simple("RutHoSo", MaGiaoDich="w", MaHoSoLienThong=CODE, LyDo="Nộp nhầm"))
    await agency.tick()
    assert hub.states == ["DaTiepNhan", "DangXuLy", "DaRut"]
    assert agency.database.rows("SELECT * FROM residence") == []


async def test_asking_by_key(client: Client, agency: CuTru, form: etree._Element) -> None:
    """After a lost answer: unknown keys are said to be unknown, known ones get their state and result."""
    unknown = await client.call("HoiTrangThai", simple("CauHoiTrangThai", MaGiaoDich=KEY))
    await client.call("TiepNhanToKhai", form)
    known = await client.call("HoiTrangThai", simple("CauHoiTrangThai", MaGiaoDich=KEY))
    assert text(unknown, "CoHoSo") == "false"
    assert text(known, "TrangThai") == "DaGiaiQuyet"
    assert text(known, "KetQua/SoDinhDanh") == "001326123456"
    assert agency.requests.errors(known) == []
    assert agency.requests.field_errors(known) == []


async def test_out_of_order(client: Client, agency: CuTru, hub: Hub, form: etree._Element) -> None:
    """On demand the outcome overtakes what came before; the sequence number tells."""
    agency.faults.add({"fault": {"kind": "out-of-order"}, "times": 1})
    await client.call("TiepNhanToKhai", form)
    await agency.tick()
    assert hub.states == ["DaGiaiQuyet", "DangXuLy", "DaTiepNhan"]
    assert [text(item.payload, "SoThuTu") for item in hub.got] == ["3", "2", "1"]


async def test_one_child_has_one_residence(client: Client, form: etree._Element) -> None:
    """A second dossier for a child that is registered is refused."""
    await client.call("TiepNhanToKhai", form)
    await client.call("HoiTrangThai", simple("CauHoiTrangThai", MaGiaoDich=KEY))
    other = change(change(form, "MaGiaoDich", "k2"), "MaHoSoLienThong", "G22.99.08-261123-000002")
    assert "Đã đăng ký thường trú" in await client.fault("TiepNhanToKhai", other)


async def test_both_contracts_are_published(client: Client) -> None:
    """?wsdl is the service, ?wsdl=cutru-callback.wsdl what the hub must implement."""
    async with client.session.get(f"{client.url}?wsdl") as answer:
        assert f'location="{client.url}"' in await answer.text()
    async with client.session.get(f"{client.url}?wsdl=cutru-callback.wsdl") as answer:
        assert "ThongBaoKetQua" in await answer.text()


def soap_of(document: etree._Element) -> bytes:
    """A bare envelope."""
    return etree.tostring(soap.envelope(SOAP12, document))


def removal(**changes: str) -> etree._Element:
    """A removal of the wife of an old couple; ``changes`` by element name."""
    wife, husband = (generate().old_couples()[0].wife, generate().old_couples()[0].husband)
    place = wife.residence
    values = {
        "MaGiaoDich": "K-X",
        "MaHoSoLienThong": CODE,
        "MaNghiepVu": "XOATHUONGTRU_01",
        "KinhGui": f"{place.commune}-G01.000.000.000",
        "ThoiDiemGui": "2026-11-23T11:59:00+07:00",
        "HoTen": wife.full_name.upper(),
        "NgaySinh": wife.birth,
        "GioiTinh": "Nữ",
        "SoDinhDanh": wife.number,
        "ChuHo": "",
        "HoMotNguoi": "false",
        "NoiDungDeNghi": "Xóa đăng ký thường trú",
        "NoiThuongTru": "",
        "NguoiKeKhai": "",
        "KhaiTu": "",
        "NgayChet": "2026-11-20",
    } | changes
    form = simple("ToKhaiXoaThuongTru", **values)
    head = {"HoTen": husband.full_name.upper(), "QuanHe": "Vợ, chồng", "SoDinhDanh": husband.number}
    act = {"SoDangKy": "7", "QuyenSo": "01/2026", "NgayDangKy": "2026-11-23", "MaXaDangKy": place.commune}
    for name, parts in (
        ("ChuHo", head),
        ("NoiThuongTru", {"MaTinh": place.province, "MaXa": place.commune}),
        ("NguoiKeKhai", {"HoTen": head["HoTen"], "SoDinhDanh": husband.number}),
        ("KhaiTu", act),
    ):
        group = form.find(f"{{{NS}}}{name}")
        assert group is not None
        group.text = None
        for part, value in parts.items():
            etree.SubElement(group, f"{{{NS}}}{part}").text = value
    return form


async def test_a_residence_is_removed(client: Client, agency: CuTru, hub: Hub) -> None:
    """The result comes by call-back, and says whether the household goes on."""
    receipt = await client.call("TiepNhanXoaThuongTru", removal())
    assert text(receipt, "MaKetQua") == "DA_TIEP_NHAN"
    again = await client.call("TiepNhanXoaThuongTru", removal())
    assert text(again, "MaKetQua") == "DA_DUOC_TIEP_NHAN"
    await agency.tick()
    result = hub.got[-1].payload
    assert agency.notices.errors(result) == []
    assert agency.notices.field_errors(result) == []
    assert text(result, "KetQuaXoa/NgayXoa") == "2026-11-23"
    assert text(result, "KetQuaXoa/HoChamDut") == "false"
    assert agency.desk.effects("K-X") == ["Xóa đăng ký thường trú"]


async def test_a_removal_that_does_not_agree_is_refused(client: Client, agency: CuTru) -> None:
    """The register holds another name for the number: nothing is taken in."""
    fault = await client.fault("TiepNhanXoaThuongTru", removal(HoTen="NGUYỄN THỊ KHÁC"))
    assert "họ tên không khớp với số định danh" in fault
    assert agency.desk.records() == []


async def test_a_correction_is_taken_over_once(
    client: Client, agency: CuTru, hub: Hub, form: etree._Element
) -> None:
    """The result says the corrected name; a repetition has no effect; another number is refused."""
    await client.call("TiepNhanToKhai", form)
    act = form.find(f"{{{NS}}}KhaiSinh")
    assert act is not None
    correction = simple(
        "DinhChinhHoSo", MaGiaoDich="C-1", MaHoSoLienThong=CODE, ThayDoi="", HoTen="LÊ VĂN THÙY"
    )
    etree.SubElement(correction[2], f"{{{NS}}}Truong").text = "ChildName"
    correction.append(parse(etree.tostring(act)))
    assert text(await client.call("DinhChinhHoSo", correction), "MaKetQua") == "DA_TIEP_NHAN"
    assert text(await client.call("DinhChinhHoSo", correction), "MaKetQua") == "DA_DUOC_TIEP_NHAN"
    await agency.tick()
    assert text(hub.got[-1].payload, "KetQua/HoTen") == "LÊ VĂN THÙY"
    assert agency.desk.effects(KEY)[0] == "Đính chính ChildName"
    agency.decisions.add({"outcome": "reject", "reason": "Đã cấp giấy tờ khác"})
    assert "Đã cấp giấy tờ khác" in await client.fault(
        "DinhChinhHoSo", change(correction, "MaGiaoDich", "C-2")
    )


async def test_the_list_of_what_was_taken_in(
    client: Client, form: etree._Element, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Declarations between two moments with their present state, page by page."""
    monkeypatch.setattr("sandbox.cutru.agency.LISTED", 1)
    await client.call("TiepNhanToKhai", form)
    await client.call("TiepNhanXoaThuongTru", removal(MaHoSoLienThong="G22.99.08-261123-000002"))
    asked = {"TuThoiDiem": "2026-11-23T00:00:00+07:00", "DenThoiDiem": "2026-11-24T00:00:00+07:00"}
    first = await client.call("DanhSachHoSo", simple("CauHoiDanhSach", **asked))
    second = await client.call("DanhSachHoSo", simple("CauHoiDanhSach", **asked, Trang="2"))
    assert (text(first, "HoSo/MaGiaoDich"), text(first, "ConNua")) == (KEY, "true")
    assert (text(second, "HoSo/MaGiaoDich"), text(second, "ConNua")) == ("K-X", "false")
    none = simple("CauHoiDanhSach", **(asked | {"DenThoiDiem": "2026-11-23T01:00:00+07:00"}))
    assert text(await client.call("DanhSachHoSo", none), "HoSo/MaGiaoDich") == ""
