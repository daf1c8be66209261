"""A running identity-card service and a client that speaks its contract."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from lxml import etree

from sandbox import ManualClock, Sandbox
from sandbox.cancuoc import CanCuoc
from sandbox.core.dsig import sign_enveloped
from sandbox.core.keys import Identity, identity
from sandbox.core.xml import parse, serialize

NS = "urn:bca:cancuoc:the-tre-em:1.0"
NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # Monday, noon in Vietnam
SAMPLES = Path(__file__).parent / "samples"


@dataclass
class Client:
    """Sends documents to the service, as a hub would."""

    session: aiohttp.ClientSession
    url: str
    key: Identity
    api_key: str = "khoa-can-cuoc"

    async def post(
        self, path: str, data: bytes, media_type: str = "application/xml"
    ) -> tuple[int, etree._Element]:
        """Status and answer."""
        headers = {"Content-Type": media_type, "X-Api-Key": self.api_key}
        async with self.session.post(self.url + path, data=data, headers=headers) as answer:
            return answer.status, parse(await answer.read())

    async def send(self, path: str, document: etree._Element) -> etree._Element:
        """Sign and post; the answer."""
        _, answer = await self.post(path, serialize(sign_enveloped(document, self.key)))
        return answer

    async def ask(self, *keys: str) -> etree._Element:
        """POST /trang-thai."""
        items = "".join(f"<Khoa>{key}</Khoa>" for key in keys)
        _, answer = await self.post(
            "/trang-thai", f'<HoiTrangThai xmlns="{NS}">{items}</HoiTrangThai>'.encode()
        )
        return answer


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys made once: making one is slow."""
    folder = tmp_path_factory.mktemp("keys")
    identity(folder, "cancuoc", NOON)
    return folder


@pytest.fixture(scope="session")
def hub_key(keys: Path) -> Identity:
    """The hub's key and certificate."""
    return identity(keys, "hub", NOON - timedelta(days=200))


@pytest.fixture
def clock() -> ManualClock:
    """Time, moved by the test."""
    return ManualClock(NOON)


@pytest.fixture
async def box(tmp_path: Path, keys: Path, hub_key: Identity, clock: ManualClock) -> AsyncIterator[Sandbox]:
    """A sandbox with this agency only."""
    shutil.copytree(keys, tmp_path / "cancuoc")
    async with Sandbox(
        tmp_path, agencies=["cancuoc"], hub_certificate=hub_key.certificate_path, clock=clock
    ) as sandbox:
        yield sandbox


@pytest.fixture
def agency(box: Sandbox) -> CanCuoc:
    """The agency itself."""
    found = box.agency("cancuoc")
    assert isinstance(found, CanCuoc)
    return found


@pytest.fixture
async def client(box: Sandbox, hub_key: Identity) -> AsyncIterator[Client]:
    """A client with the hub's key."""
    async with aiohttp.ClientSession() as session:
        yield Client(session, box.url("cancuoc"), hub_key)


@pytest.fixture
def request_(request: pytest.FixtureRequest) -> etree._Element:
    """A valid YeuCauCapThe, unsigned."""
    return parse((SAMPLES / "request.xml").read_bytes())
