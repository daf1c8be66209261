"""The adapters against the sandbox: servers that sign, verify and speak SOAP with code that shares
nothing with ours.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.base import Answer, Inbound, Receiver, Reply, Request, Resources, Sender
from adapters.errors import Refused, Rejected, Unauthorized
from adapters.http import HttpClient
from adapters.registry import get
from lienthong.testing import FakeAgency, Heard, numbers
from sandbox import Sandbox
from sandbox.yte import Yte
from signing.keys import create_key, load_key, read_certificates
from signing.trust import Trust
from signing.xml import parse

SAMPLES = Path("tests/sandbox")
CIVIL, RESIDENCE, CARD = (
    "urn:botuphap:hotich:lienthong:1.0",
    "urn:bca:cutru:ct01:1.0",
    "urn:bca:cancuoc:the-tre-em:1.0",
)
SECRETS = {
    "hotich-user": "lienthong",
    "hotich-password": "mat-khau-thu",
    "bhxh-user": "lienthong",
    "bhxh-password": "mat-khau-thu",
    "cancuoc-key": "khoa-can-cuoc",
    "btxh-key": "khoa-btxh",
    "yte-01005": "mat-khau-thu",
    "yte-01010": "mat-khau-thu",
    "dancu-user": "lienthong",
    "dancu-secret": "sandbox-dancu-secret",
    "dancu-api-key": "sandbox-dancu-key",
}
TOKEN_FIELDS = {
    "maDonVi": "DVCLT",
    "token": "{token:access_token}",
    "id_token": "{token:id_token}",
    "username": "{secret:bhxh-user}",
    "password": "{md5:bhxh-password}",
    "loaiHs": "TK1",
    "fileBase64Str": "{document}",
}


def noon() -> datetime:
    """Monday, noon in Vietnam, on the day of the samples."""
    return datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


class Hub:
    """What a hub lends to its adapters, with a key of its own, beside a sandbox of one agency."""

    def __init__(self, folder: Path, http: HttpClient, box: Sandbox, agency: str) -> None:
        self.box, self.agency = box, agency
        trust = Trust({agency: read_certificates(box.certificate(agency))})
        signer = load_key(folder, "hub")
        ids = numbers()
        self.lent = Resources(
            http,
            Path("xsd"),
            noon,
            lambda: f"00000000-0000-4000-8000-0000{ids()}",
            SECRETS.__getitem__,
            signer,
            trust,
        )

    def adapter(self, name: str, **settings: Any) -> Any:
        """An adapter from its settings, through the door that the hub uses."""
        spec = get(name)
        return spec.build(spec.settings.model_validate(settings), self.lent)

    def url(self, path: str = "") -> str:
        """An address of the agency."""
        return self.box.url(self.agency) + path


@pytest.fixture
async def beside(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Hub]]]:
    """Starts the sandbox with one agency and gives the hub beside it."""
    async with contextlib.AsyncExitStack() as stack:
        http = HttpClient(clock=noon)
        stack.push_async_callback(http.close)
        create_key(tmp_path, "hub", subject="CN=hub", clock=noon)

        async def start(agency: str, **arguments: Any) -> Hub:
            certificate = tmp_path / "hub.crt.pem"
            box = Sandbox(tmp_path, agencies=[agency], hub_certificate=certificate, clock=noon, **arguments)
            await stack.enter_async_context(box)
            return Hub(tmp_path, http, box, agency)

        yield start


async def exchange(sender: Sender, operation: str, payload: bytes) -> Reply:
    """Encode and send."""
    return await sender.send(sender.encode(Request(operation, payload, "key")))


def carrying(receiver: Receiver, result: Callable[[bytes], bytes]) -> Callable[[Heard], Answer]:
    """A web server around a receiver; ``result`` makes the hub's answer from the payload."""

    def serve(heard: Heard) -> Answer:
        inbound = Inbound(heard.method, heard.path, heard.headers, heard.body)
        try:
            received = receiver.receive(inbound)
        except Refused as refused:
            return receiver.refuse(inbound, refused)
        return receiver.answer(received, result(received.payload))

    return serve


