"""A running civil-status service and a client that speaks its contract."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from lxml import etree

from sandbox import ManualClock, Sandbox
from sandbox.core.dsig import sign_enveloped
from sandbox.core.keys import Identity, identity
from sandbox.core.xml import parse, serialize
from sandbox.hotich import HoTich

NS = "urn:botuphap:hotich:lienthong:1.0"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # Monday, noon in Vietnam
SAMPLES = Path(__file__).parent / "samples"


@dataclass
class Client:
    """Sends parts to the service, as a hub would."""

    session: aiohttp.ClientSession
    url: str
    key: Identity
    token: str = ""

    async def post(
        self, operation: str, body: str, headers: dict[str, str] | None = None
    ) -> tuple[int, etree._Element | None]:
        """Post the content of a SOAP body; status and the child of the answer's body."""
        envelope = f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'
        sent = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{NS}#{operation}"'}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        async with self.session.post(
            self.url, data=envelope.encode(), headers={**sent, **(headers or {})}
        ) as answer:
            data = await answer.read()
            is_xml = answer.content_type == "text/xml"
            return answer.status, parse(data)[-1][0] if is_xml else None

    async def call(self, operation: str, part: etree._Element, *, signed: bool = False) -> etree._Element:
        """The answer's part."""
        sent = sign_enveloped(part, self.key) if signed else part
        wrapped = etree.Element(f"{{{NS}}}{operation}", nsmap={"h": NS})
        wrapped.append(sent)
        status, answer = await self.post(operation, etree.tostring(wrapped).decode())
        assert answer is not None
        assert status == 200, serialize(answer).decode()
        return answer[0]

    async def login(self) -> None:
        """Get a token."""
        part = parse(b"<yeuCau><taiKhoan>lienthong</taiKhoan><matKhau>mat-khau-thu</matKhau></yeuCau>")
        self.token = (await self.call("layToken", part)).findtext("token") or ""

    async def submit(self, part: etree._Element) -> etree._Element:
        """nhanHoSoDKHT, signed."""
        return await self.call("nhanHoSoDKHT", part, signed=True)

    async def ask(self, *dossiers: str, module: str = "LTKS") -> etree._Element:
        """traKetQuaHoSo."""
        codes = "".join(f"<maDinhDanhHoSo>{item}</maDinhDanhHoSo>" for item in dossiers)
        body = f"<yeuCau><module>{module}</module><maTinh>01</maTinh>{codes}</yeuCau>"
        return await self.call("traKetQuaHoSo", parse(body.encode()))


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys made once: making one is slow."""
    folder = tmp_path_factory.mktemp("keys")
    identity(folder, "hotich", NOON)
    return folder


@pytest.fixture(scope="session")
def hub_key(keys: Path) -> Identity:
    """The hub's key and certificate."""
    return identity(keys, "hub", NOON)


@pytest.fixture
def clock() -> ManualClock:
    """Time, moved by the test."""
    return ManualClock(NOON)


@pytest.fixture
async def box(tmp_path: Path, keys: Path, hub_key: Identity, clock: ManualClock) -> AsyncIterator[Sandbox]:
    """A sandbox with this agency only."""
    shutil.copytree(keys, tmp_path / "hotich")
    async with Sandbox(
        tmp_path, agencies=["hotich"], hub_certificate=hub_key.certificate_path, clock=clock
    ) as sandbox:
        yield sandbox


@pytest.fixture
def agency(box: Sandbox) -> HoTich:
    """The agency itself."""
    found = box.agency("hotich")
    assert isinstance(found, HoTich)
    return found


@pytest.fixture
async def stranger(box: Sandbox, hub_key: Identity) -> AsyncIterator[Client]:
    """A client without a token."""
    async with aiohttp.ClientSession() as session:
        yield Client(session, f"{box.url('hotich')}/hotich", hub_key)


@pytest.fixture
async def client(stranger: Client) -> Client:
    """A client with a token."""
    await stranger.login()
    return stranger


@pytest.fixture
def dossier() -> etree._Element:
    """A valid part hoSo of a birth, unsigned."""
    return parse((SAMPLES / "birth.xml").read_bytes())


@pytest.fixture
def death() -> etree._Element:
    """A valid part hoSo of a death, unsigned."""
    return parse((SAMPLES / "death.xml").read_bytes())
