"""The fake agency says exactly what it is told to, and shows what goes wrong inside it."""

from __future__ import annotations

import asyncio

import pytest

from adapters.base import Answer
from lienthong.fake_agency import NOW, FakeAgency, Heard, fixed_clock, numbers


async def talk(agency: FakeAgency, request: bytes) -> bytes:
    """Everything that the agency says to one connection that is then closed."""
    host, _, port = agency.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    writer.write_eof()
    said = await reader.read()
    writer.close()
    return said


async def test_request_is_heard_and_answered() -> None:
    """Method, path, headers and body arrive; the answer goes out as HTTP."""
    async with FakeAgency(lambda heard: Answer(201, heard.body, "text/x", {"X-A": "b"})) as agency:
        said = await talk(agency, b"POST /p?q HTTP/1.1\r\nContent-Length: 2\r\nX-B: c\r\n\r\nhi")
    assert agency.heard == [Heard("POST", "/p?q", {"content-length": "2", "x-b": "c"}, b"hi")]
    assert said.startswith(b"HTTP/1.1 201")
    assert b"X-A: b\r\n" in said
    assert said.endswith(b"\r\n\r\nhi")


async def test_raw_bytes_are_the_last_word() -> None:
    """They go out as they are, and the connection ends."""
    async with FakeAgency(lambda _: b"nonsense") as agency:
        assert await talk(agency, b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n") == b"nonsense"
    assert len(agency.heard) == 1


async def test_behaviour_may_wait() -> None:
    """It may be a coroutine."""

    async def slowly(_: Heard) -> Answer:
        await asyncio.sleep(0)
        return Answer(200, b"late", "text/plain")

    async with FakeAgency(slowly) as agency:
        assert (await talk(agency, b"GET / HTTP/1.1\r\n\r\n")).endswith(b"late")


async def test_failure_inside_is_shown_at_the_end() -> None:
    """An assertion in the agency's code fails the test, not only the exchange."""

    def broken(_: Heard) -> Answer:
        raise AssertionError("unexpected")

    with pytest.raises(AssertionError, match="unexpected"):
        async with FakeAgency(broken) as agency:
            await talk(agency, b"GET / HTTP/1.1\r\n\r\n")


def test_time_stands_still_and_numbers_count() -> None:
    """Everything built from them is the same twice."""
    assert fixed_clock() == fixed_clock() == NOW
    one, two = numbers(), numbers()
    assert [one(), one(), two()] == ["00000001", "00000002", "00000001"]
