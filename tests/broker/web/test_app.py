from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from broker.canonical.schemas import Schemas
from broker.web.app import create_app
from tests.broker.web.conftest import CALLBACK
from tests.broker.web.fakes import FakeHub
from tests.broker.web.serving import Caller, serving


def test_health_needs_no_key(call: Caller) -> None:
    """Liveness is for load balancers: no key, no body in HEAD, nothing to change."""
    assert call("GET", "/health", key=None).json() == {"status": "ok"}
    assert call("HEAD", "/health", key=None).body == b""
    assert call("POST", "/health", key=None).status == 405


@pytest.mark.parametrize("path", ["/api/v1/dossiers/X", "/api/v1/attachments/x"])
def test_no_key_no_answer(call: Caller, hub: FakeHub, path: str) -> None:
    """Without a key, or with a wrong one, nothing is told, not even whether something exists."""
    for key in (None, "wrong", ""):
        heard = call("GET", path, key=key)
        assert (heard.status, heard.json()["Reason"]) == (401, "unauthorized")
        assert heard.headers["www-authenticate"].startswith("ApiKey")


def test_unknown_addresses_and_methods(call: Caller) -> None:
    """Both are Problems; a wrong method says which are right."""
    assert call("GET", "/nowhere").json()["Reason"] == "not-found"
    assert call("GET", "/api/v1/dossiers/").status == 404
    heard = call("DELETE", "/api/v1/reports", Accept="application/xml")
    assert (heard.status, heard.headers["allow"]) == (405, "POST")
    assert heard.body.startswith(b"<?xml")


def test_every_answer_is_labelled_and_locked(call: Caller) -> None:
    """Security headers and the request's id are on every answer, errors included."""
    for path in ("/health", "/nowhere", "/api/v1/dossiers/X"):
        headers = call("GET", path, X_Request_Id="caller-0001").headers
        assert headers["x-request-id"] == "caller-0001"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers
    assert call("GET", "/health", X_Request_Id="a b").headers["x-request-id"].startswith("request-")


def test_mounted_pages_keep_their_own_policy(call: Caller) -> None:
    """A console under its prefix signs people in itself and sets its own content policy."""
    heard = call("GET", "/console/x", key=None)
    assert heard.body == b"page"
    assert heard.headers["content-security-policy"] == "default-src 'self'"
    assert heard.headers["x-frame-options"] == "DENY"
    assert call("GET", "/consolex", key=None).status == 404


def test_callbacks_reach_the_hub_as_they_came(call: Caller, hub: FakeHub) -> None:
    """Method, path, headers, query and bytes are handed on; the answer goes back as it is."""
    heard = call("POST", f"{CALLBACK}?a=1", b"<x/>", Content_Type="text/xml", SOAPAction='"urn:x"')
    assert (heard.status, heard.body, heard.headers["x-agency"]) == (200, b"<x/>", "echo")
    (inbound,) = hub.heard
    assert (inbound.path, inbound.query, inbound.peer) == (CALLBACK, "a=1", "dvcqg")
    assert inbound.headers["soapaction"] == '"urn:x"'
    for key in (None, "the agency's own"):
        assert call("POST", CALLBACK, b"<x/>", key=key).status == 200
        assert hub.heard[-1].peer is None


def test_websockets_are_not_spoken(call: Caller) -> None:
    """An upgrade is ignored: the answer is plain HTTP."""
    assert call("GET", "/health", Connection="Upgrade", Upgrade="websocket").status == 200


def test_lifespan_surrounds_the_service(schemas: Schemas) -> None:
    """What the hub opens is opened before the first request and closed after the last."""
    events: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        events.append("open")
        yield
        events.append("closed")

    app = create_app(
        FakeHub(schemas),
        schemas=schemas,
        keys={},
        new_id=lambda: "request-1",
        public_url="http://hub.test",
        lifespan=lifespan,
    )
    with serving(app) as (host, port):
        assert Caller(host, port)("GET", "/health", key=None).status == 200
        assert events == ["open"]
    assert events == ["open", "closed"]
