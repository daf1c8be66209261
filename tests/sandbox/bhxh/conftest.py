"""A running gateway, a client that speaks its contract, and a hub that takes its call-backs."""

from __future__ import annotations

import shutil
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from lxml import etree

from sandbox import ManualClock, Sandbox
from sandbox.bhxh import Bhxh
from sandbox.core.dsig import sign_two_reference
from sandbox.core.keys import Identity, identity
from sandbox.core.xml import parse, serialize, text

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # Monday, noon in Vietnam
SAMPLES = Path(__file__).parent / "samples"
PASSWORD = "mat-khau-thu"


@dataclass
class Client:
    """Sends documents to the gateway, as a hub would."""

    session: aiohttp.ClientSession
    url: str
    key: Identity
    clock: ManualClock
    token: dict[str, str] = field(default_factory=dict)

    async def login(self, password: str = PASSWORD, user: str = "lienthong") -> int:
        """Get tokens; the HTTP status."""
        form = {"username": user, "password": password}
        async with self.session.post(f"{self.url}/api/token/take", data=form) as answer:
            self.token = await answer.json()
            return answer.status

    def sign(self, root: etree._Element) -> etree._Element:
        """Sign in the two-reference profile."""
        payload = str(root[0].tag)
        return sign_two_reference(root, self.key, payload=payload, holder="CHUKYDONVI", at=self.clock())

    async def post(self, data: bytes, kind: str = "TK1", **changes: str) -> tuple[int, etree._Element]:
        """Post bytes as fileBase64Str; status and receipt."""
        form = {
            "maDonVi": "DVCLT",
            "token": self.token.get("access_token", ""),
            "id_token": self.token.get("id_token", ""),
            "username": "lienthong",
            "password": md5(PASSWORD.encode()).hexdigest(),
            "loaiHs": kind,
            "fileBase64Str": b64encode(data).decode(),
        }
        url = f"{self.url}/api/hoso/guiHoSoDienTu"
        async with self.session.post(url, data={**form, **changes}) as answer:
            return answer.status, parse(await answer.read())

    async def send(self, root: etree._Element, kind: str = "TK1", **changes: str) -> etree._Element:
        """Sign and post; the receipt."""
        _, receipt = await self.post(serialize(self.sign(root)), kind, **changes)
        return receipt

    async def list(self, **wanted: str) -> etree._Element:
        """danhSach."""
        params = {"token": self.token["access_token"], **wanted}
        async with self.session.get(f"{self.url}/api/hoso/danhSach", params=params) as answer:
            return parse(await answer.read())

    async def ask(self, question: str) -> etree._Element:
        """danhSach with a document."""
        headers = {"Content-Type": "application/xml", "Authorization": f"Bearer {self.token['access_token']}"}
        url = f"{self.url}/api/hoso/danhSach"
        async with self.session.post(url, data=question.encode(), headers=headers) as answer:
            return parse(await answer.read())


@dataclass
class Hub:
    """Takes call-backs and acknowledges them unless told otherwise."""

    got: list[etree._Element] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    rude: bool = False
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        """POST /agency/bhxh."""
        root = parse(await request.read())
        self.got.append(root)
        self.headers.append(dict(request.headers))
        if self.rude:
            return web.Response(text="OK")
        body = (
            f"<XacNhan><MaTB>{text(root, 'KETQUA/MA_TB')}</MaTB><MaKetQua>200</MaKetQua>"
            "<ThoiGianTiepNhan>20261123120001</ThoiGianTiepNhan></XacNhan>"
        )
        return web.Response(body=body.encode(), content_type="application/xml")

    @property
    def states(self) -> list[str]:
        """States told so far."""
        return [text(item, "KETQUA/TRANG_THAI") for item in self.got]


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys made once: making one is slow."""
    folder = tmp_path_factory.mktemp("keys")
    identity(folder, "bhxh", NOON)
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
async def hub() -> AsyncIterator[Hub]:
    """A hub on a real socket."""
    hub = Hub()
    app = web.Application()
    app.router.add_post("/agency/bhxh", hub.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield hub
    await runner.cleanup()


@pytest.fixture
async def box(
    tmp_path: Path, keys: Path, hub_key: Identity, hub: Hub, clock: ManualClock
) -> AsyncIterator[Sandbox]:
    """A sandbox with this agency only; results move when the test says ``tick``."""
    shutil.copytree(keys, tmp_path / "bhxh")
    async with Sandbox(
        tmp_path,
        agencies=["bhxh"],
        hub_url=hub.url,
        hub_certificate=hub_key.certificate_path,
        options={
            "bhxh": {
                "callback_key": "khoa-thu",
                "max_bytes": 200_000,
                "page": 2,
                "accounts": [{"user": "tinh-khac", "password": "mat-khau-khac", "unit": "TINHKHAC"}],
            }
        },
        clock=clock,
        tick=3600,
    ) as sandbox:
        yield sandbox


@pytest.fixture
def agency(box: Sandbox) -> Bhxh:
    """The agency itself."""
    found = box.agency("bhxh")
    assert isinstance(found, Bhxh)
    return found


@pytest.fixture
async def client(box: Sandbox, hub_key: Identity, clock: ManualClock) -> AsyncIterator[Client]:
    """A client with the hub's key and tokens."""
    async with aiohttp.ClientSession() as session:
        client = Client(session, box.url("bhxh"), hub_key, clock)
        await client.login()
        yield client


@pytest.fixture
def form() -> etree._Element:
    """A valid HSDLTK1, unsigned."""
    return parse((SAMPLES / "tk1.xml").read_bytes())


@pytest.fixture
def deaths() -> dict[str, etree._Element]:
    """The three files of one death of a pensioner, valid and unsigned, by loaiHs."""
    return {kind: parse((SAMPLES / f"{kind.lower()}.xml").read_bytes()) for kind in ("MTP", "TT", "DLH")}
