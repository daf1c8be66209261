"""A whole hub with its agencies for tests: real servers, real databases, and time that the test moves."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import random
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from lxml import etree

from broker.hub import Outside
from broker.mapping.collection import Mappings, load_all
from broker.model import DeliveryState, Dossier, StepState
from broker.store.engine import Tx
from broker.store.rows import DeliveryFilter
from lienthong.demo.death import Death, LeftHousehold, Notice
from lienthong.demo.document import Birth, Head, submission
from lienthong.demo.parts import Parent, Place
from lienthong.demo.world import Plan, World
from sandbox import Sandbox
from sandbox.dancu.citizen import Citizen
from sandbox.dancu.population import Population, generate
from tests.clock import ManualClock

ROOT = Path(__file__).resolve().parents[1]
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""09:00 on a Monday in Hà Nội, a working day without a holiday near."""


@functools.cache
def mappings() -> Mappings:
    """The project's mappings, proved once per test process."""
    return load_all(ROOT)


@functools.cache
def population() -> Population:
    """The citizens whom the sandbox's population database holds."""
    return generate()


def parent(citizen: Citizen) -> Parent:
    """A citizen as a declarant would type them."""
    name, home = citizen.name, citizen.residence
    place = Place(home.province, home.commune, home.detail or None)
    return Parent(
        name.family or None,
        name.middle or None,
        name.given,
        citizen.birth,
        citizen.number,
        citizen.ethnicity,
        place,
    )


def birth(number: int = 0, **changes: Any) -> Birth:
    """A plain birth to couple ``number`` of the register: residence, card and identity card wanted."""
    couple = population().couples()[number]
    mother, father = parent(couple.wife), parent(couple.husband)
    home = mother.residence
    plain = Birth(
        sex="1",
        born=date(2026, 11, 10),
        birth_place=home,
        registration=home,
        applicant=mother,
        relation="mother",
        name=(father.family, "Minh", "An"),
        mother=mother,
        father=father,
        residence=home,
        head=Head(father.full_name, father.number),
        insurance=home,
        identity_card=home,
        ethnicity=father.ethnicity,
    )
    return dataclasses.replace(plain, **changes)


def death(number: int = 0, **changes: Any) -> Death:
    """The plain death of the wife of old couple ``number``, declared by her husband, the head of the
    household: registration and removal of residence wanted, with a notice of the commune's health station.
    """
    couple = population().old_couples()[number]
    deceased, husband = parent(couple.wife), parent(couple.husband)
    home = deceased.residence
    plain = Death(
        deceased=deceased,
        sex=couple.wife.sex,
        died="2026-11-20",
        time="04:30",
        death_place=home,
        cause="Tuổi cao, bệnh tim mạch",
        registration=home,
        applicant=husband,
        relation="spouse",
        notice=Notice(f"{number + 1:02d}/GBT-TYT", date(2026, 11, 20), "Trạm Y tế"),
        residence=home,
        household=LeftHousehold(husband.full_name, husband.number, "spouse", home),
    )
    return dataclasses.replace(plain, **changes)


