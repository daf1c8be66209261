"""A running population database and a client that speaks its contract."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import aiohttp
import pytest
from lxml import etree

from sandbox import ManualClock, Sandbox
from sandbox.core import wss
from sandbox.core.keys import Identity, identity
from sandbox.core.soap import SOAP11, envelope
from sandbox.core.xml import parse, serialize
from sandbox.dancu import DanCu
from sandbox.dancu.agency import DEFAULTS, REQUEST

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # Monday, noon in Vietnam


@dataclass
class Client:
    """Asks as a hub would. ``clock`` dates the requests, ``key`` signs them where wanted."""

    session: aiohttp.ClientSession
    url: str
    clock: ManualClock
    key: Identity

    def headers(self) -> dict[str, str]:
        """The transport headers of one request."""
        timestamp = str(int(self.clock().timestamp() * 1000))
        user = DEFAULTS["user"]
        digest = hashlib.sha256(f"{self.url}{user}{timestamp}{DEFAULTS['secret']}".encode()).hexdigest()
        return {
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": '""',
            "Timestamp": timestamp,
            "Authorization": "Basic " + base64.b64encode(f"{user}:{digest}".encode()).decode(),
            "X-Road-Client": DEFAULTS["client"],
            "ApiKey": DEFAULTS["api_key"],
        }

    async def post(
        self, payload: bytes, *, signed: bool = False, **headers: str | None
    ) -> tuple[int, etree._Element | None]:
        """Status, and the whole answer if it is XML. A header given as None is left out."""
        message = envelope(SOAP11, parse(payload))
        if signed:
            message = wss.sign(message, SOAP11, self.key, now=self.clock(), new_id=lambda: uuid.uuid4().hex)
        sent = {**self.headers(), **{name.replace("_", "-"): value for name, value in headers.items()}}
        kept = {name: value for name, value in sent.items() if value is not None}
        async with self.session.post(self.url, data=serialize(message), headers=kept) as answer:
            data = await answer.read()
            return answer.status, parse(data) if answer.content_type == "text/xml" else None

    async def ask(self, payload: bytes, **options: bool) -> etree._Element:
        """The child of the body of a good answer."""
        status, answer = await self.post(payload, **options)  # type: ignore[arg-type]
        assert answer is not None
        assert status == 200, serialize(answer).decode()
        return answer[-1][0]


def question(
    operation: str,
    number: str,
    name: str = "",
    birth: str = "",
    *,
    request: str = "Y-1",
    officer: str = "cb.hoa",
) -> bytes:
    """The payload of a look-up; a date of birth as ``1978`` or ``1990-05-02``."""
    code = "037" if operation.startswith("TraCuu") else "033"
    tag = "SoCMND" if len(number) == 9 else "SoDinhDanh"
    day = birth.replace("-", "")
    date_tag = "Nam" if len(day) == 4 else "NgayThangNam"
    born = f"<NgayThangNamSinh><{date_tag}>{day}</{date_tag}></NgayThangNamSinh>" if day else ""
    named = f"<HoVaTen>{name}</HoVaTen>" if name else ""
    return (
        f'<{operation} xmlns="{REQUEST}"><MaYeuCau>{request}</MaYeuCau><MaDVC>G15-2.002621</MaDVC>'
        f"<MaTichHop>{code}</MaTichHop><MaCanBo>{officer}</MaCanBo><{tag}>{number}</{tag}>{named}{born}</{operation}>"
    ).encode()


@pytest.fixture
def clock() -> ManualClock:
    """Noon of a working day."""
    return ManualClock(NOON)


@pytest.fixture(scope="session")
def hub_key(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    """The hub's key and certificate."""
    return identity(tmp_path_factory.mktemp("hub"), "hub", NOON)


@pytest.fixture
async def box(tmp_path: Path, clock: ManualClock, hub_key: Identity) -> AsyncIterator[Sandbox]:
    """A sandbox with only the population database."""
    options = {"dancu": {"households": 120}}
    async with Sandbox(
        tmp_path, agencies=["dancu"], options=options, clock=clock, hub_certificate=hub_key.certificate_path
    ) as running:
        yield running


@pytest.fixture
def dancu(box: Sandbox) -> DanCu:
    """The agency itself."""
    return cast(DanCu, box.agency("dancu"))


@pytest.fixture
async def client(box: Sandbox, clock: ManualClock, hub_key: Identity) -> AsyncIterator[Client]:
    """A client of the agency."""
    async with aiohttp.ClientSession() as session:
        yield Client(session, box.url("dancu") + "/soap", clock, hub_key)


@pytest.fixture
def ask() -> Callable[..., bytes]:
    """`question`, for tests that cannot import this file."""
    return question
