"""What the demo found, as figures for programs and as tables for people."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lxml import etree
from rich.console import Console, JustifyMethod
from rich.table import Table

from broker.model import DeliveryKind, DeliveryState, StepState, Transition
from broker.store.engine import Tx
from broker.store.rows import DeliveryFilter
from lienthong.demo.parts import NS
from lienthong.demo.portal import Journey
from lienthong.demo.world import World
from signing.audit import Report

_STEPS = ("registration", "residence", "card", "identity-card")
_DONE = {StepState.COMPLETED, StepState.REJECTED}
_RESULTS = {
    "certificate": "Registration/Number",
    "personal no.": "Registration/PersonalNumber",
    "residence": "Residence/NoticeNumber",
    "health card": "HealthCard/InsuranceNumber",
    "identity card": "IdentityCard/CardNumber",
}
_WIDE = 150


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The end of a demo. ``step_ms``: step → milliseconds of each dossier from sending to its end."""

    journeys: Sequence[Journey]
    step_ms: dict[str, list[float]]
    log: Report
    work: Sequence[Any]
    figures: dict[str, Any]

    @property
    def ok(self) -> bool:
        """True if nothing failed and the log is as it was signed."""
        return self.figures["failed"] == 0 and self.log.ok


def outcome(world: World, journeys: Sequence[Journey], seconds: float, log: Report) -> Outcome:
    """Count and time what happened in ``world``."""
    told = world.hub.store.read(_told)
    exchanges, steps, work = world.hub.store.read(lambda tx: _counts(tx, journeys))
    times = sorted(journey.seconds * 1000 for journey in journeys if journey.code)
    states = [journey.state for journey in journeys]
    refused = [state for state in states if state in ("refused", "rejected")]
    completed = [state for state in states if state in ("completed", "partially-completed")]
    figures = {
        "dossiers": len(journeys),
        "completed": len(completed),
        "partially_completed": states.count("partially-completed"),
        "refused": len(refused),
        "failed": len(journeys) - len(completed) - len(refused),
        "steps": sum(len(found) for found in steps.values()),
        "exchanges": exchanges,
        **told,
        "seconds": round(seconds, 2),
        "per_dossier_ms": {"p50": percentile(times, 50), "p99": percentile(times, 99)},
        "per_step_ms": {
            step: {"p50": percentile(found, 50), "p99": percentile(found, 99)}
            for step, found in steps.items()
        },
        "log": {"entries": log.entries, "verified": log.ok},
    }
    return Outcome(journeys, steps, log, work, figures)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which ``percent`` of the values lie, in the values' unit; 0 of none."""
    if not values:
        return 0.0
    if len(values) == 1:
        return round(values[0], 1)
    return round(statistics.quantiles(sorted(values), n=100, method="inclusive")[percent - 1], 1)


def _counts(tx: Tx, journeys: Sequence[Journey]) -> tuple[int, dict[str, list[float]], Sequence[Any]]:
    exchanges = sum(1 for entry in _requests(tx))
    steps: dict[str, list[float]] = {step: [] for step in _STEPS}
    for journey in journeys:
        dossier = tx.dossiers.by_code(journey.code) if journey.code else None
        if dossier is None:
            continue
        history = tx.dossiers.transitions(dossier.id)
        for step in dossier.steps:
            began, ended = step.started_at, _ended(history, step.id)
            if began is not None and ended is not None and step.id in steps:
                steps[step.id].append((ended - began).total_seconds() * 1000)
    return exchanges, {step: found for step, found in steps.items() if found}, tx.work.list(limit=100).items


def _told(tx: Tx) -> dict[str, int]:
    """How many mails a relay took, and how many results the citizens' store confirmed."""
    return {
        "mails": _done(tx, DeliveryKind.NOTICE),
        "results_filed": _done(tx, DeliveryKind.RESULT),
    }


def _done(tx: Tx, kind: DeliveryKind) -> int:
    wanted = DeliveryFilter(kind=kind, state=DeliveryState.DONE)
    return len(tx.deliveries.list(wanted, limit=100_000).items)


def _requests(tx: Tx) -> Any:
    after = None
    while True:
        page = tx.messages.search(limit=500, after=after)
        yield from (row for row in page.items if row.kind == "request")
        after = page.after
        if after is None:
            return


