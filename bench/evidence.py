"""``python -m bench.evidence``: what evidence costs, with it and without it in one run, and while time-stamping.

Two hubs over two databases take turns with the same load: one as it is, and one that keeps messages as plain rows. A
third kind of round signs and time-stamps the head of the log twice a second: an ordinary hub does it once a minute.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from bench import hub, scene
from bench.correct import check
from bench.parts import Parts
from bench.report import machine
from bench.run import EXCHANGES, WARM_UP, Options, Processes, Round, listening, round_of, send, start

_PROJECT = Path(__file__).resolve().parents[1]
_ROUNDS = 3
KINDS = ("with evidence", "without", "while stamping")


@dataclasses.dataclass
class World:
    """A hub with its scene, and how many dossiers it got."""

    processes: Processes
    made: scene.Scene
    parts: Parts
    sent: int = 0

    def round(self, count: int) -> Round:
        """Send so many dossiers and wait until the hub owes nobody anything."""
        done = round_of(self.processes, self.made, self.parts, self.sent, count)
        self.sent += count
        return done


def measure(folder: Path, options: Options, tell: Callable[[str], None]) -> dict[str, list[Round]]:
    """Rounds by kind. Raises RuntimeError if something does not work, or the log does not verify afterwards."""
    with contextlib.ExitStack() as stack:
        chained = _world(stack, folder / "chained", options, hub.main)
        plain = _world(stack, folder / "plain", options, hub.without_evidence)
        for world in (chained, plain):
            for count in WARM_UP:
                began = time.monotonic()
                send(world.processes, world.sent, count)
                rate = count / (time.monotonic() - began)
                world.sent += count
        count = max(20, round(rate * options.seconds / (_ROUNDS * len(KINDS))))
        found: dict[str, list[Round]] = {kind: [] for kind in KINDS}
        for number in range(1, _ROUNDS + 1):
            tell(f"round {number} of {_ROUNDS}: {len(KINDS)} times {count} dossiers")
            found["without"].append(plain.round(count))
            found["with evidence"].append(chained.round(count))
            with _stamping(chained.processes):
                found["while stamping"].append(chained.round(count))
        chained.processes.hub.ask("checkpoint")
        hashes, submissions = chained.processes.agency.ask("everything")
    if problems := check(chained.made, hashes, submissions, chained.sent).problems:
        raise RuntimeError("; ".join(problems))
    return found


def _world(stack: contextlib.ExitStack, folder: Path, options: Options, main: Callable[..., Any]) -> World:
    hub_door, agency_door = stack.enter_context(listening()), stack.enter_context(listening())
    made = scene.make(
        _PROJECT,
        folder,
        port=hub_door.getsockname()[1],
        agency_port=agency_door.getsockname()[1],
        in_flight=options.in_flight,
    )
    return World(start(stack, made, hub_door, agency_door, options, main), made, Parts(made))


@contextlib.contextmanager
def _stamping(processes: Processes) -> Iterator[None]:
    processes.hub.ask("stamp")
    try:
        yield
    finally:
        processes.hub.ask("stop stamping")


def figures(found: dict[str, list[Round]]) -> dict[str, Any]:
    """Medians of the rounds by kind, and what evidence costs of them."""
    lines = {kind: _line(rounds) for kind, rounds in found.items()}
    on, off, stamping = (lines[kind] for kind in KINDS)
    return {
        "machine": machine(),
        "kinds": lines,
        "cost_of_evidence": 1 - on["exchanges_per_second"] / off["exchanges_per_second"],
        "cpu_of_evidence_per_exchange_us": on["cpu_us"] - off["cpu_us"],
        "p99_while_stamping": stamping["p99_ms"] / on["p99_ms"],
    }


def _line(rounds: list[Round]) -> dict[str, float]:
    def median(of: Callable[[Round], float]) -> float:
        return statistics.median(map(of, rounds))

    return {
        "exchanges_per_second": median(lambda one: EXCHANGES * one.dossiers / one.seconds),
        "cpu_us": median(lambda one: 1e6 * one.hub_cpu / one.dossiers / EXCHANGES),
        "p50_ms": median(lambda one: 1000 * statistics.median(one.latencies)),
        "p99_ms": median(lambda one: 1000 * statistics.quantiles(one.latencies, n=100)[98]),
    }


def text(found: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [f"machine      {found['machine']}", ""]
    for kind, line in found["kinds"].items():
        lines.append(
            f"{kind:<15} {line['exchanges_per_second']:8.0f} exchanges/s  {line['cpu_us']:8.0f} µs CPU/exchange"
            f"  p50 {line['p50_ms']:6.1f} ms  p99 {line['p99_ms']:6.1f} ms"
        )
    lines += [
        "",
        f"evidence costs {100 * found['cost_of_evidence']:.1f} % of throughput, "
        f"{found['cpu_of_evidence_per_exchange_us']:.0f} µs CPU an exchange",
        f"p99 while stamping is {found['p99_while_stamping']:.2f} times that without (allowed: 1.5)",
    ]
    return "\n".join(lines)


def main(
    seconds: Annotated[float, typer.Option(min=1, help="Measured time of all rounds together, about.")] = 60,
    connections: Annotated[int, typer.Option(min=1, help="Portals that send at one time.")] = 16,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to a file.")] = None,
) -> None:
    """Measure the hub with evidence, without, and while it time-stamps."""
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as folder:
        options = Options(seconds, connections)
        found = figures(measure(Path(folder), options, lambda line: print(line, flush=True)))
    print(text(found))
    if json_file is not None:
        json_file.write_text(json.dumps(found, ensure_ascii=False, indent=2), encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
