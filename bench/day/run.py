"""The simulated days: a hub over a fresh database, its simulated agencies, and the loop that lets time pass."""

from __future__ import annotations

import dataclasses
import random
import time as wall
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from bench.day import results, working
from bench.day.cases import Arrival, Fate, draw
from bench.day.offices import CALLS_BACK, Office, Register
from bench.day.simulated import SimulatedTime
from broker.canonical.document import as_tree, text_at
from broker.config.agency import AgencyConfig, Endpoint
from broker.config.hub import Client, digest
from broker.config.project import Project
from broker.errors import Conflict
from broker.hub import Hub, Outside
from broker.mapping.collection import Mappings, load_all
from broker.mapping.mapping import Mapping as MessageMapping
from broker.model import DossierState
from broker.opening import open_hub
from broker.process.parent import derive
from broker.store import migrations
from lienthong.demo.document import corrections, submission
from sandbox.dancu.population import generate
from signing.keys import create_key
from signing.log.note import NoteVerifier, create_note_key, load_note_key
from signing.vault import create_data_key

PORTAL, REGISTER, DOWN = "dvcqg", "dancu", "hotich"
OUTAGE = (time(9, 30), time(11, 30))
_ASKED: Mapping[str, timedelta] = {DOWN: timedelta(hours=3)}
_ASKED_ELSE = timedelta(hours=12)
_END = timedelta(days=21)
_OFFICER, _UNIT = "CB000001", "G22.99.08"
_OPEN = frozenset({DossierState.CHECKING, DossierState.SUPPLEMENT, DossierState.PROCESSING})


@dataclasses.dataclass(frozen=True)
class Options:
    """How large the day is. ``seed`` decides everything that is drawn."""

    dossiers: int = 10_000
    seed: int = 1
    day: date = working.MONDAY


@dataclasses.dataclass
class Day:
    """What there is to judge when it is over. ``promised``: code → the due date of the receipt."""

    hub: Hub
    verifier: NoteVerifier
    offices: Mapping[str, Office]
    arrivals: dict[str, Arrival] = dataclasses.field(default_factory=dict)
    promised: dict[str, datetime] = dataclasses.field(default_factory=dict)
    ended: dict[str, tuple[DossierState, datetime]] = dataclasses.field(default_factory=dict)
    repeats: int = 0
    waiting: list[tuple[datetime, int]] = dataclasses.field(default_factory=list)
    """Deliveries to the agency that was down, by the quarter of an hour."""
    problems: list[str] = dataclasses.field(default_factory=list)
    seconds: float = 0.0
    simulated: timedelta = timedelta()


class _Plain:
    """Stands for the mappings back: simulated agencies speak the canonical form."""

    def run(self, source: bytes, **_: object) -> bytes:
        return source


class _Outward(Mappings):
    """The project's mappings to agencies; what comes back is canonical already."""

    def __init__(self, real: Mappings) -> None:
        super().__init__(list(real))

    def get(self, name: str, on: date) -> MessageMapping:
        mapping = super().get(name, on)
        outward = "lienthong" in mapping.header.source.schema.parts
        return mapping if outward else _Plain()  # type: ignore[return-value]  # all that is asked of it is to run


