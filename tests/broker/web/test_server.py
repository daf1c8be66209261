from __future__ import annotations

import socket

import pytest

from broker.web.exchange import Receive, Scope, Send
from broker.web.server import BoundedProtocol, configured
from tests.broker.web.serving import SMALL, Caller, serving


async def ok(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers everything."""
    if scope["type"] == "lifespan":
        for state in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{state}.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.mark.parametrize(
    "head", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b"], ids=["silent", "line", "fields"]
)
def test_a_head_that_does_not_end_is_not_waited_for(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that connects and dawdles is hung up on, whatever it said so far."""
    monkeypatch.setattr(BoundedProtocol, "head_seconds", 0.05)
    with serving(ok) as address:
        assert Caller(*address).raw(head).startswith(b"HTTP/1.1 408")


def test_a_head_that_grows_too_large_is_cut_off() -> None:
    """A head that never ends is refused long before it fills the memory."""
    with serving(ok, bounds=SMALL) as address, socket.create_connection(address, timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX-A: " + b"x" * 3 * SMALL.header_bytes)
        assert connection.recv(100).startswith(b"HTTP/1.1 431")


def test_connections_are_kept_and_bounds_start_anew() -> None:
    """Many requests on one connection are as good as one, each with a head of its own."""
    request = b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"x" * SMALL.header_bytes + b"\r\n\r\n"
    last = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with serving(ok, bounds=SMALL) as address, socket.create_connection(address, timeout=20) as connection:
        for _ in range(5):
            connection.sendall(request)
            heard = b""
            while not heard.endswith(b"ok"):
                heard += connection.recv(65536)
            assert heard.startswith(b"HTTP/1.1 200")
        connection.sendall(last)
        assert b"".join(iter(lambda: connection.recv(65536), b"")).endswith(b"ok")


def test_settings_can_be_added() -> None:
    """What uvicorn offers beyond is passed on; ours can be overridden."""
    config = configured(ok, host="127.0.0.1", port=0, timeout_keep_alive=5, backlog=7)
    assert (config.timeout_keep_alive, config.backlog, config.server_header) == (5, 7, False)
