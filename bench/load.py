"""The load generator: a fixed number of connections, each sending the next declaration when one is answered."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

from bench.agency import content_length
from bench.children import Commands
from bench.papers import envelope
from bench.scene import HOST
from signing.keys import FileKey, load_key


@dataclasses.dataclass(frozen=True)
class Sent:
    """A round: when the first declaration left, on the system's monotonic clock, and seconds to each answer."""

    began: float
    latencies: list[float]


class Load:
    """Prepares declarations and sends them."""

    def __init__(self, port: int, api_key: str, signer: FileKey, connections: int) -> None:
        """Nothing is opened."""
        self._port = port
        self._signer = signer
        self._connections = connections
        self._head = (
            f"POST /soap/intake HTTP/1.1\r\nHost: {HOST}:{port}\r\nX-Api-Key: {api_key}\r\n"
            'Content-Type: text/xml; charset=utf-8\r\nSOAPAction: ""\r\nContent-Length: '
        ).encode()
        self._ready: deque[bytes] = deque()
        self._latencies: list[float] = []

    def prepare(self, first: int, count: int) -> int:
        """Make the declarations ``first`` and after; their mean size in bytes."""
        made = [envelope(index, self._signer) for index in range(first, first + count)]
        self._ready.extend(made)
        return sum(map(len, made)) // max(count, 1)

    async def send(self) -> Sent:
        """Send all that was prepared. Raises RuntimeError for an answer that is not a success."""
        self._latencies = []
        began = time.monotonic()
        await asyncio.gather(*(self._talk() for _ in range(self._connections)))
        return Sent(began, self._latencies)

    async def _talk(self) -> None:
        reader, writer = await asyncio.open_connection(HOST, self._port)
        while self._ready:
            body = self._ready.popleft()
            asked = time.monotonic()
            writer.write(self._head + b"%d\r\n\r\n%b" % (len(body), body))
            head = await reader.readuntil(b"\r\n\r\n")
            answer = await reader.readexactly(content_length(head.rstrip()))
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"{head.splitlines()[0].decode()}: {answer.decode()[:600]}")
            self._latencies.append(time.monotonic() - asked)
        writer.close()
        await writer.wait_closed()


@contextlib.asynccontextmanager
async def main(port: int, api_key: str, keys: Path, name: str, connections: int) -> AsyncIterator[Commands]:
    """Serve until left; the portal's key is ``name`` in the folder ``keys``."""
    load = Load(port, api_key, load_key(keys, name), connections)
    yield {"prepare": load.prepare, "send": load.send}