def as_document(sample: str, root: str, space: str) -> bytes:
    """A sample part as a document of the global element that stands for it."""
    text = (SAMPLES / sample).read_text("utf-8")
    name = text[1 : text.index(">")]
    return (
        text.replace(f"<{name}>", f'<d:{root} xmlns:d="{space}">')
        .replace(f"</{name}>", f"</d:{root}>")
        .encode()
    )


async def test_civil_status(beside: Callable[..., Awaitable[Hub]]) -> None:
    """Rpc/literal, token, enveloped signatures in both directions: submitted, polled, and known when
    asked.
    """
    hub = await beside("hotich")
    sender = hub.adapter(
        "soap-client",
        wsdl="hotich/1.0/hotich.wsdl",
        address=hub.url("/hotich"),
        security="enveloped",
        unsigned=["layToken", "traKetQuaHoSo", "danhSachHoSo"],
        verify_reply="enveloped",
        unverified=["layToken"],
        auth={
            "kind": "token",
            "operation": "layToken",
            "credentials": {"taiKhoan": "hotich-user", "matKhau": "hotich-password"},
            "token": "token",
        },
    )
    assert (await sender.check()).ok
    birth = as_document("hotich/samples/birth.xml", "HoSoDKHT", CIVIL)
    reply = await exchange(sender, "nhanHoSoDKHT", birth)
    assert parse(reply.payload).findtext("status") == "1"
    assert reply.signer is not None
    query = f'<YeuCauKetQua xmlns="{CIVIL}"><module xmlns="">LTKS</module><maTinh xmlns="">01</maTinh>'
    query += '<maDinhDanhHoSo xmlns="">G22.99.08-261123-000001</maDinhDanhHoSo></YeuCauKetQua>'
    polled = await exchange(sender, "traKetQuaHoSo", query.encode())
    assert parse(polled.payload).tag == f"{{{CIVIL}}}KetQuaHoSo"


async def test_residence_both_ways(beside: Callable[..., Awaitable[Hub]]) -> None:
    """SOAP 1.2 with WS-Addressing and WS-Security: a declaration out, notices back, each acknowledged."""
    hub = await beside("cutru")
    sender = hub.adapter(
        "soap-client",
        wsdl="cutru/1.0/cutru.wsdl",
        address=hub.url("/cutru"),
        security="wss-x509",
        verify_reply="wss-x509",
        addressing=True,
    )
    receiver = hub.adapter(
        "soap-service",
        wsdl="cutru/1.0/cutru-callback.wsdl",
        versions=["1.2"],
        security="wss-x509",
        sign_answer="wss-x509",
        partners=["cutru"],
        addressing=True,
    )
    heard: list[str] = []

    def acknowledge(payload: bytes) -> bytes:
        notice = parse(payload)
        heard.append(notice.findtext("{*}TrangThai") or "")
        code = notice.findtext("{*}MaThongBao")
        xml = f'<XacNhanThongBao xmlns="{RESIDENCE}"><MaThongBao>{code}</MaThongBao>'
        return f"{xml}<DaNhan>true</DaNhan></XacNhanThongBao>".encode()

    async with FakeAgency(carrying(receiver, acknowledge)) as web:
        hub.box.set_hub(web.url)
        assert (await sender.check()).ok
        form = (SAMPLES / "cutru/samples/ct01.xml").read_bytes()
        reply = await exchange(sender, "TiepNhanToKhai", form)
        assert parse(reply.payload).findtext("{*}MaKetQua") == "DA_TIEP_NHAN"
        await hub.box.agency("cutru").tick()
    assert heard == ["DaTiepNhan", "DangXuLy", "DaGiaiQuyet"]
    assert all(notice.done for notice in hub.box.agency("cutru").callbacks.all())


