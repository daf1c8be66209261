"""Simulated agencies: they take what the hub's mappings made, act in their office hours, and answer canonically.

What is real on the hub's side of them: every outbound document is mapped and validated for its agency. What is not: the
wire, and the way back through the agency's own dialect, which the sandbox and its tests have.
"""

from __future__ import annotations

import collections
import dataclasses
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from adapters.base import CheckReport, Features, Reply, Request, Wire
from adapters.errors import Ambiguous, Unavailable
from bench.day import results, working
from bench.day.cases import Arrival, Fate
from bench.day.simulated import SimulatedTime
from broker.canonical import build
from broker.model import Outcome, StepState
from sandbox.dancu.citizen import Citizen
from signing.xml import parse

Tell = Callable[[str, bytes], Awaitable[object]]
"""An agency speaks of its own accord: its id and an AgencyReport."""

_CODE = re.compile(rb"[A-Z]\d{2}(?:\.\d{2,3}){0,5}-\d{6}-\d{4,6}")
_LOST = 0.005
"""Share of requests whose answer never comes, half of them before the agency acted and half after."""

DAYS: Mapping[str, int] = {
    "registration": 0,
    "residence": 2,
    "card": 2,
    "identity-card": 3,
    "residence-removal": 2,
    "funeral-insurance": 10,
    "funeral-protection": 5,
    "pension-stop": 5,
}
"""Step → working days that the agency has."""

CALLS_BACK = frozenset({"cutru", "bhxh"})


@dataclasses.dataclass
class File:
    """One step of a dossier as its agency has it: what it says of it from when on, oldest first."""

    code: str
    step: str
    arrival: Arrival
    says: list[tuple[datetime, bytes]] = dataclasses.field(default_factory=list)
    closed: bool = False

    @property
    def key(self) -> str:
        """The hub's key of the submission: it names dossier and step."""
        return f"{self.code}:{self.step}:1"

    def now(self, at: datetime) -> bytes:
        """What the agency says at that moment."""
        said = [item for moment, item in self.says if moment <= at]
        return said[-1] if said else results.item(self.key, None)


