"""Agencies that answer with hostility: redirects, bombs, lies about type and length, and HTTP that is none."""

from __future__ import annotations

import asyncio
import functools
import gzip
import zlib
from collections.abc import Iterator

from adapters.base import Answer, Request
from adapters.errors import AdapterError
from adapters.http import HttpClient
from adapters.soap_client import SoapClient, SoapClientSettings
from lienthong.fake_agency import FakeAgency, Said
from signing.xml import serialize
from tests import pki
from tests.hostile import markup
from tests.hostile.attack import Attack, Hostile
from tests.hostile.canary import canary
from tests.hostile.notes import NOTE, message
from tests.hostile.resources import ROOT, resources

_LIMIT = 1_000_000
_SECONDS = 2.0
"""How long an answer may take; a fake agency that says nothing is not waited for any longer."""

_REDIRECTED = "redirects are not followed"


def _answer(status: int = 200, body: bytes = b"<ok/>", **fields: str) -> Answer:
    return Answer(status, body, "text/xml", {name.replace("_", "-"): value for name, value in fields.items()})


def _targets() -> dict[str, str]:
    bird = canary().url
    return {
        "a server": f"{bird}/secret",
        "a server by its number": f"http://2130706433:{canary().port}/",
        "a server by scheme only": f"//127.0.0.1:{canary().port}/",
        "the metadata of a cloud": "http://169.254.169.254/latest/meta-data/",
        "a file": "file:///etc/passwd",
        "FTP": f"ftp://127.0.0.1:{canary().port}/",
        "gopher": f"gopher://127.0.0.1:{canary().port}/_x",
        "data": "data:text/xml,<ok/>",
        "itself": "/",
        "a script": "javascript:alert(1)",
        "nothing": "",
        "kilobytes": "http://x/" + "y" * 4_000,
        "no address": "http://[",
    }


def _redirects() -> Iterator[Hostile]:
    for status in (301, 302, 303, 307, 308):
        for place, target in _targets().items():
            said = _answer(status, Location=target)
            yield _said(f"redirect {status} to {place}", f"{_REDIRECTED}|not HTTP", said)
    yield _said("choices", _REDIRECTED, _answer(300, Location=canary().url))
    yield _said("not modified", _REDIRECTED, _answer(304, b""))
    yield _said("use a proxy", _REDIRECTED, _answer(305, Location=canary().url))
    fresh = _answer(200, b"<html/>", Refresh=f"0; url={canary().url}")
    yield _said("refresh by header", "not a SOAP envelope", fresh)


def _said(name: str, why: str, said: Said) -> Hostile:
    return Hostile(name, lambda: said, why)


def _bombs() -> Iterator[Hostile]:
    small = {
        "gzip of 200 megabytes": lambda: _answer(body=_bomb(), Content_Encoding="gzip"),
        "gzip of gzip": lambda: _answer(body=gzip.compress(_bomb()), Content_Encoding="gzip"),
        "gzip of many parts": lambda: _answer(body=gzip.compress(b"<a/>") * 10_000, Content_Encoding="gzip"),
        "gzip cut short": lambda: _answer(body=gzip.compress(b"<a/>" * 100)[:-9], Content_Encoding="gzip"),
        "gzip with bytes behind it": lambda: _answer(
            body=gzip.compress(b"<a/>") + b"x", Content_Encoding="gzip"
        ),
        "gzip that is none": lambda: _answer(body=b"<a/>", Content_Encoding="gzip"),
        "deflate, not asked for": lambda: _answer(
            body=zlib.compress(b"x" * 1_000), Content_Encoding="deflate"
        ),
        "brotli, not asked for": lambda: _answer(body=b"x", Content_Encoding="br"),
        "two encodings": lambda: _answer(body=_bomb(), Content_Encoding="gzip, gzip"),
        "more than is read": lambda: _answer(body=b" " * (_LIMIT + 1)),
        "far more than is read": lambda: _answer(body=b" " * (8 * _LIMIT)),
    }
    why = "larger than|incomplete or padded|not the gzip|which was not asked for|not well-formed|UTF"
    for name, make in small.items():
        yield Hostile(name, make, why)


def _bomb() -> bytes:
    """200 megabytes, made without holding them."""
    packer = zlib.compressobj(1, wbits=31)
    return b"".join(packer.compress(b" " * 1_000_000) for _ in range(200)) + packer.flush()


