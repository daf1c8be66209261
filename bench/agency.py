"""The fast stand-in of both agencies: one process that gives prepared answers and remembers what it got.

Not the sandbox: that one is strict, and strictness costs. What came is checked after the run instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
from collections.abc import AsyncIterator
from typing import cast

from bench.children import Commands
from bench.papers import Answers

SUBMISSION = b"nhanHoSoDKHT"


class Desk:
    """What came in."""

    def __init__(self, answers: Answers) -> None:
        """Answers with ``answers``."""
        self.answers = answers
        self.hashes: list[str] = []
        self.submissions: list[bytes] = []

    def take(self, body: bytes) -> bytes:
        """Remember a request and answer it."""
        self.hashes.append(hashlib.sha256(body).hexdigest())
        if SUBMISSION in body:
            self.submissions.append(body)
        return self.answers.to(body)

    def refresh(self, answers: Answers) -> None:
        """Answer with ``answers`` from now on: time-stamps grow old."""
        self.answers = answers

    def count(self) -> int:
        """Submissions so far."""
        return len(self.submissions)

    def everything(self) -> tuple[list[str], list[bytes]]:
        """SHA-256 of every request, and the submissions themselves, in their order."""
        return self.hashes, self.submissions


class Connection(asyncio.Protocol):
    """HTTP/1.1 as far as the hub speaks it: requests with a Content-Length, one after the other."""

    def __init__(self, desk: Desk) -> None:
        """Requests go to ``desk``."""
        self._desk = desk
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection was opened."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its class

    def data_received(self, data: bytes) -> None:
        """Answer as soon as a request is complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            stop = end + 4 + content_length(self._buffer[:end])
            if len(self._buffer) < stop:
                return
            body, self._buffer = self._buffer[end + 4 : stop], self._buffer[stop:]
            assert self._transport is not None
            self._transport.write(response(self._desk.take(body)))


def content_length(head: bytes) -> int:
    """The Content-Length in the head of an HTTP message; 0 without one."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


def response(body: bytes) -> bytes:
    """A whole answer with status 200."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )


@contextlib.asynccontextmanager
async def main(answers: Answers, door: socket.socket) -> AsyncIterator[Commands]:
    """Serve at ``door`` until left."""
    desk = Desk(answers)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(desk), sock=door)
    async with server:
        yield {"count": desk.count, "refresh": desk.refresh, "everything": desk.everything}
