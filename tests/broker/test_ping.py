"""Connection tests without a database and without mappings."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from broker.ping import ping
from signing.errors import KeyProblem
from tests.worlds import stage


async def test_every_agency_has_an_answer(tmp_path: Path) -> None:
    """Those that are there are reached, one that is down is not, and nothing was taken in anywhere."""
    async with stage(tmp_path) as world:
        await world.sandbox.agency("cancuoc").set_down(True)
        project = world.load()
        agencies = tuple(name for name in world.sandbox.names if name in project.agencies)
        reports = await ping(project, agencies, clock=world.clock)
        assert {name for name, report in reports.items() if not report.ok} == {"cancuoc"}
        assert all(report.lines for report in reports.values())
        assert [name for name in world.sandbox.names if world.sandbox.agency(name).desk.records()] == []


async def test_what_cannot_be_built_is_a_line_not_an_end(tmp_path: Path) -> None:
    """Without its partner's certificate one agency cannot be tried; the others are."""
    async with stage(tmp_path) as world:
        (tmp_path / "trust/hotich/hotich.pem").unlink()
        (tmp_path / "trust/hotich").rmdir()
        reports = await ping(world.load(), ("hotich", "dancu"), clock=world.clock)
        assert "config/agencies/hotich.yaml" in reports["hotich"].lines[0]
        assert [reports["hotich"].ok, reports["dancu"].ok] == [False, True]


async def test_an_agency_that_only_calls_us(tmp_path: Path) -> None:
    """There is nothing to reach, and nothing wrong."""
    async with stage(tmp_path) as world:
        project = world.load()
        hotich = project.agencies["hotich"]
        silent: Any = hotich.model_copy(
            update={"adapters": hotich.adapters.model_copy(update={"send": None})}
        )
        project = dataclasses.replace(project, agencies={**project.agencies, "hotich": silent})
        assert (await ping(project, ("hotich",), clock=world.clock))["hotich"].ok


async def test_our_own_key_must_be_there(tmp_path: Path) -> None:
    """Without it nothing is tried: the message says how to make it."""
    async with stage(tmp_path) as world:
        (tmp_path / "keys/hub.key.pem").rename(tmp_path / "keys/moved")
        with pytest.raises(KeyProblem, match="lienthong keys create"):
            await ping(world.load(), ("hotich",), clock=world.clock)
