"""A running portal, and the hub's key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import aiohttp
import pytest
from lxml import etree

from sandbox import ManualClock, Sandbox
from sandbox.core.dsig import sign_enveloped
from sandbox.core.keys import Identity, identity
from sandbox.core.xml import add_all, parse, serialize, text
from sandbox.dvcqg import DVCQG
from sandbox.dvcqg.agency import API_KEY, NAMESPACE

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # Monday, noon in Vietnam


@dataclass
class Pusher:
    """Pushes states as the hub would; every push has its own key unless one is given."""

    session: aiohttp.ClientSession
    url: str
    key: Identity
    pushed: int = 0

    async def push(self, state: int, agency: int = 5, **fields: str) -> tuple[int, str]:
        """maLoi and moTa of the answer to a state of one agency."""
        answer = await self.send(serialize(sign_enveloped(self.document(state, agency, **fields), self.key)))
        return int(text(answer, "maLoi")), text(answer, "moTa")

    def document(self, state: int, agency: int = 5, **fields: str) -> etree._Element:
        """An unsigned state; ``fields`` replace or add elements, an empty one removes it."""
        self.pushed += 1
        values: dict[str, object] = {
            "khoaGiaoDich": f"K-{self.pushed}",
            "maTTHC": "2.002621",
            "soHoSoLT": "G22.99.08-261123-000123",
            "coQuanXuLy": agency,
            "maHoSo": "H21.129-261123-0035",
            "trangThai": state,
            "thoiGianThucHien": "23/11/2026 11:59:00",
            "ghiChu": "",
            "ketQuaXuLy": "Đã đăng ký khai sinh" if state == 4 else "",
            "nguoiXuLy": "Phạm Thị Thử",
            "hanBoSungHoSo": "02/12/2026 17:00:00" if state == 2 else "",
        }
        root = etree.Element(f"{{{NAMESPACE}}}TrangThaiHoSo", nsmap={"t": NAMESPACE})
        add_all(root, **(values | fields))
        return root

    async def send(self, body: bytes) -> etree._Element:
        """Post bytes that must be answered with PhanHoi."""
        headers = {"Content-Type": "application/xml", "X-Api-Key": API_KEY}
        async with self.session.post(self.url, data=body, headers=headers) as answer:
            assert answer.status == 200
            return parse(await answer.read())


@pytest.fixture(scope="session")
def hub_key(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    """The hub's key and certificate."""
    return identity(tmp_path_factory.mktemp("hub"), "hub", NOON)


@pytest.fixture
async def box(tmp_path: Path, hub_key: Identity) -> AsyncIterator[Sandbox]:
    """A sandbox with only the portal."""
    async with Sandbox(
        tmp_path, agencies=["dvcqg"], clock=ManualClock(NOON), hub_certificate=hub_key.certificate_path
    ) as running:
        yield running


@pytest.fixture
def dvcqg(box: Sandbox) -> DVCQG:
    """The agency itself."""
    return cast(DVCQG, box.agency("dvcqg"))


@pytest.fixture
async def hub(box: Sandbox, hub_key: Identity) -> AsyncIterator[Pusher]:
    """A hub that pushes states."""
    async with aiohttp.ClientSession() as session:
        yield Pusher(session, box.url("dvcqg") + "/api/trangthai", hub_key)