def _ended(history: Sequence[Transition], step: str) -> datetime | None:
    return next((line.recorded_at for line in history if line.step == step and line.state in _DONE), None)


def show(console: Console, found: Outcome) -> None:
    """Print what each child got, how long it took, and what was refused."""
    console.print(_results(found.journeys, console.width))
    console.print(_times(found))
    console.print(_refusals(found.journeys))
    figures = found.figures
    verdict = "verified" if found.log.ok else "NOT as it was signed"
    console.print(
        f"{figures['dossiers']} declarations: {figures['completed']} completed "
        f"({figures['partially_completed']} in part), {figures['refused']} refused, {figures['failed']} failed; "
        f"{figures['exchanges']} exchanges, {figures['mails']} mails to citizens, "
        f"{figures['results_filed']} results filed in their store; "
        f"message log: {figures['log']['entries']} entries, {verdict}"
    )
    for item in found.work:
        console.print(f"  for {item.owner}: {item.kind}: {item.reason}", markup=False, highlight=False)


def _results(journeys: Sequence[Journey], width: int) -> Table:
    """A column for each result where the screen has room, else the results below each other."""
    wide = width >= _WIDE
    table = Table(title="What each child got", title_justify="left", header_style="bold")
    for column in ("declaration", "door", "child", *(_RESULTS if wide else ("got",)), "state", "s"):
        justify: JustifyMethod = "right" if column == "s" else "left"
        table.add_column(column, overflow="fold", justify=justify, no_wrap=column == "got")
    for journey in journeys:
        if journey.status is None:
            continue
        got = {name: journey.status.findtext(f".//{_path(path)}") for name, path in _RESULTS.items()}
        cells = [value or "–" for value in got.values()]
        if not wide:
            cells = ["\n".join(f"{name}: {value}" for name, value in got.items() if value) or "–"]
        name = " ".join(part for part in journey.case.birth.name or () if part) or "(chưa đặt tên)"
        note = " (sent twice, once taken)" if journey.repeated else ""
        title, seconds = journey.case.name + note, f"{journey.seconds:.1f}"
        table.add_row(title, journey.case.door, name, *cells, journey.state, seconds)
    return table


def _times(found: Outcome) -> Table:
    table = Table(title="How long each step took", title_justify="left", header_style="bold")
    for column in ("step", "dossiers", "p50 ms", "p99 ms"):
        table.add_column(column, justify="left" if column == "step" else "right")
    for step, times in found.step_ms.items():
        row = found.figures["per_step_ms"][step]
        table.add_row(step, str(len(times)), f"{row['p50']:.0f}", f"{row['p99']:.0f}")
    whole = found.figures["per_dossier_ms"]
    taken = sum(1 for journey in found.journeys if journey.code)
    table.add_row("whole dossier", str(taken), f"{whole['p50']:.0f}", f"{whole['p99']:.0f}", style="bold")
    return table


def _refusals(journeys: Sequence[Journey]) -> Table:
    table = Table(
        title="What was refused, asked or corrected, and why", title_justify="left", header_style="bold"
    )
    for column in ("declaration", "what", "why"):
        table.add_column(column, overflow="fold")
    for journey in journeys:
        if journey.refusal:
            table.add_row(journey.case.name, "not taken in", journey.refusal)
        for asked in journey.asked:
            table.add_row(journey.case.name, "asked, then mended", asked)
        if journey.status is not None:
            for what, why in _reasons(journey.status):
                table.add_row(journey.case.name, what, why)
    return table


def _reasons(status: etree._Element) -> list[tuple[str, str]]:
    found = []
    if status.findtext(f"{{{NS}}}State") == "rejected" and (reason := status.findtext(f"{{{NS}}}Reason")):
        found.append(("refused after the check", reason))
    for step in status.iterfind(f"{{{NS}}}Step"):
        if step.findtext(f"{{{NS}}}State") == "rejected":
            name = step.findtext(f"{{{NS}}}Id") or ""
            found.append((f"{name} refused", step.findtext(f"{{{NS}}}Reason") or ""))
    return found


def _path(path: str) -> str:
    return "/".join(f"{{{NS}}}{name}" for name in path.split("/"))