async def test_insurance_both_ways(beside: Callable[..., Awaitable[Hub]]) -> None:
    """Token, form with the two-reference-signed document; the result comes signed the same way."""
    hub = await beside("bhxh")
    profile = {"kind": "two-reference", "document": "TK1TS", "holder": "CHUKYDONVI"}
    operation = {
        "path": "/api/hoso/guiHoSoDienTu",
        "input": "HSDLTK1",
        "output": "KetQuaTiepNhan",
        "xsd": "bhxh/1.0/bhxh.xsd",
        "encoding": "form",
        "fields": TOKEN_FIELDS,
        "signature": profile,
    }
    sender = hub.adapter(
        "xml-http",
        address=hub.url(),
        operations={"TK1": operation},
        auth={
            "kind": "token-endpoint",
            "path": "/api/token/take",
            "encoding": "json",
            "credentials": {"username": "bhxh-user", "password": "bhxh-password"},
        },
        code="MaKetQua",
        verdicts={"401": "unauthorized", "500": "unavailable"},
    )
    result = {"kind": "two-reference", "document": "KETQUA", "holder": "CHUKYDONVI"}
    reception = {"input": "HSDLKQ", "output": "XacNhan", "xsd": "bhxh/1.0/bhxh.xsd", "signature": result}
    receiver = hub.adapter("xml-http-service", operations={"KetQua": reception}, partners=["bhxh"])

    def acknowledge(payload: bytes) -> bytes:
        code = parse(payload).findtext("KETQUA/MA_TB")
        xml = f"<XacNhan><MaTB>{code}</MaTB><MaKetQua>200</MaKetQua><ThoiGianTiepNhan>20261123120000</ThoiGianTiepNhan>"
        return f"{xml}</XacNhan>".encode()

    async with FakeAgency(carrying(receiver, acknowledge)) as web:
        hub.box.set_hub(web.url)
        assert (await sender.check()).ok
        reply = await exchange(sender, "TK1", (SAMPLES / "bhxh/samples/tk1.xml").read_bytes())
        assert parse(reply.payload).findtext("MaKetQua") == "200"
        await hub.box.agency("bhxh").tick()
        assert web.heard
    assert all(notice.done for notice in hub.box.agency("bhxh").callbacks.all())


async def test_identity_card(beside: Callable[..., Awaitable[Hub]]) -> None:
    """Enveloped signatures in both directions over plain HTTP; a wrong key is about identity."""
    hub = await beside("cancuoc")
    operation = {
        "path": "/yeu-cau",
        "input": f"{{{CARD}}}YeuCauCapThe",
        "output": f"{{{CARD}}}PhanHoi",
        "xsd": "cancuoc/1.0/cancuoc.xsd",
        "signature": {"kind": "enveloped"},
        "verify_reply": {"kind": "enveloped"},
    }
    settings = {"address": hub.url(), "operations": {"YeuCauCapThe": operation}}
    request = (SAMPLES / "cancuoc/samples/request.xml").read_bytes()
    sender = hub.adapter("xml-http", **settings, auth={"kind": "api-key", "key": "cancuoc-key"})
    reply = await exchange(sender, "YeuCauCapThe", request)
    assert reply.signer is not None
    stranger = hub.adapter("xml-http", **settings, auth={"kind": "api-key", "key": "dancu-secret"})
    with pytest.raises(Unauthorized):
        await exchange(stranger, "YeuCauCapThe", request)


async def test_funeral_support(beside: Callable[..., Awaitable[Hub]]) -> None:
    """The account's key goes into the document while sending; a wrong one is about identity."""
    hub = await beside("btxh")
    operation = {
        "path": "/apiBTXH/DongBoDVC",
        "input": "DongBoDVC",
        "output": "KetQuaDongBo",
        "xsd": "btxh/1.0/btxh.xsd",
        "secrets": {"AcceptKey": "btxh-key"},
    }
    verdicts = {"code": "error_code", "verdicts": {"101": "unauthorized"}}
    settings = {"address": hub.url(), "operations": {"DongBoDVC": operation}, **verdicts}
    request = Path("mappings/death-to-btxh/cases/emergency.out.xml").read_bytes()
    reply = await exchange(hub.adapter("xml-http", **settings), "DongBoDVC", request)
    assert b"<error_code>0</error_code>" in reply.payload
    operation["secrets"] = {"AcceptKey": "cancuoc-key"}
    with pytest.raises(Unauthorized):
        await exchange(hub.adapter("xml-http", **settings), "DongBoDVC", request)


