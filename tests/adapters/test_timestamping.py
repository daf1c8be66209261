"""A time-stamping authority over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.base import Answer
from adapters.errors import AdapterError, Malformed, Unavailable
from adapters.http import HttpClient
from adapters.timestamping import ask
from lienthong.fake_agency import FakeAgency, nowhere
from lienthong.testing import fixed_clock
from tests.authorities import over_http


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    """One client, closed afterwards."""
    client = HttpClient(clock=fixed_clock)
    yield client
    await client.close()


async def test_bytes_go_there_and_come_back(http: HttpClient) -> None:
    """The request is posted with its media type, and the answer given back as it came."""
    async with over_http(lambda query: query[::-1]) as authority:
        assert await ask(http, authority.url, b"query", timeout_seconds=5) == b"yreuq"
    assert authority.heard[0].headers["accept"] == "application/timestamp-reply"


async def test_what_is_no_answer_of_an_authority_is_malformed(http: HttpClient) -> None:
    """A page is kept and not taken for a token."""
    async with FakeAgency(lambda _: Answer(200, b"<html/>", "text/html")) as authority:
        with pytest.raises(Malformed, match="text/html instead of") as caught:
            await ask(http, authority.url, b"query", timeout_seconds=5)
    assert caught.value.raw == b"<html/>"


async def test_an_authority_that_is_away_is_unavailable(http: HttpClient) -> None:
    """Down, failing or silent: another try may help, and asking twice does no harm."""
    with pytest.raises(Unavailable):
        await ask(http, nowhere(), b"query", timeout_seconds=5)
    async with FakeAgency(lambda _: Answer(503, b"busy", "text/plain")) as authority:
        with pytest.raises(Unavailable):
            await ask(http, authority.url, b"query", timeout_seconds=5)
    async with over_http(lambda _: None) as authority:
        with pytest.raises(Unavailable, match="time-out"):
            await ask(http, authority.url, b"query", timeout_seconds=0.05)


async def test_an_endless_answer_is_cut_off(http: HttpClient) -> None:
    """More than a token can have is not read."""
    async with over_http(lambda _: b"x" * 300_000) as authority:
        with pytest.raises(AdapterError, match="larger than"):
            await ask(http, authority.url, b"query", timeout_seconds=5)


async def test_a_redirect_is_not_followed(http: HttpClient) -> None:
    """The request goes to the configured authority and to nobody else."""
    away = Answer(307, b"", "text/plain", {"Location": "http://127.0.0.1:9/tsa"})
    async with FakeAgency(lambda _: away) as authority:
        with pytest.raises(Malformed, match="redirects are not followed"):
            await ask(http, authority.url, b"query", timeout_seconds=5)