class Run:
    """One simulated day with what follows from it, until every dossier has ended."""

    def __init__(self, project: Path, folder: Path, options: Options, say: Callable[[str], None]) -> None:
        """``folder`` is empty and takes database and keys; ``say`` hears of the progress."""
        self._options, self._say = options, say
        self._midnight = datetime.combine(options.day, time(), working.HANOI)
        self._time = SimulatedTime(self._midnight.astimezone(UTC))
        self._rng = random.Random(options.seed)  # noqa: S311 - drawn again alike
        hub, offices = self._open(_prepared(project, folder, self._time))
        self.day = Day(hub, load_note_key(folder / "keys", "hub").verifier, offices)
        for office in offices.values():
            office.know(self.day.arrivals)
        self._ids = 0
        self._retry = self._time()

    async def run(self) -> Day:
        """Let the days pass. The hub stays open for the judge."""
        began = wall.monotonic()
        for arrival in draw(self._options.dossiers, self._midnight, generate(), self._rng):
            self._time.at(arrival.at, lambda arrival=arrival: self._arrive(arrival))  # type: ignore[misc]
        rounds = self.day.hub.rounds
        self._every(timedelta(minutes=5), rounds.polls)
        self._every(timedelta(minutes=15), rounds.deadlines)
        self._every(timedelta(minutes=15), self._look)
        self._every(timedelta(hours=3), self._count)
        until = self._time() + _END
        while len(self.day.ended) < self._options.dossiers and await self._time.step(until):
            await self._work()
        await rounds.deadlines()
        await self.day.hub.log.book.checkpoint()
        self.day.seconds = wall.monotonic() - began
        self.day.simulated = self._time() - self._midnight
        return self.day

    async def _work(self) -> None:
        """Begin what is due, and come back when the next retry is."""
        worker = self.day.hub.worker
        await self._time.quiet(lambda: worker.flying)
        while await worker.launch():
            await self._time.quiet(lambda: worker.flying)
        due = await self.day.hub.queue.next_due(self._time())
        if due is not None and due > self._time() and not self._time() < self._retry <= due:
            self._retry = due
            self._time.at(due, _nothing)

    def _every(self, pause: timedelta, act: Callable[[], Awaitable[object]]) -> None:
        async def again() -> None:
            await act()
            self._time.at(self._time() + pause, again)

        self._time.at(self._time() + pause, again)

    # ------------------------------------------------------------------ citizens

    async def _arrive(self, arrival: Arrival) -> None:
        document = submission(
            arrival.event, message_id=arrival.message_id, portal_code=None, officer=_OFFICER, unit=_UNIT
        )
        answer = as_tree(await self.day.hub.intake.submit(PORTAL, document))
        code = text_at(answer, "DossierCode") or ""
        self.day.arrivals[code] = arrival
        self.day.promised[code] = datetime.fromisoformat(text_at(answer, "Due") or "")
        if arrival.fate is Fate.TWICE:
            again = as_tree(await self.day.hub.intake.submit(PORTAL, document))
            self.day.repeats += 1
            if text_at(again, "DossierCode") != code:
                self.day.problems.append(f"{code}: sent twice, and opened twice")
        elif arrival.fate is Fate.MISSPELT:
            self._time.at(self._time() + timedelta(hours=3), lambda: self._correct(code))
        elif arrival.fate is Fate.SUPPLEMENT:
            self._time.at(self._time() + timedelta(hours=20), lambda: self._supplement(code))
        elif arrival.fate is Fate.WITHDRAWN:
            self._time.at(self._time() + timedelta(minutes=20), lambda: self._withdraw(code))

    async def _correct(self, code: str) -> None:
        await self._request(code, self.day.arrivals[code].corrections)

    async def _supplement(self, code: str) -> None:
        """Answer what civil status asked; it may not have asked yet."""
        try:
            await self._request(code, ())
        except Conflict:
            self._time.at(self._time() + timedelta(hours=4), lambda: self._supplement(code))

    async def _request(self, code: str, values: tuple[tuple[str, str], ...]) -> None:
        document = corrections(code, message_id=self._id(), officer=_OFFICER, unit=_UNIT, values=values)
        await self.day.hub.requests.supplement(PORTAL, document)

    async def _withdraw(self, code: str) -> None:
        document = (
            f'<WithdrawRequest xmlns="urn:lienthong:1.0"><MessageId>{self._id()}</MessageId><Code>{code}</Code>'
            f"<Actor><OfficerId>{_OFFICER}</OfficerId><Unit>{_UNIT}</Unit></Actor>"
            "<Reason>Không có nhu cầu nữa</Reason></WithdrawRequest>"
        ).encode()
        await self.day.hub.requests.withdraw(PORTAL, document)

    async def _tell(self, agency: str, item: bytes) -> None:
        """A call-back, in the canonical form that an agency may speak."""
        document = (
            f'<ReportRequest xmlns="urn:lienthong:1.0"><MessageId>{self._id()}</MessageId>'.encode()
            + results.report(item)
            + b"</ReportRequest>"
        )
        await self.day.hub.intake.report(agency, document)

    def _id(self) -> str:
        self._ids += 1
        return f"day-later-{self._ids:08d}"

    # ------------------------------------------------------------------ watching

    async def _look(self) -> None:
        depths = self.day.hub.store.read(lambda tx: tx.deliveries.depth())
        self.day.waiting.append((self._time(), depths[DOWN].queued if DOWN in depths else 0))

    async def _count(self) -> None:
        """Find the dossiers that have ended since the last look."""
        for code in self.day.arrivals.keys() - self.day.ended.keys():
            dossier = self.day.hub.store.read(lambda tx, code=code: tx.dossiers.by_code(code))  # type: ignore[misc]
            assert dossier is not None, "it was acknowledged"
            state = derive(dossier.phase, dossier.steps)
            if state not in _OPEN:
                ended = max((step.since for step in dossier.steps), default=self._time())
                self.day.ended[code] = (state, ended)
        local = self._time().astimezone(working.HANOI)
        self._say(f"{local:%a %d %H:%M}  {len(self.day.arrivals)} in, {len(self.day.ended)} ended")

    # ------------------------------------------------------------------ the hub

    def _open(self, project: Project) -> tuple[Hub, dict[str, Office]]:
        population = generate()
        outage = tuple(datetime.combine(self._options.day, at, working.HANOI) for at in OUTAGE)
        offices: dict[str, Office] = {}
        for agency in project.agencies.values():
            logical = {use.operation: name for name, use in agency.operations.items()}
            down = (outage[0], outage[1]) if agency.id == DOWN else None
            rng = random.Random(f"{self._options.seed}-{agency.id}")  # noqa: S311 - drawn again alike
            if agency.id == REGISTER:
                offices[agency.id] = Register(
                    agency.id, self._time, rng, logical, self._tell, citizens=population.by_number
                )
            else:
                offices[agency.id] = Office(agency.id, self._time, rng, logical, self._tell, down)
        outside = Outside(
            clock=self._time,
            new_id=lambda: f"{self._rng.getrandbits(128):032x}",
            rng=random.Random(self._options.seed),  # noqa: S311 - drawn again alike
        )
        mappings = _Outward(load_all(project.folder))
        return open_hub(project, outside=outside, mappings=mappings, senders=offices), offices


