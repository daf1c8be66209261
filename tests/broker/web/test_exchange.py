from __future__ import annotations

import pytest

from broker.web.examples import DOCUMENTS
from broker.web.exchange import Bounds, HttpRefusal, headers_of, media_type_of
from tests.broker.web.fakes import KEY, FakeHub
from tests.broker.web.serving import SMALL, Caller

LINES = [
    "POST /api/v1/dossiers HTTP/1.1",
    "Host: x",
    f"X-Api-Key: {KEY}",
    "Content-Type: application/xml",
    "",
]
HEAD = "\r\n".join(LINES).encode()


def test_a_body_announced_too_large_is_not_read(call: Caller, hub: FakeHub) -> None:
    """The announcement is enough to refuse; nothing of the body is waited for."""
    answer = call.raw(HEAD + b"Content-Length: 20001\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer.lower()


def test_a_body_that_grows_too_large_is_cut_off(call: Caller, hub: FakeHub) -> None:
    """Without an announcement the bound holds while it streams."""
    chunk = b"1000\r\n" + b"<" * 0x1000 + b"\r\n"
    assert call.raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 6).startswith(b"HTTP/1.1 413")


def test_a_body_that_does_not_come_is_not_waited_for(call: Caller, hub: FakeHub) -> None:
    """A caller that stops in the middle gets 408 and the connection back."""
    assert call.raw(HEAD + b"Content-Length: 100\r\n\r\n<a").startswith(b"HTTP/1.1 408")


def test_chunked_bodies_are_read(call: Caller, hub: FakeHub) -> None:
    """A body in pieces is one document."""
    document = DOCUMENTS["SubmitRequest"].encode()
    pieces = [document[at : at + 700] for at in range(0, len(document), 700)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    answer = call.raw(HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert answer.startswith(b"HTTP/1.1 202")


def test_header_fields_are_bounded(call: Caller) -> None:
    """Large or numerous fields are refused as Problems."""
    assert call("GET", "/health", X_Long="x" * SMALL.header_bytes).status == 431
    assert call("GET", "/health", **{f"X{n}": "" for n in range(120)}).status == 431


@pytest.mark.parametrize("field", [b"X-Api-Key: other\r\n", b"Content-Type: text/xml\r\n"])
def test_fields_that_matter_come_once(call: Caller, field: bytes) -> None:
    """Two keys or two types mean that somebody between us reads the other one."""
    assert call.raw(HEAD + field + b"Content-Length: 0\r\nConnection: close\r\n\r\n").startswith(
        b"HTTP/1.1 400"
    )


def test_headers_are_joined() -> None:
    """Repeated fields become one, names in lower case."""
    scope = {"headers": [(b"Accept", b"a/b"), (b"accept", b" c/d ")]}
    assert headers_of(scope, Bounds()) == {"accept": "a/b, c/d"}


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("application/xml", "application/xml"),
        ('Text/XML; charset="utf-8"', "text/xml"),
        ("application/json;charset=UTF-8", "application/json"),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_media_types(field: str, expected: str) -> None:
    """The type without its parameters, in lower case."""
    assert media_type_of({"content-type": field}) == expected


def test_foreign_charsets() -> None:
    """Vietnamese in another charset would arrive as rubbish: it is refused."""
    with pytest.raises(HttpRefusal) as caught:
        media_type_of({"content-type": "text/xml; charset=windows-1258"})
    assert caught.value.status == 415


@pytest.mark.parametrize("length", [b"-1", b"x"])
def test_bad_lengths(call: Caller, length: bytes) -> None:
    """A length that is no number is a bad request."""
    assert call.raw(HEAD + b"Content-Length: " + length + b"\r\n\r\n").startswith(b"HTTP/1.1 400")
