"""HttpClient against a server on a real socket that says whatever the test wants."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters import errors
from adapters.base import Answer
from adapters.http import HttpClient, HttpReply, Tls, retry_after
from lienthong.testing import NOW, FakeAgency, fixed_clock
from signing.keys import create_key


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    """One client, closed afterwards."""
    http = HttpClient(clock=fixed_clock)
    yield http
    await http.close()


def says(status: int = 200, body: bytes = b"<ok/>", **headers: str) -> Answer:
    """An answer with headers given as keyword arguments (``_`` stands for ``-``)."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body, "text/xml", named)


async def test_reply_is_given_back_whole(client: HttpClient) -> None:
    """Status, lower-case header names and body of the reply arrive."""
    async with FakeAgency(lambda heard: says(body=heard.body, X_Trace="7")) as agency:
        reply = await client.request("POST", agency.url, body=b"<hi/>")
    assert (reply.status, reply.body, reply.headers["x-trace"]) == (200, b"<hi/>", "7")


async def test_connections_are_kept_and_replies_not_mixed(client: HttpClient) -> None:
    """Concurrent requests each get the answer to their own body."""
    async with FakeAgency(lambda heard: says(body=heard.body)) as agency:
        bodies = [str(number).encode() for number in range(50)]
        replies = await asyncio.gather(*(client.request("POST", agency.url, body=body) for body in bodies))
    assert [reply.body for reply in replies] == bodies


async def test_refused_connection_is_unavailable(client: HttpClient) -> None:
    """Nothing was sent, so it is safe to try again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    with pytest.raises(errors.Unavailable, match="refused"):
        await client.request("POST", url, body=b"x")


@pytest.mark.parametrize(("safe", "expected"), [(False, errors.Ambiguous), (True, errors.Unavailable)])
@pytest.mark.parametrize(
    "said", [None, b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<cut", b"garbage\r\n\r\n"]
)
async def test_no_complete_answer_is_ambiguous_unless_safe(
    client: HttpClient, said: bytes | None, safe: bool, expected: type[Exception]
) -> None:
    """Silence, hanging up, a cut body and noise after the request was written: it may have been taken in."""
    async with FakeAgency(lambda _: said) as agency:
        with pytest.raises(expected):
            await client.request("POST", agency.url, body=b"x", timeout_seconds=0.5, safe=safe)


async def test_waiting_for_a_connection_is_unavailable() -> None:
    """A time-out in the queue for a free connection means that this request was not written."""
    client = HttpClient(clock=fixed_clock, connections_per_host=1, connect_seconds=0.1)
    async with FakeAgency(lambda _: None) as agency:
        first = asyncio.create_task(client.request("POST", agency.url, body=b"1", timeout_seconds=5))
        while not agency.heard:
            await asyncio.sleep(0)
        with pytest.raises(errors.Unavailable):
            await client.request("POST", agency.url, body=b"2", timeout_seconds=5)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert [heard.body for heard in agency.heard] == [b"1"]
    await client.close()


async def test_redirect_is_not_followed(client: HttpClient) -> None:
    """A redirect is reported with the host that it points to, and nothing is sent there."""
    moved = says(307, b"", Location="http://evil.example/path?secret=1")
    async with FakeAgency(lambda _: moved) as agency:
        reply = await client.request("POST", agency.url, body=b"x")
        with pytest.raises(errors.Malformed, match=r"evil\.example: redirects") as caught:
            client.checked(reply, agency.url)
        assert "secret" not in caught.value.detail
        assert len(agency.heard) == 1


async def test_reply_larger_than_the_limit_is_malformed(client: HttpClient) -> None:
    """The bound holds whatever the server announces."""
    async with FakeAgency(lambda _: says(body=b"x" * 2000)) as agency:
        with pytest.raises(errors.Malformed, match="larger than 1000"):
            await client.request("GET", agency.url, limit=1000)


async def test_gzip_is_undone_within_the_limit(client: HttpClient) -> None:
    """A compressed reply is readable; a small one that inflates beyond the limit is refused."""
    async with FakeAgency(
        lambda _: says(body=gzip.compress(b"x" * 5000, mtime=0), Content_Encoding="gzip")
    ) as agency:
        assert (await client.request("GET", agency.url)).body == b"x" * 5000
        with pytest.raises(errors.Malformed, match="when decompressed"):
            await client.request("GET", agency.url, limit=4000)


@pytest.mark.parametrize(
    "body", [b"not gzip", gzip.compress(b"x", mtime=0)[:-4], gzip.compress(b"x", mtime=0) + b"more"]
)
async def test_broken_gzip_is_malformed(client: HttpClient, body: bytes) -> None:
    """Not gzip, cut off, or with something behind it."""
    async with FakeAgency(lambda _: says(body=body, Content_Encoding="gzip")) as agency:
        with pytest.raises(errors.Malformed):
            await client.request("GET", agency.url)


async def test_coding_that_was_not_asked_for_is_malformed(client: HttpClient) -> None:
    """Only gzip is offered."""
    async with FakeAgency(lambda _: says(Content_Encoding="br")) as agency:
        with pytest.raises(errors.Malformed, match="'br'"):
            await client.request("GET", agency.url)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://a/b", "http://user:pw@a/", "http:///x", "nonsense"]
)
async def test_only_plain_http_addresses_are_called(client: HttpClient, url: str) -> None:
    """Other schemes, credentials in the address and addresses without a host are refused before anything
    happens.
    """
    with pytest.raises(errors.Rejected) as caught:
        await client.request("GET", url)
    assert "pw" not in caught.value.detail


async def test_header_injection_is_refused(client: HttpClient) -> None:
    """A line break in a header value never reaches the wire."""
    async with FakeAgency(lambda _: says()) as agency:
        with pytest.raises(errors.Rejected):
            await client.request("GET", agency.url, headers={"X-Unit": "a\r\nX-Evil: b"})
        assert agency.heard == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, errors.Rejected),
        (401, errors.Unauthorized),
        (403, errors.Unauthorized),
        (404, errors.Malformed),
        (408, errors.Unavailable),
        (422, errors.Rejected),
        (429, errors.Throttled),
        (500, errors.Unavailable),
        (502, errors.Unavailable),
        (503, errors.Unavailable),
        (504, errors.Ambiguous),
    ],
)
def test_status_decides_the_class(
    client: HttpClient, status: int, expected: type[errors.AdapterError]
) -> None:
    """Each status means one thing to the hub."""
    with pytest.raises(expected) as caught:
        client.checked(HttpReply(status, {}, b"why"), "http://agency.example/x")
    assert type(caught.value) is expected
    assert caught.value.raw == b"why"


def test_gateway_time_out_of_a_safe_request_is_unavailable(client: HttpClient) -> None:
    """Nothing can have been taken in by a look-up."""
    with pytest.raises(errors.Unavailable):
        client.checked(HttpReply(504, {}, b""), "http://agency.example/x", safe=True)


def test_retry_after_is_passed_on(client: HttpClient) -> None:
    """The agency's wish arrives in seconds."""
    with pytest.raises(errors.Throttled) as caught:
        client.checked(HttpReply(429, {"retry-after": "120"}, b""), "http://agency.example/x")
    assert caught.value.retry_after == 120


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30.0),
        ("Tue, 01 Sep 2026 08:01:00 GMT", 60.0),
        ("Tue, 01 Sep 2026 07:00:00 GMT", 0.0),
        ("Tue, 01 Sep 2026 08:01:00 -0000", 60.0),
        ("soon", None),
        ("", None),
        ("²", None),
    ],
)
def test_retry_after_in_both_forms(text: str, seconds: float | None) -> None:
    """Seconds or an HTTP date; a date in the past means now; nonsense means nothing."""
    assert retry_after({"retry-after": text}, NOW) == seconds


