"""HTTP requests that flood, smuggle, lie or dawdle, against a real server."""

from __future__ import annotations

import functools
import gzip
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack

from tests.broker.web.fakes import KEY
from tests.hostile.attack import Attack, Hostile, fixed

_PATH = "/api/v1/dossiers"
_REFUSED = "4[0-9][0-9]|hung up"


class TurnedAway(Exception):
    """The server refused; the text is the status, or that it hung up."""


@functools.cache
def _server() -> tuple[ExitStack, str, int]:
    """The web face of a hub with small bounds, for as long as the process lives."""
    from broker.canonical.schemas import Schemas
    from tests.broker.web.conftest import application
    from tests.broker.web.fakes import FakeHub
    from tests.broker.web.serving import SMALL, serving
    from tests.hostile.resources import ROOT

    stack = ExitStack()
    host, port = stack.enter_context(serving(application(FakeHub(Schemas(ROOT))), bounds=SMALL))
    return stack, host, port


def posted(said: bytes) -> object:
    """Send bytes as they are. Raises `TurnedAway`; an answer of success is given back."""
    _, host, port = _server()
    try:
        with socket.create_connection((host, port), timeout=5) as connection:
            connection.sendall(said)
            answer = connection.recv(65_536)
    except ConnectionError:
        answer = b""
    found = re.match(rb"HTTP/1\.1 ([0-9]{3})", answer)
    if found is None:
        raise TurnedAway("hung up")
    if found[1] >= b"400":
        raise TurnedAway(found[1].decode())
    return answer


def _request(
    body: bytes = b"", *fields: str, path: str = _PATH, method: str = "POST", length: bool = True
) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: hub", "Connection: close", f"X-Api-Key: {KEY}", *fields]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


_XML = "Content-Type: application/xml"


def _heads() -> Iterator[Hostile]:
    heads = {
        "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        "a greeting": b"EHLO hub\r\n\r\n",
        "HTTP/0.9": b"GET /\r\n\r\n",
        "HTTP/9.9": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "a method of kilobytes": b"A" * 50_000 + b" / HTTP/1.1\r\n\r\n",
        "an unknown method": _request(method="BREW"),
        "a method that tunnels": b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "a method that traces": _request(method="TRACE"),
        "an address of kilobytes": _request(path="/" + "a" * 50_000),
        "an address that leads out": _request(path="/../../etc/passwd", method="GET"),
        "an address that leads out, escaped": _request(path="/%2e%2e/%2e%2e/etc/passwd", method="GET"),
        "an address with a null": _request(path="/api%00/v1", method="GET"),
        "an address elsewhere": _request(path="http://169.254.169.254/latest", method="GET"),
        "an address of control characters": b"GET /\x01\x02 HTTP/1.1\r\nHost: x\r\n\r\n",
        "header fields in thousands": _request(b"", *[f"X-{number}: a" for number in range(5_000)]),
        "header fields of one letter": _request(b"", *["A: b"] * 150),
        "a header field of a megabyte": _request(b"", "X-A: " + "a" * 1_000_000),
        "a header name of kilobytes": _request(b"", "A" * 20_000 + ": b"),
        "a header with a null": _request(b"", "X-A: a\0b"),
        "a header without a colon": _request(b"", "X-A"),
        "a header with a space before its colon": _request(b"", "Transfer-Encoding : chunked"),
        "a folded header": _request(b"", "X-A: a\r\n b: c"),
        "a carriage return in a header": _request(b"", "X-A: a\rX-B: b"),
        "two keys": _request(b"", f"X-Api-Key: {KEY}"),
        "two types": _request(b"<a/>", _XML, "Content-Type: application/json"),
        "a key of other characters": _request(b"<a/>", _XML).replace(KEY.encode(), b"\xff\xfe"),
        "no key": _request(b"<a/>", _XML).replace(b"X-Api-Key", b"X-Api-Kex"),
    }  # fmt: skip
    for name, said in heads.items():
        yield fixed(name, said, f"{_REFUSED}|505|501")


