"""A world whose hub is a process of its own, the real command, so that it can be killed at any instant."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp

from lienthong.demo.world import HOST, Plan, World
from sandbox import Sandbox

QUICK = {
    "schedule.jobs.poll.every": "300ms",
    "schedule.jobs.wake.every": "100ms",
    "schedule.jobs.deadlines.every": "1s",
    "schedule.jobs.checkpoint.every": "1s",
    "agencies.hotich.poll.every": "300ms",
    "agencies.cancuoc.poll.every": "300ms",
    "hub.delivery.lease": "2s",
}
"""Waiting times for a test: what the hub held when it died is free again after two seconds."""


class KillableWorld(World):
    """Agencies in this process; the hub is ``lienthong serve`` over the world's folder."""

    sandbox: Sandbox
    process: subprocess.Popen[bytes] | None = None
    _port = 0

    def __init__(self, root: Path, folder: Path, database: str | None = None) -> None:
        """``root`` is the project; ``database`` a URL, else SQLite below ``folder``."""
        super().__init__(Plan(root, folder, overrides=QUICK, database=database, sandbox={"tick": 0.05}))
        for name in ("config", "mappings", "xsd"):
            shutil.copytree(root / name, folder / name)

    @property
    def url(self) -> str:
        """The hub's address, the same after each start."""
        return f"http://{HOST}:{self._port}"

    def _bind(self) -> None:
        """Only choose a port: the process takes it."""
        super()._bind()
        self._port = self._socket.getsockname()[1]
        self._socket.close()

    async def start_hub(self) -> None:
        """Start the command, and wait until it answers."""
        command = [sys.executable, "-c", "from lienthong.cli import main; main()", "serve"]
        log = (self.folder / "serve.log").open("ab")
        environment = os.environ | {"PYTHONPATH": str(self.plan.project)}
        with log:
            self.process = subprocess.Popen(
                [*command, "--project", str(self.folder)], stdout=log, stderr=log, env=environment
            )
        while not await self._answers():
            assert self.process.poll() is None, self.log
            await asyncio.sleep(0.05)

    async def stop_hub(self) -> None:
        """Stop the process in order, if it runs."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End the process at once: nothing of it runs any more, and it had no warning."""
        await self._end(signal.SIGKILL)

    @property
    def log(self) -> str:
        """What the processes have printed."""
        return (self.folder / "serve.log").read_text(encoding="utf-8")

    async def _end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(number)
            await asyncio.to_thread(process.wait)

    async def _answers(self) -> bool:
        async with aiohttp.ClientSession() as session:
            try:
                async with session.get(self.url + "/soap/intake?wsdl") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False