async def test_health_facilities(beside: Callable[..., Awaitable[Hub]]) -> None:
    """A facility takes a token, then posts its certificate, signed by code that shares nothing with ours."""
    hub = await beside("yte")
    config = yaml.safe_load(Path("config/agencies/yte.yaml").read_text("utf-8"))
    receiver = hub.adapter("gateway-service", **config["adapters"]["receive"]["settings"])
    result = b"<KetQuaTiepNhan><MaKetQua>200</MaKetQua>"
    result += b"<ThoiGianTiepNhan>20261123120000</ThoiGianTiepNhan></KetQuaTiepNhan>"
    carried = carrying(receiver, lambda payload: result)

    def serve(heard: Heard) -> Answer:
        granted: Answer | None = receiver.grant(Inbound(heard.method, heard.path, heard.headers, heard.body))
        return granted or carried(heard)

    yte = hub.box.agency("yte")
    assert isinstance(yte, Yte)
    moment = {"NGAY_SINH_CON": "20261123040000", "GIOI_TINH_CON": "1"}
    mother = {"HOTEN_NND": "Trần Thị Bé", "NGAYSINH_NND": "1995", "NOI_CU_TRU_NND": "Hà Nội"}
    code = yte.issue(
        "birth", MATINH_CU_TRU="01", MAXA_CU_TRU="00070", LOAI_GIAYTO_NND="0", **moment, **mother
    )
    async with FakeAgency(serve) as web:
        hub.box.set_hub(web.url)
        yte.push(code)
        await yte.tick()
    assert [notice.done for notice in yte.callbacks.all()] == [True]
    assert "<MaKetQua>200</MaKetQua>" in yte.callbacks.all()[0].last


async def test_population(beside: Callable[..., Awaitable[Hub]]) -> None:
    """X-Road headers and SOAP 1.1 with a signature: an attributable look-up is answered, another is
    refused.
    """
    hub = await beside("dancu", options={"dancu": {"households": 20}})
    sender = hub.adapter(
        "soap-client",
        wsdl="dancu/1.0/dancu.wsdl",
        address=hub.url("/soap"),
        auth={
            "kind": "x-road-population",
            "user": "dancu-user",
            "secret": "dancu-secret",
            "client": "VN/GOV/G22/LIENTHONG",
            "api_key": "dancu-api-key",
        },
        security="wss-x509",
        verify_reply="wss-x509",
        safe=["XacThucThongTinCongDan"],
    )
    number = "001326123456"
    ask = '<XacThucThongTinCongDan xmlns="http://dancuquocgia.bca"><MaYeuCau>Y-1</MaYeuCau><MaDVC>G15-2.002621</MaDVC>'
    ask += f"<MaTichHop>033</MaTichHop><MaCanBo>cb.hoa</MaCanBo><SoDinhDanh>{number}</SoDinhDanh>"
    ask += "<HoVaTen>NGUYỄN VĂN A</HoVaTen></XacThucThongTinCongDan>"
    reply = await exchange(sender, "XacThucThongTinCongDan", ask.encode())
    assert parse(reply.payload).tag == "{http://www.mic.gov.vn/dancu/1.0}KetQuaXacThuc"
    with pytest.raises(Rejected):
        await exchange(sender, "XacThucThongTinCongDan", ask.replace("cb.hoa", "cb.nam").encode())


async def test_population_by_view(beside: Callable[..., Awaitable[Hub]], tmp_path: Path) -> None:
    """The register's own view, as its owner documents it: the record is canonical for everybody in it."""
    await beside("dancu", options={"dancu": {"households": 20}})
    with contextlib.closing(sqlite3.connect(tmp_path / "dancu" / "dancu.db")) as database:
        people = database.execute("SELECT so_dinh_danh, ho_ten, ngay_sinh FROM cong_dan_view").fetchall()
    spec = get("population-db")
    lent = Resources(
        HttpClient(clock=noon), Path("xsd"), noon, numbers(), lambda _: f"sqlite:///{tmp_path}/dancu/dancu.db"
    )
    sender = spec.build(spec.settings.model_validate({"url": "register"}), lent)
    for number, name, born in people[:40]:
        query = '<PersonQuery xmlns="urn:lienthong:1.0"><Kind>lookup</Kind><RequestId>r</RequestId>'
        query += (
            f"<Officer>cb.hoa</Officer><Unit>00070</Unit><Purpose>2.002621</Purpose><PersonalNumber>{number}"
        )
        query += f"</PersonalNumber><FullName>{name}</FullName><BirthDate>{born}</BirthDate></PersonQuery>"
        record = parse((await exchange(sender, "PersonQuery", query.encode())).payload)
        assert record.findtext("{*}Found") == "true"
        assert record.findtext("{*}Person/{*}FullName") == name
    await sender.close()
