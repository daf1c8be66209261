"""A running residence service, a client that speaks its contract, and a hub that takes its call-backs."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from lxml import etree

from sandbox import ManualClock, Sandbox
from sandbox.core import soap, wss
from sandbox.core.keys import Identity, identity
from sandbox.core.soap import SOAP12
from sandbox.core.xml import parse, serialize, text
from sandbox.cutru import CuTru, addressing
from sandbox.cutru.addressing import Addressing

NS = "urn:bca:cutru:ct01:1.0"
NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # Monday, noon in Vietnam
SAMPLES = Path(__file__).parent / "samples"
MEDIA = "application/soap+xml; charset=utf-8"


@dataclass
class Client:
    """Sends documents to the service, as a hub would."""

    session: aiohttp.ClientSession
    url: str
    key: Identity
    clock: ManualClock

    def envelope(self, operation: str, document: etree._Element, to: str | None = None) -> etree._Element:
        """A signed request."""
        headers = addressing.build(
            Addressing(f"{NS}/{operation}", f"urn:uuid:{uuid.uuid4()}", to or self.url)
        )
        message = soap.envelope(SOAP12, document, headers)
        return wss.sign(message, SOAP12, self.key, now=self.clock(), new_id=lambda: uuid.uuid4().hex)

    async def post(self, envelope: etree._Element) -> tuple[int, soap.Envelope]:
        """Status and answer."""
        async with self.session.post(
            self.url, data=serialize(envelope), headers={"Content-Type": MEDIA}
        ) as answer:
            return answer.status, soap.read(await answer.read(), SOAP12)

    async def call(self, operation: str, document: etree._Element) -> etree._Element:
        """The answer's document; the answer must be no fault."""
        status, answer = await self.post(self.envelope(operation, document))
        assert status == 200, etree.tostring(answer.payload, encoding="unicode")
        return answer.payload

    async def fault(self, operation: str, document: etree._Element) -> str:
        """The fault as text."""
        status, answer = await self.post(self.envelope(operation, document))
        assert status == 400
        return etree.tostring(answer.payload, encoding="unicode")


@dataclass
class Hub:
    """Takes call-backs; ``answer`` makes the body of its answer from the message."""

    key: Identity
    clock: ManualClock
    got: list[soap.Envelope] = field(default_factory=list)
    answer: Callable[[soap.Envelope], bytes] | None = None
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        """POST /agency/cutru."""
        message = soap.read(await request.read(), SOAP12)
        self.got.append(message)
        body = (self.answer or self.acknowledge)(message)
        return web.Response(body=body, headers={"Content-Type": MEDIA})

    def acknowledge(self, message: soap.Envelope) -> bytes:
        """The contract's answer, addressed and signed."""
        identifier = text(message.payload, "MaThongBao")
        body = f"<MaThongBao>{identifier}</MaThongBao><DaNhan>true</DaNhan>"
        relates_to = addressing.read(message.headers).message_id
        headers = addressing.build(Addressing(f"{NS}/ThongBaoResponse", "urn:uuid:1", relates_to=relates_to))
        envelope = soap.envelope(
            SOAP12, parse(f'<XacNhanThongBao xmlns="{NS}">{body}</XacNhanThongBao>'.encode()), headers
        )
        signed = wss.sign(envelope, SOAP12, self.key, now=self.clock(), new_id=lambda: uuid.uuid4().hex)
        return serialize(signed)

    @property
    def states(self) -> list[str]:
        """States told so far."""
        return [text(item.payload, "TrangThai") for item in self.got]


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys made once: making one is slow."""
    folder = tmp_path_factory.mktemp("keys")
    identity(folder, "cutru", NOON)
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
async def hub(hub_key: Identity, clock: ManualClock) -> AsyncIterator[Hub]:
    """A hub on a real socket."""
    hub = Hub(hub_key, clock)
    app = web.Application()
    app.router.add_post("/agency/cutru", hub.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    hub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield hub
    await runner.cleanup()


@pytest.fixture
async def box(tmp_path: Path, keys: Path, hub: Hub, clock: ManualClock) -> AsyncIterator[Sandbox]:
    """A sandbox with this agency only; results move when the test says ``tick``."""
    shutil.copytree(keys, tmp_path / "cutru")
    certificate = hub.key.certificate_path
    async with Sandbox(
        tmp_path, agencies=["cutru"], hub_url=hub.url, hub_certificate=certificate, clock=clock, tick=3600
    ) as sandbox:
        yield sandbox


@pytest.fixture
def agency(box: Sandbox) -> CuTru:
    """The agency itself."""
    found = box.agency("cutru")
    assert isinstance(found, CuTru)
    return found


@pytest.fixture
async def client(box: Sandbox, hub_key: Identity, clock: ManualClock) -> AsyncIterator[Client]:
    """A client with the hub's key."""
    async with aiohttp.ClientSession() as session:
        yield Client(session, f"{box.url('cutru')}/cutru", hub_key, clock)


@pytest.fixture
def form() -> etree._Element:
    """A valid ToKhaiCT01."""
    return parse((SAMPLES / "ct01.xml").read_bytes())
