"""How the application is put on a socket: uvicorn with bounds on what a caller may send before it has asked
anything.

uvicorn bounds neither the size of a request's head nor the time it takes; an application hears of a request
only when the head is complete, so this has to be done in the protocol.
"""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from broker.web.exchange import App, Bounds

_HEAD_SECONDS = 10.0
_REFUSALS = {408: b"Request Timeout", 431: b"Request Header Fields Too Large"}


def configured(
    app: App, *, host: str, port: int, bounds: Bounds | None = None, **settings: Any
) -> uvicorn.Config:
    """Settings of a server for ``app``. ``settings`` are further ones of `uvicorn.Config`."""
    limit = (bounds or Bounds()).header_bytes

    class Protocol(BoundedProtocol):
        head_bytes = 2 * limit  # the request line has its share

    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Protocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        **{"timeout_keep_alive": 20, "timeout_graceful_shutdown": 20, **settings},
    )


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose heads are bounded in bytes and seconds (RFC 9110 §15.5.9, RFC 6585 §5)."""

    head_bytes = 32 * 1024
    head_seconds = _HEAD_SECONDS

    _in_head = True
    _head = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection that says nothing is as late as one that says it slowly."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more to wait for."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, unless the head is too large already."""
        if self._in_head:
            self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > self.head_bytes:
            self._refuse(431)

    def on_message_begin(self) -> None:
        """A request starts: its head is awaited."""
        super().on_message_begin()
        if not self._in_head:
            self._expect_head()

    def on_headers_complete(self) -> None:
        """The head is there: from now on the application has its own bounds."""
        self._in_head = False
        self._head = 0
        self._stop_timer()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._in_head = True
        self._stop_timer()
        self._timer = self.loop.call_later(self.head_seconds, self._refuse, 408)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: int) -> None:
        """Say why, and hang up. Problems documents are for requests; this has not become one."""
        self._stop_timer()
        if not self.transport.is_closing():
            line = b"HTTP/1.1 %d %b\r\n" % (status, _REFUSALS[status])
            self.transport.write(line + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()
