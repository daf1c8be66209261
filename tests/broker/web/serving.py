"""A real server on a free port of 127.0.0.1 in a thread, and the plainest client there is."""

from __future__ import annotations

import dataclasses
import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import uvicorn

from broker.web.exchange import App, Bounds
from broker.web.server import configured
from tests.broker.web.fakes import KEY


@contextmanager
def serving(app: App, **settings: Any) -> Iterator[tuple[str, int]]:
    """Serve ``app`` while the context lasts; gives host and port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(configured(app, host="127.0.0.1", port=0, **settings))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            server.should_exit = True
            thread.join()


@dataclasses.dataclass(frozen=True)
class Heard:
    """An answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclasses.dataclass(frozen=True)
class Caller:
    """Calls the server under test, as client ``dvcqg`` unless told otherwise."""

    host: str
    port: int

    def __call__(
        self, method: str, path: str, body: bytes | None = None, *, key: str | None = KEY, **fields: str
    ) -> Heard:
        """One request on a connection of its own; ``fields`` are header fields, ``_`` for ``-``."""
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        if key is not None:
            headers["X-Api-Key"] = key
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Heard(response.status, names, response.read())
        finally:
            connection.close()

    def raw(self, data: bytes) -> bytes:
        """Send bytes as they are and read until the server hangs up."""
        with socket.create_connection((self.host, self.port), timeout=20) as connection:
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(65536), b""))


SMALL = Bounds(document=20_000, report=60_000, attachment=4_000, body_seconds=0.3, header_bytes=4_000)
"""Bounds that a test reaches quickly."""
