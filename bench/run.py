"""One run of the bench: start the processes, warm up, measure rounds, check everything that was sent."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import uvloop

from bench import agency, hub, load, papers, scene
from bench.children import Child, Main
from bench.correct import Verdict, check
from bench.parts import Part, Parts
from bench.scene import HOST, Scene

ROUNDS = 3
EXCHANGES = 5
"""Requests with their answers in one dossier: the declaration, three questions to the register, the submission."""

WARM_UP = (16, 48)
"""Dossiers of the rounds before anything is measured."""
_LOOK_EVERY = 0.05
_STUCK_SECONDS = 30.0

Tell = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Options:
    """How to measure. ``seconds`` of all rounds together, about; ``loop`` of the hub: ``asyncio`` or ``uvloop``."""

    seconds: float = 60.0
    connections: int = 16
    in_flight: int = 32
    loop: str = "uvloop"
    profile: bool = False


@dataclasses.dataclass(frozen=True)
class Round:
    """What one round took. CPU in seconds, of the hub alone, of the load generator, of the agencies."""

    dossiers: int
    seconds: float
    hub_cpu: float
    load_cpu: float
    agency_cpu: float
    latencies: list[float]
    parts: list[Part]


@dataclasses.dataclass(frozen=True)
class Result:
    """A whole run."""

    options: Options
    rounds: list[Round]
    declaration_bytes: int
    verdict: Verdict
    profile: tuple[list[tuple[str, float]], list[tuple[str, float]]] | None = None

    def median(self, of: Callable[[Round], float]) -> float:
        """The median of a figure over the rounds."""
        return statistics.median(map(of, self.rounds))

    @property
    def parts(self) -> list[Part]:
        """The C-level parts, each the median of its rounds."""
        columns = zip(*(round_.parts for round_ in self.rounds), strict=True)
        return [
            dataclasses.replace(column[0], micros=statistics.median(part.micros for part in column))
            for column in columns
        ]


@dataclasses.dataclass(frozen=True)
class Processes:
    """The three processes of a run."""

    hub: Child
    load: Child
    agency: Child


def run(source: Path, folder: Path, options: Options, tell: Tell) -> Result:
    """Measure the project in ``source`` in a throw-away folder. Raises RuntimeError if something does not work."""
    with listening() as hub_door, listening() as agency_door:
        made = scene.make(
            source,
            folder,
            port=hub_door.getsockname()[1],
            agency_port=agency_door.getsockname()[1],
            in_flight=options.in_flight,
        )
        with contextlib.ExitStack() as stack:
            tell("starting the hub, two agencies and a portal")
            processes = start(stack, made, hub_door, agency_door, options)
            result = _measured(processes, made, options, tell)
            hashes, submissions = processes.agency.ask("everything")
        # The hub has ended: what is on disk is what it left.
        verdict = check(made, hashes, submissions, sum(WARM_UP) + sum(one.dossiers for one in result.rounds))
        return dataclasses.replace(result, verdict=verdict)


def start(
    stack: contextlib.ExitStack,
    made: Scene,
    hub_door: socket.socket,
    agency_door: socket.socket,
    options: Options,
    main: Main = hub.main,
) -> Processes:
    """Start the processes over sockets that listen already; ``main`` runs in the hub's."""
    loops: dict[str, Any] = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
    quick = loops["uvloop"]
    portal = (made.port, made.api_key, made.folder / "partners", scene.PORTAL, options.connections)
    return Processes(
        agency=stack.enter_context(Child(agency.main, papers.answers(made), agency_door, loop=quick)),
        hub=stack.enter_context(Child(main, made.folder, hub_door, loop=loops[options.loop])),
        load=stack.enter_context(Child(load.main, *portal, loop=quick)),
    )


def _measured(processes: Processes, made: Scene, options: Options, tell: Tell) -> Result:
    parts, sent = Parts(made), 0
    for count in WARM_UP:
        began = time.monotonic()
        size = send(processes, sent, count)[0]
        rate = count / (time.monotonic() - began)
        sent += count
    count = max(20, round(rate * options.seconds / ROUNDS))
    rounds = []
    if options.profile:
        processes.hub.ask("profile")
    for number in range(1, ROUNDS + 1):
        tell(f"round {number} of {ROUNDS}: {count} dossiers")
        rounds.append(round_of(processes, made, parts, sent, count))
        sent += count
    profile = processes.hub.ask("profiled") if options.profile else None
    processes.hub.ask("checkpoint")
    return Result(options, rounds, size, Verdict(), profile)


def round_of(processes: Processes, made: Scene, parts: Parts, first: int, count: int) -> Round:
    """Measure one round of ``count`` dossiers, numbered from ``first``."""
    alone = parts.measure()
    processes.load.ask("prepare", first, count)
    processes.agency.ask("refresh", papers.answers(made))
    before = [child.cpu for child in (processes.hub, processes.load, processes.agency)]
    began, latencies = _sent(processes, first + count)
    seconds = time.monotonic() - began
    spent = [child.cpu - cpu for child, cpu in zip(_all(processes), before, strict=True)]
    hub_cpu, load_cpu, agency_cpu = spent
    return Round(count, seconds, hub_cpu, load_cpu, agency_cpu, latencies, alone)


def _all(processes: Processes) -> tuple[Child, Child, Child]:
    return processes.hub, processes.load, processes.agency


def send(processes: Processes, first: int, count: int) -> tuple[int, list[float]]:
    """Send dossiers numbered from ``first`` until all is done; bytes of each, and seconds to each answer."""
    size = processes.load.ask("prepare", first, count)
    return size, _sent(processes, first + count)[1]


def _sent(processes: Processes, total: int) -> tuple[float, list[float]]:
    """Send what is prepared and wait until the hub owes nobody anything; when it began, and seconds to answers."""
    sent = processes.load.ask("send")
    until = time.monotonic() + _STUCK_SECONDS
    arrived = -1
    while processes.agency.ask("count") < total or processes.hub.ask("unfinished"):
        if (now := processes.agency.ask("count")) != arrived:
            arrived, until = now, time.monotonic() + _STUCK_SECONDS
        if time.monotonic() > until:
            raise RuntimeError(f"nothing moves any more: {arrived} of {total} dossiers have arrived")
        time.sleep(_LOOK_EVERY)
    return sent.began, sent.latencies


@contextlib.contextmanager
def listening() -> Iterator[socket.socket]:
    """A socket that listens at a free port of this machine."""
    # With the protocol named, or asyncio does not switch off the delay of small packets.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as door:
        door.bind((HOST, 0))
        door.listen(512)
        yield door
