"""The process that is measured: a hub as `lienthong serve` runs it, over SQLite, doors and worker in one process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import uvicorn

from bench import plain_log
from bench.children import Commands
from bench.profile import Profile
from bench.scene import HOST
from broker.application import application
from broker.config.project import Project
from broker.hub import Hub
from broker.model import Phase
from broker.opening import open_hub
from broker.store.engine import Tx
from broker.web.server import configured

_BETWEEN_STAMPS = 0.5
"""Seconds; an ordinary hub stamps once a minute."""


@contextlib.asynccontextmanager
async def main(folder: Path, door: socket.socket) -> AsyncIterator[Commands]:
    """Serve the project in ``folder`` at ``door`` until left."""
    hub = open_hub(Project.load(folder))
    server = uvicorn.Server(configured(application(hub), host=HOST, port=0))
    serving = asyncio.create_task(server.serve(sockets=[door]))
    profile, stamping = Profile(), Stamping(hub)
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody else
        await asyncio.sleep(0.01)
    try:
        yield {
            "unfinished": lambda: unfinished(hub),
            "checkpoint": hub.log.book.checkpoint,
            "profile": profile.start,
            "profiled": profile.stop,
            "stamp": stamping.start,
            "stop stamping": stamping.stop,
        }
    finally:
        server.should_exit = True
        await serving
        await hub.close()


def without_evidence(folder: Path, door: socket.socket) -> AbstractAsyncContextManager[Commands]:
    """The same hub, keeping messages as plain rows."""
    plain_log.forget()
    return main(folder, door)


class Stamping:
    """Signs and time-stamps the head of the log again and again."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; each time-stamp follows the one before."""
        self._task = asyncio.create_task(self._stamp())

    async def stop(self) -> None:
        """End, after the one that is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _stamp(self) -> None:
        while True:
            await self._hub.log.book.checkpoint()
            await self._hub.log.timestamping.run()
            await asyncio.sleep(_BETWEEN_STAMPS)


async def unfinished(hub: Hub) -> int:
    """Deliveries that are not done, and dossiers whose check is not concluded."""

    def count(tx: Tx) -> int:
        open_deliveries = sum(one.queued + one.leased + one.dead for one in tx.deliveries.depth().values())
        return open_deliveries + len(tx.dossiers.in_phase(Phase.CHECKING, 1))

    return await hub.store.aread(count)