def _bodies() -> Iterator[Hostile]:
    document = b"<a/>"
    chunked = "Transfer-Encoding: chunked"
    bodies = {
        "length and chunks": _request(document, _XML, chunked),
        "two lengths": _request(document, _XML, "Content-Length: 5"),
        "a negative length": _request(document, _XML, "Content-Length: -1", length=False),
        "a length in words": _request(document, _XML, "Content-Length: four", length=False),
        "a length with a sign": _request(document, _XML, "Content-Length: +4", length=False),
        "a length of exabytes": _request(document, _XML, "Content-Length: 99999999999999999999", length=False),
        "a length of gigabytes": _request(document, _XML, "Content-Length: 9999999999", length=False),
        "a body that never ends": _request(document, _XML, "Content-Length: 400", length=False),
        "chunks that never end": _request(b"4\r\n<a/>\r\n", _XML, chunked, length=False),
        "a chunk of no number": _request(b"zz\r\n<a/>\r\n0\r\n\r\n", _XML, chunked, length=False),
        "a chunk of exabytes": _request(b"ffffffffffffffff\r\n<a/>", _XML, chunked, length=False),
        "a negative chunk": _request(b"-4\r\n<a/>\r\n0\r\n\r\n", _XML, chunked, length=False),
        "chunks of a byte": _request(b"1\r\nx\r\n" * 30_000 + b"0\r\n\r\n", _XML, chunked, length=False),
        "chunks encoded twice": _request(b"0\r\n\r\n", _XML, "Transfer-Encoding: chunked, chunked", length=False),
        "an unknown encoding of chunks": _request(document, _XML, "Transfer-Encoding: x"),
        "a gzip bomb": _request(gzip.compress(bytes(10_000_000)), _XML, "Content-Encoding: gzip"),
        "a deflated body": _request(document, _XML, "Content-Encoding: deflate"),
        "more than is read": _request(b" " * 30_000, _XML),
        "far more than is read": _request(b" " * 3_000_000, _XML),
        "no type": _request(document),
        "a type that is none": _request(document, "Content-Type: xml"),
        "a page's type": _request(document, "Content-Type: text/html"),
        "a form": _request(b"a=b", "Content-Type: application/x-www-form-urlencoded"),
        "parts": _request(b"--x\r\n\r\n<a/>\r\n--x--", "Content-Type: multipart/form-data; boundary=x"),
        "parts without end": _request(b"--x\r\n\r\n" * 2_000, "Content-Type: multipart/related; boundary=x"),
        "another charset": _request(document, _XML + "; charset=utf-7"),
        "XML called JSON": _request(document, "Content-Type: application/json"),
        "JSON called XML": _request(b"{}", _XML),
        "an answer in an unknown form": _request(document, _XML, "Accept: image/png"),
        "an upgrade": _request(document, _XML, "Upgrade: websocket", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
        "an expectation": _request(document, _XML, "Expect: the-impossible"),
        "a second request in the body": _request(b"<a/>POST /x HTTP/1.1\r\n\r\n", _XML),
    }  # fmt: skip
    for name, said in bodies.items():
        yield fixed(name, said, f"{_REFUSED}|501")


def _inputs() -> Iterator[Hostile]:
    yield from _heads()
    yield from _bodies()


def answered(said: bytes) -> object:
    """Post once; the server must be there for the next one afterwards."""
    try:
        return posted(said)
    finally:
        assert b"200" in bytes(posted(_request(path="/health", method="GET")))[:20]  # type: ignore[call-overload]


def close() -> None:
    """Stop the server."""
    if _server.cache_info().currsize:
        _server()[0].close()


REQUESTS = Attack(
    _inputs, answered, TurnedAway, honest=lambda: _request(path="/health", method="GET"), close=close
)
