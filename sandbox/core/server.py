"""A listening socket that can go away and come back on the same port, with uvicorn's HTTP protocol."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from sandbox.core.gate import TRANSPORT, App

HOST = "127.0.0.1"
GRACE = 1.0  # seconds that requests get to notice the end of their connection


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with the transport within reach of the gate."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}


class Server:
    """Serves one ASGI application on 127.0.0.1.

    uvicorn's own `Server` polls ten times a second and cannot release its port for a while; agencies need
    both.
    """

    def __init__(self, app: App, port: int = 0) -> None:
        """Bind ``port`` now (0: any free one), so that the address is known before anything listens."""
        application: Any = app
        self._config = uvicorn.Config(
            application, lifespan="off", ws="none", log_config=None, access_log=False, proxy_headers=False
        )
        self._config.load()
        self._state = ServerState()
        self._socket = _bound(port)
        self.port: int = self._socket.getsockname()[1]
        self._server: asyncio.Server | None = None

    async def up(self) -> None:
        """Accept connections; idempotent."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._protocol, sock=self._socket, backlog=2048)

    async def down(self) -> None:
        """Refuse connections and cut those that are open; idempotent. The port stays ours."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for connection in list(self._state.connections):
            connection.transport.abort()
        await self._settled()
        # A bound socket that does not listen refuses connections and keeps the port from anyone else.
        self._socket = _bound(self.port)

    async def close(self) -> None:
        """Stop for good."""
        await self.down()
        if self._state.tasks:
            _, stuck = await asyncio.wait(self._state.tasks, timeout=GRACE)
            for task in stuck:
                task.cancel()
        self._socket.close()

    def _protocol(self) -> asyncio.Protocol:
        return _Protocol(config=self._config, server_state=self._state, app_state={})

    async def _settled(self) -> None:
        while self._state.connections:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.001)


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((HOST, port))
    made.setblocking(False)
    return made
