"""Project folders for tests of the command line: one that was never set up, and one that has been at work."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from broker.model import StepState
from lienthong.cli import app
from tests.worlds import ROOT, birth, stage

Run = Callable[..., Result]


def copied(folder: Path) -> Path:
    """The repository's own project, copied to ``folder``."""
    for name in ("config", "mappings", "xsd"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A project that was never set up."""
    return copied(tmp_path / "fresh")


@pytest.fixture(scope="session")
def _lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copied(tmp_path_factory.mktemp("lived") / "project")
    asyncio.run(_live(folder))
    return folder


async def _live(folder: Path) -> None:
    """One dossier that completes; one whose registration is refused as a message and lies dead; one pause."""
    async with stage(folder) as world:
        done = await world.submit(birth(), portal_code="H01.001-260001")
        assert set((await world.finish(done)).values()) == {StepState.COMPLETED}
        fault = {"kind": "soap-fault", "code": "sender", "text": "không đọc được hồ sơ"}
        world.sandbox.agency("hotich").faults.add(
            {"match": {"operation": "nhanHoSoDKHT"}, "fault": fault, "times": 1}
        )
        stuck = await world.submit(birth(1))
        await world.settle()
        assert world.states(stuck)["registration"] is StepState.STUCK
        world.hub.store.write_sync(
            lambda tx: tx.deliveries.pause("bhxh", "our token was refused", world.clock())
        )
        await world.hub.log.book.checkpoint()
        await world.hub.log.timestamping.run()
        (folder / "codes.json").write_text(json.dumps({"done": done, "stuck": stuck}), encoding="utf-8")


@pytest.fixture
def lived(_lived: Path, tmp_path: Path) -> Path:
    """A project of a hub that has been at work and is stopped; the test may change it."""
    folder = shutil.copytree(_lived, tmp_path / "lived")
    local = folder / "local.json"
    local.write_text(local.read_text(encoding="utf-8").replace(str(_lived), str(folder)), encoding="utf-8")
    return folder


@pytest.fixture
def codes(_lived: Path) -> dict[str, str]:
    """Codes of the dossiers in `lived`: ``done`` and ``stuck``."""
    found: dict[str, str] = json.loads((_lived / "codes.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def run() -> Run:
    """Runs ``lienthong`` in this process: ``run(0, folder, "db", "upgrade")`` demands the exit code."""

    def run_(code: int, folder: Path, *arguments: str) -> Result:
        result = CliRunner().invoke(app, [*arguments, "--project", str(folder)])
        assert result.exit_code == code, f"exit {result.exit_code}\n{result.output}\n{result.exception!r}"
        return result

    return run_
