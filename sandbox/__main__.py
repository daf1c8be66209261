"""``python -m sandbox``: all agencies in this process, started by `sandbox.core.apart.SandboxProcess`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from sandbox.core.running import Sandbox


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    arguments = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    for name in ("folder", "hub_certificate", "contracts"):
        if arguments.get(name) is not None:
            arguments[name] = Path(arguments[name])
    async with Sandbox(arguments.pop("folder"), **arguments) as box:
        told = {
            "control": box.control_url,
            "urls": {name: box.url(name) for name in box.names},
            "certificates": {name: str(box.certificate(name)) for name in box.names},
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(_serve())