def test_missing_tls_file_names_the_remedy(client: HttpClient, tmp_path: Path) -> None:
    """A certificate that cannot be loaded is an identity problem, not a network problem."""
    with pytest.raises(errors.Unauthorized, match="check ca"):
        client._context(Tls(ca=None, certificate=tmp_path / "none.pem", key=None))


async def test_certificates_are_verified(client: HttpClient, tmp_path: Path) -> None:
    """A server whose certificate nobody vouches for gets no request."""
    create_key(tmp_path, "fake", subject="CN=fake", algorithm="ecdsa-p256", clock=fixed_clock)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(tmp_path / "fake.crt.pem", tmp_path / "fake.key.pem")
    async with FakeAgency(lambda _: says(), tls=server) as agency:
        with pytest.raises(errors.Unavailable, match="certificate is not trusted"):
            await client.request("POST", agency.url, body=b"x")
        assert agency.heard == []


async def test_close_twice_and_reopen(client: HttpClient) -> None:
    """Closing is idempotent, and a closed client opens a new session when it is used again."""
    async with FakeAgency(lambda _: says()) as agency:
        await client.request("GET", agency.url)
        await client.close()
        await client.close()
        assert (await client.request("GET", agency.url)).status == 200


@pytest.mark.parametrize("location", ["http://[", "http://x/" + "y" * 5_000, ""])
async def test_redirect_to_no_address_is_malformed(client: HttpClient, location: str) -> None:
    """Whatever a redirect names, it is an answer that is not followed."""
    async with FakeAgency(lambda heard: says(302, Location=location)) as agency:
        reply = await client.request("GET", agency.url)
        with pytest.raises(errors.Malformed, match="redirects are not followed"):
            client.checked(reply, agency.url)
