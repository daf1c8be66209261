"""``kill -9`` while forty dossiers are in flight: nothing acknowledged is lost, nothing happens twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from broker.hub import Hub
from broker.opening import open_hub
from broker.store.invariants import check
from broker.store.rows import DossierFilter
from lienthong.demo.document import submission
from sandbox.dvcqg.agency import DVCQG
from signing.log.note import load_note_key
from tests.cases.crashing import KillableWorld
from tests.cases.evidence import LEGAL
from tests.worlds import ROOT, birth, mappings, text

DOSSIERS = 40
EARLY = 25
"""Dossiers that are under way when the others are submitted and the hub is killed."""
AGENCIES = {"hotich": 5, "cutru": 6, "bhxh": 7, "cancuoc": 8}
"""Agency → its number at the portal."""
PATIENCE = 180


class Declarants:
    """Forty families who submit until they have an answer, each under one message id."""

    def __init__(self, world: KillableWorld) -> None:
        """Nothing is sent yet."""
        self._world = world
        self.acknowledged: dict[str, str] = {}

    async def submit(self, families: Iterable[int]) -> None:
        """Each of them without an answer submits; who gets none tries again the next time."""
        waiting = [number for number in families if _message_id(number) not in self.acknowledged]
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            limit = asyncio.Semaphore(2)
            await asyncio.gather(*(self._submit(session, limit, number) for number in waiting))

    async def _submit(self, session: aiohttp.ClientSession, limit: asyncio.Semaphore, number: int) -> None:
        document = submission(
            birth(number),
            message_id=_message_id(number),
            portal_code=None,
            officer="CB000001",
            unit="H01.001",
        )
        headers = {
            "X-Api-Key": self._world.portal_key,
            "Content-Type": "application/xml",
            "Accept": "application/xml",
        }
        url = self._world.url + "/api/v1/dossiers"
        async with limit:
            try:
                async with session.post(url, data=document, headers=headers) as answer:
                    body = await answer.read()
            except aiohttp.ClientError:
                return
        assert answer.status in (200, 202), body.decode()
        self.acknowledged[_message_id(number)] = text(body, "DossierCode")


def _message_id(number: int) -> str:
    return f"family-{number:03d}"


async def until(world: KillableWorld, holds: Callable[[], bool]) -> None:
    """Wait for something in the agencies' databases; a hub that has ended by itself is a failure."""
    for _ in range(PATIENCE * 20):
        if holds():
            return
        assert world.process is None or world.process.poll() is None, world.log
        await asyncio.sleep(0.05)
    raise AssertionError(f"it did not happen in {PATIENCE} seconds\n{world.log[-4000:]}")


def taken_in(world: KillableWorld, agency: str) -> int:
    """How many business messages the agency has."""
    return len(world.sandbox.agency(agency).desk.records())


def told(world: KillableWorld, code: str, agency: str) -> list[int]:
    """The states of a step that the portal has accepted."""
    portal = world.sandbox.agency("dvcqg")
    assert isinstance(portal, DVCQG)
    return portal.history(code, AGENCIES[agency])


async def crash_and_recover(world: KillableWorld) -> dict[str, str]:
    """Kill the hub while agencies work and declarations still come in. Message id → dossier code of all."""
    families = Declarants(world)
    await families.submit(range(EARLY))
    await until(world, lambda: taken_in(world, "cutru") >= EARLY // 4)
    async with asyncio.TaskGroup() as group:
        group.create_task(families.submit(range(EARLY, DOSSIERS)))
        await until(world, lambda: len(families.acknowledged) > EARLY)
        await world.kill()
    before = dict(families.acknowledged)
    assert EARLY < len(before) < DOSSIERS
    assert taken_in(world, "cutru") < EARLY
    await world.start_hub()
    await families.submit(range(DOSSIERS))
    assert families.acknowledged.items() >= before.items()
    codes = families.acknowledged.values()
    await until(
        world, lambda: all(told(world, code, agency) == LEGAL for code in codes for agency in AGENCIES)
    )
    await world.stop_hub()
    return families.acknowledged


@contextmanager
def opened(world: KillableWorld) -> Iterator[Hub]:
    """The hub over what the killed one left, without serving or working."""
    hub = open_hub(world.load(), mappings=mappings())
    try:
        yield hub
    finally:
        hub.store.close()


def assert_whole(world: KillableWorld, acknowledged: dict[str, str]) -> None:
    """Everything acknowledged is there, nothing twice, nothing left over, and the log verifies."""
    codes = set(acknowledged.values())
    assert len(codes) == DOSSIERS
    for agency in AGENCIES:
        desk = world.sandbox.agency(agency).desk
        assert sorted(record.dossier for record in desk.records()) == sorted(codes), agency
        assert all(len(desk.effects(record.key)) == 1 for record in desk.records()), agency
    with opened(world) as hub:
        known = hub.store.read(lambda tx: tx.dossiers.list(DossierFilter(), limit=200)).items
        assert {dossier.code for dossier in known} == codes
        deliveries = hub.store.read(lambda tx: tx.deliveries.depth())
        assert deliveries == {}
        assert hub.store.read(lambda tx: tx.work.list(limit=10)).items == []
        assert check(hub.store) == []
        report = hub.log.book.verify(load_note_key(world.folder / "keys", "hub").verifier)
        assert report.ok


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_killed_while_forty_dossiers_are_in_flight(
    tmp_path: Path, database: str, request: pytest.FixtureRequest
) -> None:
    """A hub killed at any instant and started again completes every dossier, none twice at any agency."""
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else None
    async with KillableWorld(ROOT, tmp_path, url) as world:
        assert_whole(world, await crash_and_recover(world))
