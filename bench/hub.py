"""The process that is measured: a hub as `lienthong serve` runs it, over SQLite, doors and worker in one process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn

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


@contextlib.asynccontextmanager
async def main(folder: Path, door: socket.socket) -> AsyncIterator[Commands]:
    """Serve the project in ``folder`` at ``door`` until left."""
    hub = open_hub(Project.load(folder))
    server = uvicorn.Server(configured(application(hub), host=HOST, port=0))
    serving = asyncio.create_task(server.serve(sockets=[door]))
    profile = Profile()
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody else
        await asyncio.sleep(0.01)
    try:
        yield {
            "unfinished": lambda: unfinished(hub),
            "checkpoint": hub.logbook.checkpoint,
            "profile": profile.start,
            "profiled": profile.stop,
        }
    finally:
        server.should_exit = True
        await serving
        await hub.close()


async def unfinished(hub: Hub) -> int:
    """Deliveries that are not done, and dossiers whose check is not concluded."""

    def count(tx: Tx) -> int:
        open_deliveries = sum(one.queued + one.leased + one.dead for one in tx.deliveries.depth().values())
        return open_deliveries + len(tx.dossiers.in_phase(Phase.CHECKING, 1))

    return await hub.store.aread(count)