class Office:
    """One agency: a sender of the hub. ``down``: from when to when it cannot be reached."""

    features = Features(network=False)

    def __init__(
        self,
        agency: str,
        time: SimulatedTime,
        rng: random.Random,
        logical: Mapping[str, str],
        tell: Tell,
        down: tuple[datetime, datetime] | None = None,
    ) -> None:
        """``logical``: its operation → what the hub wants with it; ``tell``: how it calls back."""
        self.id = agency
        self._logical = logical
        self.taken: collections.Counter[str] = collections.Counter()
        self.requests: collections.Counter[str] = collections.Counter()
        self.refused = 0
        self.files: dict[tuple[str, str], File] = {}
        self._time = time
        self._rng = rng
        self._arrivals: Mapping[str, Arrival] = {}
        self._tell = tell
        self._down = down

    def know(self, arrivals: Mapping[str, Arrival]) -> None:
        """``arrivals``: dossier code → what is meant to happen to it; it grows while the day goes on."""
        self._arrivals = arrivals

    def encode(self, request: Request) -> Wire:
        """The payload as it is."""
        return Wire(request.operation, request.key, f"simulated:{self.id}", request.payload)

    async def send(self, wire: Wire) -> Reply:
        """Take a request after the time that the network and the agency need. Raises `AdapterError` as life does."""
        await self._time.sleep(timedelta(seconds=min(30.0, self._rng.lognormvariate(-1.0, 0.6))))
        if self._down is not None and self._down[0] <= self._time() < self._down[1]:
            self.refused += 1
            raise Unavailable("connection refused")
        lost = self._rng.random()
        if lost < _LOST / 2:
            raise Ambiguous("no answer")
        self.requests[wire.operation] += 1
        answer = self.answer(wire)
        if lost < _LOST:
            raise Ambiguous("no answer")
        return Reply(wire.operation, answer, answer)

    async def check(self) -> CheckReport:
        """Always well."""
        return CheckReport(True, ())

    async def close(self) -> None:
        """Nothing is open."""

    def answer(self, wire: Wire) -> bytes:
        """What the agency says to a request."""
        code, _, rest = wire.key.partition(":")
        step = rest.partition(":")[0]
        match self._logical[wire.operation].partition("-")[0]:
            case "submit":
                return self._submitted(wire.key, code, step)
            case "supplement":
                self._decide(self.files[code, step], working.after(self._time(), 30))
            case "withdraw":
                self.files[code, step].closed = True
            case "poll" | "ask":
                return self._standing(wire)
        return build.receipt(Outcome.OK)

    def _standing(self, wire: Wire) -> bytes:
        """How dossiers stand: the question names them by their code."""
        items = []
        for code in dict.fromkeys(code.decode() for code in _CODE.findall(wire.body)):
            files = [self.files[code, step] for step in DAYS if (code, step) in self.files]
            items += [file.now(self._time()) for file in files]
            items += [] if files else [results.item(f"{code}:", None, outcome=Outcome.ABSENT)]
        return results.report(*items)

    def _submitted(self, key: str, code: str, step: str) -> bytes:
        self.taken[key] += 1
        outcome = Outcome.DUPLICATE
        if (code, step) not in self.files:
            outcome = Outcome.OK
            self.files[code, step] = File(code, step, self._arrivals[code])
            self._settle(self.files[code, step])
        number = f"{self.id}-{code[-13:]}-{step}"
        return results.report(results.item(key, StepState.RECEIVED, agency_code=number, outcome=outcome))

    def _settle(self, file: File) -> None:
        """Plan what the agency will say of a new file, and when."""
        first = working.after(self._time(), self._rng.uniform(3, 15))
        if file.step == "registration" and file.arrival.fate in (Fate.SUPPLEMENT, Fate.SILENT):
            self._say(
                file, first, results.item(file.key, StepState.SUPPLEMENT, reason="Thiếu giấy chứng sinh")
            )
        else:
            self._decide(file, first)

    def _decide(self, file: File, first: datetime) -> None:
        """Accepted, with the officer, then the decision, within the deadline unless the case says otherwise."""
        self._say(file, first, results.item(file.key, StepState.ACCEPTED))
        due = working.due(self._time(), DAYS[file.step])
        left = working.minutes(first, due)
        share = self._rng.betavariate(2, 5) * 0.9
        decided = working.after(first, max(5.0, left * share))
        if file.step == "card" and file.arrival.fate is Fate.LATE_CARD:
            decided = working.after(due, self._rng.uniform(60, 400))
        if file.arrival.fate is Fate.WITHDRAWN:
            decided = max(decided, working.after(first, 240))
        self._say(file, working.after(first, 2), results.item(file.key, StepState.PROCESSING))
        for moment, item in results.decision(file.key, file.arrival, decided):
            self._say(file, moment, item)

    def _say(self, file: File, when: datetime, item: bytes) -> None:
        file.says.append((when, item))
        if self.id in CALLS_BACK:
            self._time.at(when, lambda: self._call_back(file, item))

    async def _call_back(self, file: File, item: bytes) -> None:
        if not file.closed:
            await self._tell(self.id, item)


class Register(Office):
    """The population database: finds whom it holds, if number, name and date are exact."""

    def __init__(self, *args: object, citizens: Mapping[str, Citizen]) -> None:
        """``citizens`` by personal number."""
        super().__init__(*args)  # type: ignore[arg-type]  # the same as an office takes
        self._citizens = citizens

    def answer(self, wire: Wire) -> bytes:
        """A PersonRecord."""
        root = parse(wire.body)
        texts = {str(node.tag).rpartition("}")[2]: (node.text or "").strip() for node in root.iter("{*}*")}
        citizen = self._citizens.get(texts.get("SoDinhDanh", ""))
        if citizen is None or not _agrees(citizen, texts):
            return results.record(None)
        return results.record(citizen if wire.operation.startswith("TraCuu") else None, found=True)


def _agrees(citizen: Citizen, asked: Mapping[str, str]) -> bool:
    name, date, year = asked.get("HoVaTen"), asked.get("NgayThangNam"), asked.get("Nam")
    return (
        (not name or name == citizen.full_name.upper())
        and (not date or date == citizen.birth.replace("-", ""))
        and (not year or year == citizen.birth[:4])
    )
