"""Fakes for tests of adapters: an agency on a real socket, a clock that stands still, counted identifiers."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType

from adapters.base import Answer
from adapters.errors import AdapterError, Ambiguous, Malformed, Throttled, Unauthorized, Unavailable

NOW = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
"""The hour at which contract tests happen: a working morning in Hà Nội, first day of the 2026 forms."""


def nowhere() -> str:
    """An address at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def fixed_clock() -> datetime:
    """A clock that stands still, so that everything built from it is the same twice."""
    return NOW


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    """One HTTP request as a `FakeAgency` read it; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Said = Answer | bytes | None
"""What a fake agency does: an answer; raw bytes and then hang up; or nothing at all, for ever."""

Behaviour = Callable[[Heard], Said | Awaitable[Said]]


class FakeAgency:
    """A small HTTP/1.1 server on 127.0.0.1 that says exactly what a test wants, broken answers included."""

    def __init__(self, behaviour: Behaviour, *, tls: ssl.SSLContext | None = None) -> None:
        """``behaviour`` is called for every request; it may be replaced while the server runs."""
        self.behaviour = behaviour
        self._tls = tls
        self.heard: list[Heard] = []
        self._failures: list[Exception] = []
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.url = ""

    async def __aenter__(self) -> FakeAgency:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._tls)
        scheme = "http" if self._tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening, drop every connection, and raise what went wrong inside the behaviour."""
        assert self._server is not None
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        if self._failures:
            raise self._failures[0]

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                heard = await _read_request(reader)
                self.heard.append(heard)
                said = self.behaviour(heard)
                if isinstance(said, Awaitable):
                    said = await said
                if said is None:
                    await asyncio.Event().wait()
                writer.write(said if isinstance(said, bytes) else _http(said))
                await writer.drain()
                if isinstance(said, bytes):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the client went away, as clients do
        except Exception as failure:  # noqa: BLE001 - the test's own code: shown when the test leaves the agency
            self._failures.append(failure)
        finally:
            writer.close()


async def _read_request(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    return Heard(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


def _http(answer: Answer | None) -> bytes:
    assert answer is not None
    lines = [
        f"HTTP/1.1 {answer.status} X",
        f"Content-Length: {len(answer.body)}",
        f"Content-Type: {answer.content_type}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body


def no_secrets(name: str) -> str:
    """A keeper of secrets that has none. Raises KeyError."""
    raise KeyError(name)


def numbers() -> Callable[[], str]:
    """A source of identifiers that gives 00000001, 00000002 … so that a test can be repeated."""
    count = iter(range(1, 10**8))
    return lambda: f"{next(count):08d}"


UNUSABLE: dict[str, tuple[Said, tuple[type[AdapterError], ...]]] = {
    "silence": (None, (Ambiguous, Unavailable)),
    "hangs up": (b"", (Ambiguous, Unavailable)),
    "cut short": (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<a>", (Ambiguous, Unavailable)),
    "not HTTP": (b"hello\r\n\r\n", (Ambiguous, Unavailable)),
    "nothing in it": (Answer(202, b"", "text/xml"), (Ambiguous, Malformed)),
    "web page": (Answer(200, b"<!DOCTYPE html><html><p>Hello</html>", "text/html"), (Malformed,)),
    "broken XML": (Answer(200, b"<a><b></a>", "text/xml"), (Malformed,)),
    "another document": (Answer(200, b"<a/>", "text/xml"), (Malformed,)),
    "redirect": (Answer(302, b"", "text/xml", {"Location": "http://127.0.0.1:9/"}), (Malformed,)),
    "too large": (Answer(200, b"<a>" + b"x" * 30_000_000, "text/xml"), (Malformed,)),
    "log in": (Answer(401, b"", "text/plain"), (Unauthorized,)),
    "forbidden": (Answer(403, b"", "text/plain"), (Unauthorized,)),
    "slow down": (Answer(429, b"", "text/plain", {"Retry-After": "7"}), (Throttled,)),
    "come back": (Answer(503, b"", "text/plain", {"Retry-After": "7"}), (Unavailable,)),
    "not found": (Answer(404, b"<html/>", "text/html"), (Malformed,)),
}
"""What an agency can say that is no answer, and the classes of error that this may become."""
