"""A running funeral-support service and a client that speaks its contract."""

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
from sandbox.btxh import Btxh
from sandbox.core.keys import identity
from sandbox.core.xml import parse, serialize, text

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)  # Tuesday, noon in Vietnam
CASES = Path(__file__).parents[3] / "mappings" / "death-to-btxh" / "cases"


@dataclass
class Client:
    """Sends documents to the service, as a hub would."""

    session: aiohttp.ClientSession
    url: str
    key: str = "khoa-btxh"

    async def send(self, path: str, document: etree._Element | bytes) -> etree._Element:
        """Post with the account's key in its place; the answer."""
        data = document if isinstance(document, bytes) else serialize(self._with_key(document))
        async with self.session.post(f"{self.url}/apiBTXH/{path}", data=data) as answer:
            assert answer.status == 200
            return parse(await answer.read())

    async def ask(self, *keys: str) -> etree._Element:
        """TienTrinhHoSoBTXH."""
        items = "".join(f"<KhoaGiaoDich>{key}</KhoaGiaoDich>" for key in keys)
        question = f"<HoiTienTrinh><AcceptKey>{self.key}</AcceptKey>{items}</HoiTienTrinh>"
        return await self.send("TienTrinhHoSoBTXH", question.encode())

    async def state(self, key: str) -> str:
        """StatusId of one request."""
        return text(await self.ask(key), "TienTrinh/StatusId")

    def _with_key(self, document: etree._Element) -> etree._Element:
        place = document.find("AcceptKey")
        assert place is not None
        place.text = self.key
        return document


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key made once: making one is slow."""
    folder = tmp_path_factory.mktemp("keys")
    identity(folder, "btxh", NOON)
    return folder


@pytest.fixture
def clock() -> ManualClock:
    """Time, moved by the test."""
    return ManualClock(NOON)


@pytest.fixture
async def box(tmp_path: Path, keys: Path, clock: ManualClock) -> AsyncIterator[Sandbox]:
    """A sandbox with this agency only."""
    shutil.copytree(keys, tmp_path / "btxh")
    async with Sandbox(tmp_path, agencies=["btxh"], clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
def agency(box: Sandbox) -> Btxh:
    """The agency itself."""
    found = box.agency("btxh")
    assert isinstance(found, Btxh)
    return found


@pytest.fixture
async def client(box: Sandbox) -> AsyncIterator[Client]:
    """A client that knows the key."""
    async with aiohttp.ClientSession() as session:
        yield Client(session, box.url("btxh"))


@pytest.fixture
def merit() -> etree._Element:
    """A valid DongBoDVC for a person of merit."""
    return parse((CASES / "person-of-merit.out.xml").read_bytes())
