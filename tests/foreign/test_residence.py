"""The hub against a residence service of foreign make: another SOAP stack, another implementation of signatures."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from broker.model import DeliveryState, StepState
from sandbox import AGENCIES
from sandbox.core.keys import identity
from tests.cases.evidence import LEGAL, portal, submission
from tests.worlds import MONDAY, ROOT, Stage, birth, stage

PROGRAM = Path(__file__).with_name("residence.py")
TRUSTED = "trust/cutru/cutru.pem"


@pytest.fixture(autouse=True)
def _spyne() -> None:
    """Spyne's newest release does not run on Python 3.12 and later."""
    if importlib.util.find_spec("spyne") is None:
        if os.environ.get("CI") and sys.version_info < (3, 12):
            pytest.fail("spyne is not installed")
        pytest.skip("the foreign SOAP server needs spyne, which is made for Python up to 3.11")


class Residence:
    """The foreign service's process."""

    def __init__(self, process: asyncio.subprocess.Process, address: str) -> None:
        """``address`` is the endpoint's."""
        self._process = process
        self.address = address

    async def report(self, world: Stage) -> list[str]:
        """Let it report that its dossier is settled: status and document of the hub's verified answer."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(f"{world.url} {world.clock().isoformat()}\n".encode())
        await stdin.drain()
        return (await line(self._process)).split(maxsplit=1)


async def line(process: asyncio.subprocess.Process) -> str:
    """The next line that the process prints."""
    assert process.stdout is not None
    async with asyncio.timeout(30):
        printed = (await process.stdout.readline()).decode().strip()
    assert printed, "the foreign service has ended"
    return printed


@asynccontextmanager
async def residence(folder: Path, hub_certificate: Path) -> AsyncIterator[Residence]:
    """The foreign service, running, with a key of its own that the hub trusts as `cutru`."""
    own = identity(folder, "foreign", MONDAY)
    trusted = folder / TRUSTED
    trusted.parent.mkdir(parents=True)
    trusted.write_bytes(own.certificate_path.read_bytes())
    arguments = (
        ROOT / "xsd/cutru/1.0",
        hub_certificate,
        folder / "foreign.key.pem",
        own.certificate_path,
        MONDAY.isoformat(),
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", PROGRAM, *map(str, arguments),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Residence(process, await line(process))
    finally:
        process.kill()
        await process.communicate()


def plan(service: Residence) -> dict[str, Any]:
    """A stage whose residence service is the foreign one."""
    return {
        "agencies": tuple(name for name in AGENCIES if name != "cutru"),
        "overrides": {"agencies.cutru.adapters.send.settings.address": service.address},
    }


async def test_foreign_residence_service(tmp_path: Path) -> None:
    """Both directions work with software that is not ours: declaration, receipt, result and acknowledgement, signed."""
    async with (
        residence(tmp_path, tmp_path / "keys/hub.crt.pem") as service,
        stage(tmp_path, **plan(service)) as world,
    ):
        code = await world.submit(birth())
        await world.until(lambda: world.states(code).get("residence") is StepState.RECEIVED)
        assert await service.report(world) == ["200", "XacNhanThongBao"]
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        assert portal(world, code, "cutru") == LEGAL
        assert world.unfinished() == []
        assert world.work() == []


async def test_foreign_residence_service_distrusts(tmp_path: Path) -> None:
    """What libxmlsec1 does not verify is refused by the foreign service, and a person at the hub sees why."""
    stranger = identity(tmp_path, "stranger", MONDAY)
    async with (
        residence(tmp_path, stranger.certificate_path) as service,
        stage(tmp_path, **plan(service)) as world,
    ):
        code = await world.submit(birth())
        await world.until(
            lambda: world.states(code).get("residence") is StepState.STUCK, within=timedelta(hours=1)
        )
        dead = submission(world, code, "residence")
        assert dead.state is DeliveryState.DEAD
        assert "another certificate" in (dead.reason or "")