def _lies() -> Iterator[Hostile]:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
    raws = {
        "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "nothing": b"",
        "HTTP/0.9": b"<ok/>",
        "a status of words": b"HTTP/1.1 fine\r\n\r\n",
        "a status of 999": b"HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n",
        "a negative length": head + b"Content-Length: -1\r\n\r\n<ok/>",
        "two lengths": head + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n<ok/>",
        "a length in words": head + b"Content-Length: five\r\n\r\n<ok/>",
        "a length too long": head + b"Content-Length: 50\r\n\r\n<ok/>",
        "a length of gigabytes": head + b"Content-Length: 99999999999\r\n\r\n<ok/>",
        "length and chunks": head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "a chunk of no number": head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n<ok/>\r\n0\r\n\r\n",
        "a chunk too long": head + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n<ok/>",
        "chunks without end": head + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 300_000,
        "an extension of a chunk": head
        + b"Transfer-Encoding: chunked\r\n\r\n5;"
        + b"x" * 100_000
        + b"\r\n<ok/>\r\n",
        "header fields without end": b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 50_000 + b"\r\n",
        "a header field of a megabyte": b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 1_000_000 + b"\r\n\r\n",
        "a null in a header": b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n",
        "a folded header": b"HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 4\r\n\r\n<a/>",
        "a header without a colon": b"HTTP/1.1 200 OK\r\nX-A\r\nContent-Length: 4\r\n\r\n<a/>",
        "interim answers without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000,
        "a change of protocol": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
    }
    why = (
        "no complete answer|not HTTP|SOAP|not well-formed|larger than|is not able|answered|time-out|points to"
    )
    for name, said in raws.items():
        yield _said(f"HTTP: {name}", why, said)
    yield _said("silence", "time-out", None)


def _documents() -> Iterator[Hostile]:
    """What is no SOAP, or the answer to something else."""
    bodies: dict[str, tuple[bytes, str]] = {
        "a page": (b"<html><body>ok</body></html>", "not a SOAP envelope"),
        "JSON": (b"{}", "well-formed"),
        "an echo": (serialize(message("1.1")), "promises"),
        "another operation": (_soap("State"), "promises"),
        "a wrong namespace": (_soap("Receipt").replace(NOTE.encode(), b"urn:other"), "promises"),
        "two answers": (_soap("Receipt", times=2), "more than one element"),
        "no answer": (_soap("Receipt", times=0), "promise|empty|nothing|holds"),
        "a value against its pattern": (_soap("Receipt").replace(b"key-1", b"1 OR 1=1"), "Key"),
    }
    for name, (body, why) in bodies.items():
        yield _said(f"answer: {name}", why, _answer(body=body))
    for hostile in (*markup.ENTITIES.inputs(), *markup.MALFORMED.inputs()):
        yield Hostile(
            f"document: {hostile.name}",
            lambda made=hostile: _answer(body=made.make()),
            "answer is not SOAP|nothing in it|larger than",
        )  # type: ignore[misc]


def _soap(name: str, times: int = 1) -> bytes:
    one = f'<n:{name} xmlns:n="{NOTE}"><n:Key>key-1</n:Key><n:Text>x</n:Text></n:{name}>'
    space = "http://schemas.xmlsoap.org/soap/envelope/"
    return f'<s:Envelope xmlns:s="{space}"><s:Body>{one * times}</s:Body></s:Envelope>'.encode()


def _inputs() -> Iterator[Hostile]:
    yield from _redirects()
    yield from _bombs()
    yield from _lies()
    yield from _documents()


class Conversation:
    """One agency, and the hub's client for it, on an event loop of their own."""

    def __init__(self) -> None:
        """Start the agency."""
        self._loop = asyncio.new_event_loop()
        self._agency = FakeAgency(lambda _: None)
        self._http = HttpClient(clock=lambda: pki.NOW)
        self._loop.run_until_complete(self._agency.__aenter__())
        settings = SoapClientSettings.model_validate(
            {
                "wsdl": "note.wsdl",
                "port": "Soap11",
                "address": self._agency.url,
                "reply_limit": _LIMIT,
                "timeout_seconds": _SECONDS,
            }
        )
        given = resources(http=self._http, contracts=ROOT / "tests/adapters/contracts")
        self._client = SoapClient(settings, given)

    def ask(self, said: Said) -> object:
        """Send a message, which is answered so."""
        self._agency.behaviour = lambda _: said
        note = f'<Note xmlns="{NOTE}"><Key>key-1</Key><Text>x</Text></Note>'.encode()
        wire = self._client.encode(Request("Submit", note, "key-1"))
        return self._loop.run_until_complete(self._client.send(wire))

    def close(self) -> None:
        """Stop the agency."""
        self._loop.run_until_complete(self._http.close())
        self._loop.run_until_complete(self._agency.__aexit__(None, None, None))
        self._loop.close()


_conversation = functools.cache(Conversation)


def asked(said: Said) -> object:
    """Send a message to an agency that answers so; a server must not be asked on its word."""
    try:
        return _conversation().ask(said)
    finally:
        canary().must_be_silent()


def _close() -> None:
    if _conversation.cache_info().currsize:
        _conversation().close()


AGENCIES = Attack(_inputs, asked, AdapterError, honest=lambda: _answer(body=_soap("Receipt")), close=_close)