def _bare(agency: AgencyConfig) -> AgencyConfig:
    """The agency without doors, asked as often as a register with ten thousand new dossiers would bear."""
    pause = _ASKED.get(agency.id, _ASKED_ELSE)
    poll = agency.poll and agency.poll.model_copy(update={"every": pause})
    return agency.model_copy(update={"adapters": Endpoint(), "variants": (), "callbacks": {}, "poll": poll})


async def _nothing() -> None:
    """Time passes, and what has become due is begun after it."""


def _prepared(source: Path, folder: Path, clock: Callable[[], datetime]) -> Project:
    """The project's own configuration over an empty database, its agencies without doors of their own."""
    for name in ("keys", "trust", "data/blobs"):
        (folder / name).mkdir(parents=True)
    create_key(folder / "keys", "hub", subject="CN=simulated day", algorithm="ecdsa-p256", clock=clock)
    create_note_key(folder / "keys", "hub", origin="lienthong.example/day")
    create_data_key(folder / "keys", clock=clock)
    overrides = {
        "hub.database": f"sqlite:///{folder / 'hub.sqlite3'}",
        "hub.data": str(folder / "data"),
        "hub.keys": str(folder / "keys"),
        "hub.trust": str(folder / "trust"),
        # What happens at one moment is there at once: nothing is won by waiting for more.
        "hub.store.linger": "0ms",
    }
    project = Project.load(source, overrides)
    clients = [
        client.model_copy(update={"key": None, "key_sha256": digest("x")}) for client in project.hub.clients
    ]
    clients += [
        Client(id=agency, key_sha256=digest(agency), signature="optional", may=frozenset({"report"}))
        for agency in sorted(CALLS_BACK)
    ]
    bare = {name: _bare(agency) for name, agency in project.agencies.items()}
    hub = project.hub.model_copy(update={"clients": tuple(clients)})
    project = dataclasses.replace(project, hub=hub, agencies=bare)
    migrations.upgrade(project.database_url)
    return project
