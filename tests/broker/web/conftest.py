from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.base import Receiver, Resources
from adapters.http import HttpClient
from adapters.soap_service import SoapService, SoapServiceSettings
from broker.canonical.schemas import Schemas
from broker.web.app import CallbackDoor, create_app
from broker.web.exchange import App, Receive, Scope, Send
from tests.broker.web.fakes import KEYS, NOW, FakeHub
from tests.broker.web.serving import SMALL, Caller, serving

PROJECT = Path(__file__).parents[3]
CALLBACK = "/agency/echo/report"


@pytest.fixture(scope="package")
def schemas() -> Schemas:
    """The canonical schemas of this repository."""
    return Schemas(PROJECT)


def intake() -> Receiver:
    """The SOAP service of the published contract."""
    resources = Resources(
        http=HttpClient(clock=lambda: NOW),
        contracts=PROJECT / "xsd",
        clock=lambda: NOW,
        new_id=map("id-{}".format, itertools.count()).__next__,
        secret=lambda name: name,
    )
    return SoapService(SoapServiceSettings(wsdl="lienthong/1.0/intake.wsdl", port="IntakeSoap11"), resources)


async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
    """A page with a policy of its own."""
    headers = [(b"content-security-policy", b"default-src 'self'"), (b"content-length", b"4")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"page"})


def application(hub: FakeHub) -> App:
    """The whole web face over ``hub``, with small bounds."""
    receiver = intake()
    return create_app(
        hub,
        schemas=hub.schemas,
        keys=KEYS,
        new_id=map("request-{}".format, itertools.count()).__next__,
        public_url="https://hub.test",
        intake=receiver,
        callbacks=[CallbackDoor(CALLBACK, "echo", receiver)],
        mounts={"/console": mounted},
        bounds=SMALL,
    )


@pytest.fixture(scope="package")
def _served(schemas: Schemas) -> Iterator[tuple[Caller, FakeHub]]:
    hub = FakeHub(schemas)
    with serving(application(hub), bounds=SMALL) as (host, port):
        yield Caller(host, port), hub


@pytest.fixture
def call(_served: tuple[Caller, FakeHub]) -> Caller:
    """Calls the running server."""
    return _served[0]


@pytest.fixture
def hub(_served: tuple[Caller, FakeHub]) -> FakeHub:
    """The fake hub behind the running server, with nothing remembered."""
    fake = _served[1]
    fake.answers.clear()
    fake.files.clear()
    fake.refusals.clear()
    fake.heard.clear()
    fake.fail = None
    return fake