class Stage(World):
    """A world whose time stands still unless the test moves it; deliveries run when the test says so."""

    clock: ManualClock
    sandbox: Sandbox
    _count = 0

    async def post(
        self, event: Birth | Death, message_id: str | None = None, portal_code: str | None = None
    ) -> aiohttp.ClientResponse:
        """Submit over REST as the portal; the answer with its body read."""
        self._count += 1
        document = submission(
            event,
            message_id=message_id or f"message-{self._count:06d}",
            portal_code=portal_code,
            officer="CB000001",
            unit="H01.001",
        )
        return await self.send("POST", "/api/v1/dossiers", document)

    async def submit(self, event: Birth | Death, **arguments: Any) -> str:
        """Submit a declaration that is right; its dossier code."""
        response = await self.post(event, **arguments)
        body = await response.read()
        assert response.status in (200, 202), body.decode()
        return text(body, "DossierCode")

    async def send(self, method: str, path: str, document: bytes | None = None) -> aiohttp.ClientResponse:
        """A REST call of the portal, XML in and out."""
        headers = {
            "X-Api-Key": self.portal_key,
            "Accept": "application/xml",
            "Content-Type": "application/xml",
        }
        async with aiohttp.ClientSession() as session:
            response = await session.request(method, self.url + path, data=document, headers=headers)
            await response.read()
            return response

    async def status(self, code: str) -> etree._Element:
        """The StatusResponse that the portal gets."""
        response = await self.send("GET", f"/api/v1/dossiers/{code}")
        body = await response.read()
        assert response.status == 200, body.decode()
        return etree.fromstring(body)  # noqa: TID251 - the test's own reading

    def dossier(self, code: str) -> Dossier:
        """The dossier as the hub has it."""
        found = self.hub.store.read(lambda tx: tx.dossiers.by_code(code))
        assert found is not None
        return found

    def states(self, code: str) -> dict[str, StepState]:
        """Step → state."""
        return {step.id: step.state for step in self.dossier(code).steps}

    async def turn(self) -> int:
        """One round of everything that is due now: deliveries, agencies' callbacks, polls. How much there was."""
        for name in self.sandbox.names:
            await self.sandbox.agency(name).tick()
        return await self.hub.worker.pump() + await self.hub.rounds.polls()

    async def settle(self, turns: int = 200) -> None:
        """Turn until nothing is due at this moment."""
        for _ in range(turns):
            if not await self.turn():
                return
        raise AssertionError("the world does not come to rest")

    async def advance(self, time: timedelta, *, step: timedelta = timedelta(minutes=1)) -> None:
        """Let ``time`` pass in steps, doing at each what is due."""
        end = self.clock() + time
        while self.clock() < end:
            self.clock.advance(seconds=min(step, end - self.clock()).total_seconds())
            await self.hub.rounds.deadlines()
            await self.settle()

    async def until(self, holds: Callable[[], bool], *, within: timedelta = timedelta(hours=2)) -> None:
        """Let time pass, a minute at a time, until ``holds``. Fails after ``within``."""
        end = self.clock() + within
        await self.settle()
        while not holds():
            assert self.clock() < end, "it did not happen in time"
            await self.advance(timedelta(minutes=1))

    async def finish(self, code: str, **arguments: Any) -> dict[str, StepState]:
        """Let time pass until every step of the dossier has ended; their states."""
        ended = {"completed", "returned", "rejected", "withdrawn", "cancelled", "stuck"}

        def all_ended() -> bool:
            states = self.states(code)
            return bool(states) and all(state.value in ended for state in states.values())

        await self.until(all_ended, **arguments)
        await self.settle()
        return self.states(code)

    def unfinished(self) -> list[Any]:
        """Deliveries that are not done."""

        def read(tx: Tx) -> list[Any]:
            pages = [
                tx.deliveries.list(DeliveryFilter(state=state), limit=100)
                for state in (DeliveryState.QUEUED, DeliveryState.LEASED, DeliveryState.DEAD)
            ]
            return [delivery for page in pages for delivery in page.items]

        return self.hub.store.read(read)

    def work(self, kind: str | None = None) -> list[Any]:
        """Open work items."""
        return list(self.hub.store.read(lambda tx: tx.work.list(kind=kind, limit=100)).items)


@contextlib.asynccontextmanager
async def stage(folder: Path, at: datetime = MONDAY, **plan: Any) -> AsyncIterator[Stage]:
    """A world below ``folder`` whose clock starts at ``at``. ``plan`` are further fields of `Plan`."""
    clock = ManualClock(at)
    rng = random.Random(7)
    outside = Outside(clock=clock, rng=rng)
    options = {"clock": clock, "tick": 3600.0, **plan.pop("sandbox", {})}
    world = Stage(
        Plan(ROOT, folder, outside=outside, mappings=mappings(), work=False, sandbox=options, **plan)
    )
    world.clock = clock
    _lend_keys(folder, at)
    async with world:
        _keep_keys(folder, at)
        yield world
        assert world.hub.check() == []


_keys: dict[datetime, dict[Path, bytes]] = {}
"""Keys and certificates of the first stage that began at a time: making them takes as long as the rest of a start."""


def _lend_keys(folder: Path, at: datetime) -> None:
    for name, content in _keys.get(at, {}).items():
        file = folder / name
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)


def _keep_keys(folder: Path, at: datetime) -> None:
    if at not in _keys:
        made = [*folder.glob("keys/**/*"), *folder.glob("sandbox/*/*.pem")]
        files = [file for file in made if file.is_file()]
        _keys[at] = {file.relative_to(folder): file.read_bytes() for file in files}


def text(document: bytes | etree._Element, name: str) -> str:
    """The text of the first element of that local name."""
    root = etree.fromstring(document) if isinstance(document, bytes) else document  # noqa: TID251
    found = root.find(f".//{{*}}{name}")
    assert found is not None, name
    return found.text or ""


def texts(document: etree._Element, name: str) -> Iterator[str]:
    """The texts of all elements of that local name."""
    return (element.text or "" for element in document.iterfind(f".//{{*}}{name}"))


def forget(folder: Path) -> None:
    """Remove what a world left."""
    shutil.rmtree(folder, ignore_errors=True)
