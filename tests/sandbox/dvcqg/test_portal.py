"""The portal as a client of a hub; the hub is a small server that remembers what it got."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.core import soap
from sandbox.core.dsig import verify_enveloped
from sandbox.core.keys import Identity
from sandbox.core.server import HOST, Server
from sandbox.core.soap import SOAP11, SOAP12, SoapFault
from sandbox.core.xml import local_name, parse, serialize
from sandbox.dvcqg import Paths, Portal

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
DOCUMENT = '<SubmitRequest xmlns="urn:lienthong:1.0"><MessageId>thử-1</MessageId></SubmitRequest>'.encode()


@dataclass
class Hub:
    """Answers with ``answer`` and keeps the requests."""

    url: str = ""
    answer: Response = field(default_factory=lambda: Response(b"<Ok/>", media_type="application/xml"))
    got: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    async def handle(self, request: Request) -> Response:
        """Remember one request."""
        self.got.append((request.method, request.url.path, dict(request.headers), await request.body()))
        return self.answer


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    """A hub on a real socket."""
    made = Hub()
    server = Server(Starlette(routes=[Route("/{rest:path}", made.handle, methods=["GET", "POST", "PUT"])]))
    await server.up()
    made.url = f"http://{HOST}:{server.port}"
    yield made
    await server.close()


@pytest.mark.parametrize("version", [SOAP11, SOAP12], ids=["1.1", "1.2"])
async def test_soap_carries_the_document(hub: Hub, version: soap.Version) -> None:
    """The document is the body's child, in an envelope and with a media type of the version."""
    async with Portal(hub.url, "key") as portal:
        await portal.soap(DOCUMENT, version=version.number, action="urn:submit")
    ((method, path, headers, body),) = hub.got
    assert (method, path, headers["x-api-key"]) == ("POST", "/soap/intake", "key")
    assert headers["content-type"].startswith(version.media_type)
    assert local_name(soap.read(body, version).payload) == "SubmitRequest"
    assert "urn:submit" in headers.get("soapaction", headers["content-type"])


@pytest.mark.parametrize("version", [SOAP11, SOAP12], ids=["1.1", "1.2"])
async def test_fault_is_told_from_an_answer(hub: Hub, version: soap.Version) -> None:
    """Code and words of a fault are read in both versions."""
    body = serialize(soap.fault_envelope(version, SoapFault("sender", "Sai dữ liệu", "wrong data")))
    hub.answer = Response(body, 500, media_type=version.media_type)
    async with Portal(hub.url, "key") as portal:
        answer = await portal.soap(DOCUMENT, version=version.number)
    assert answer.fault is not None
    assert (answer.ok, answer.fault.code) == (False, version.codes["sender"])
    assert "Sai dữ liệu" in answer.fault.words


async def test_answer_is_taken_out_of_its_envelope(hub: Hub) -> None:
    """What the hub says is the payload."""
    hub.answer = Response(
        serialize(soap.envelope(SOAP11, parse(b"<SubmitResponse/>"))), media_type="text/xml"
    )
    async with Portal(hub.url, "key") as portal:
        answer = await portal.soap(DOCUMENT)
    assert answer.payload is not None
    assert (answer.ok, answer.payload.tag) == (True, "SubmitResponse")


async def test_signed_document_verifies(hub: Hub, hub_key: Identity) -> None:
    """With an identity the document is signed before it is sent, whatever the protocol."""
    async with Portal(hub.url, "key", identity=hub_key) as portal:
        await portal.submit(DOCUMENT)
        await portal.soap(DOCUMENT)
    (_, _, _, rest), (_, _, _, message) = hub.got
    for document in (parse(rest), soap.read(message, SOAP11).payload):
        signed = verify_enveloped(document, hub_key.certificate, NOW)
        assert signed.findtext("{*}MessageId") == "thử-1"


async def test_json_goes_as_it_is(hub: Hub) -> None:
    """JSON is neither parsed nor signed."""
    hub.answer = Response(b"{}", 202, media_type="application/json")
    async with Portal(hub.url, "key") as portal:
        answer = await portal.submit(b'{"a": 1}')
    assert hub.got[0][3] == b'{"a": 1}'
    assert (answer.ok, answer.payload, answer.body) == (True, None, b"{}")


async def test_every_resource_has_its_path(hub: Hub) -> None:
    """Paths are parameters; codes are filled in."""
    paths = Paths(status="/x/{code}", files="/f/{hash}")
    async with Portal(hub.url, "key", paths=paths) as portal:
        await portal.status("G22-1")
        await portal.put_file(b"%PDF", "ab12", "application/pdf")
        await portal.supplement("G22-1", DOCUMENT)
        await portal.withdraw("G22-1", DOCUMENT)
    assert [(method, path) for method, path, _, _ in hub.got] == [
        ("GET", "/x/G22-1"),
        ("PUT", "/f/ab12"),
        ("POST", "/api/v1/dossiers/G22-1/supplements"),
        ("POST", "/api/v1/dossiers/G22-1/withdrawal"),
    ]
