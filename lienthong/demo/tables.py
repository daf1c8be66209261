"""What the demo found, as tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lxml import etree
from rich.console import Console, JustifyMethod
from rich.table import Table

from broker.model import StepState
from lienthong.demo.parts import NS
from lienthong.demo.portal import Finding, Journey
from lienthong.demo.report import Outcome, StepTime, step_ms

WIDTH = 200
"""Characters that the tables need side by side, where there is no screen that says otherwise."""

_WIDE = 190
_CHILD = {
    "certificate": ("Registration/Number",),
    "personal no.": ("Registration/PersonalNumber",),
    "residence": ("Residence/NoticeNumber",),
    "health card": ("HealthCard/InsuranceNumber",),
    "identity card": ("IdentityCard/CardNumber",),
}
_FAMILY = {
    "extract": ("DeathRegistration/Number",),
    "removal": ("ResidenceRemoval/NoticeNumber", "ResidenceRemoval/HouseholdClosed"),
    "funeral support": ("FuneralSupport/DecisionNumber", "FuneralSupport/Amount"),
    "survivor allowance": ("SurvivorAllowance/DecisionNumber", "SurvivorAllowance/Amount"),
    "pension stopped": ("PensionStop/StoppedFrom",),
}
_WHOLE = ("got", "agencies", "state")
"""Columns whose lines are not folded."""
_SIGNS = {StepState.COMPLETED: "✓", StepState.REJECTED: "✗"}


def show(console: Console, found: Outcome) -> None:
    """Print what each child and each family got, how long it took, and what was refused."""
    deaths = [journey for journey in found.journeys if journey.case.group == "death"]
    births = [journey for journey in found.journeys if journey.case.group == "birth"]
    console.print(_results("What each child got", "child", births, found.steps, _CHILD, console.width))
    console.print(_results("What each family got", "deceased", deaths, found.steps, _FAMILY, console.width))
    console.print("agencies: ✓ done, ✗ refused, – not done; seconds from sending to the end", highlight=False)
    console.print(_times(found))
    console.print(_review(found.review))
    console.print(_refusals(found.journeys))
    _sum(console, found)


def _sum(console: Console, found: Outcome) -> None:
    figures = found.figures
    verdict = "verified" if found.log.ok else "NOT as it was signed"
    groups = figures["groups"].items()
    births_and_deaths = " and ".join(f"{ends['dossiers']} {group}s" for group, ends in groups)
    console.print(
        f"{figures['dossiers']} declarations, {births_and_deaths}: {figures['completed']} completed "
        f"({figures['partially_completed']} in part), {figures['refused']} refused, {figures['failed']} failed; "
        f"{figures['exchanges']} exchanges, {figures['mails']} mails in the citizens' mailboxes, "
        f"{figures['results_filed']} results filed in their store; "
        f"message log: {figures['log']['entries']} entries, {verdict}"
    )
    for item in found.work:
        console.print(f"  for {item.owner}: {item.kind}: {item.reason}", markup=False, highlight=False)


def _results(
    title: str,
    whom: str,
    journeys: Sequence[Journey],
    steps: Mapping[str, Sequence[StepTime]],
    results: Mapping[str, Sequence[str]],
    width: int,
) -> Table:
    """A column for each result where the screen has room, else the results below each other."""
    wide = width >= _WIDE
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in ("declaration", "door", whom, *(results if wide else ("got",)), "agencies", "state", "s"):
        justify: JustifyMethod = "right" if column == "s" else "left"
        table.add_column(column, overflow="fold", justify=justify, no_wrap=column in _WHOLE)
    for journey in journeys:
        if journey.status is None:
            continue
        got = {name: _got(journey.status, paths) for name, paths in results.items()}
        cells = [value or "–" for value in got.values()]
        if not wide:
            cells = ["\n".join(f"{name}: {value}" for name, value in got.items() if value) or "–"]
        agencies = _agencies(steps.get(journey.code or "", ()), 2 if wide else 1)
        case, seconds = journey.case, f"{journey.seconds:.1f}"
        name = f"{case.name} (sent twice, once taken)" if journey.repeated else case.name
        table.add_row(name, case.door, case.person, *cells, agencies, journey.state, seconds)
    return table


def _got(status: etree._Element, paths: Sequence[str]) -> str:
    """Every result of a kind with what goes with it, such as a decision and its amount."""
    kind = paths[0].partition("/")[0]
    found = []
    for result in status.iter(f"{{{NS}}}{kind}"):
        values = [_words(path, result.findtext(_path(path.partition("/")[2]))) for path in paths]
        found.append(" ".join(value for value in values if value))
    return "\n".join(found)


def _words(path: str, value: str | None) -> str:
    if path.endswith("Amount") and value:
        return f"{int(value):,} đ".replace(",", ".")
    if path.endswith("HouseholdClosed"):
        return "(household closed)" if value in ("true", "1") else ""
    return value or ""


def _agencies(steps: Sequence[StepTime], in_line: int) -> str:
    words = [_step(step) for step in steps]
    return "\n".join("  ".join(words[at : at + in_line]) for at in range(0, len(words), in_line))


def _step(step: StepTime) -> str:
    took = "" if step.ms is None else f" {step.ms / 1000:.1f}"
    return f"{step.agency} {_SIGNS.get(step.state, '–')}{took}"


def _times(found: Outcome) -> Table:
    table = Table(title="How long each step took", title_justify="left", header_style="bold")
    for column in ("step", "dossiers", "p50 ms", "p99 ms"):
        table.add_column(column, justify="left" if column == "step" else "right")
    for step, times in step_ms(found.steps).items():
        row = found.figures["per_step_ms"][step]
        table.add_row(step, str(len(times)), f"{row['p50']:.0f}", f"{row['p99']:.0f}")
    whole = found.figures["per_dossier_ms"]
    taken = sum(1 for journey in found.journeys if journey.code)
    table.add_row("whole dossier", str(taken), f"{whole['p50']:.0f}", f"{whole['p99']:.0f}", style="bold")
    return table


def _review(findings: Sequence[Finding]) -> Table:
    title = "What a review of a careless declaration finds, before anything is sent"
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in ("field", "what", "objected to by"):
        table.add_column(column, overflow="fold")
    for one in findings:
        table.add_row(one.field, one.words, ", ".join(one.steps) or "the hub")
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
        if journey.accepted:
            table.add_row(
                journey.case.name, "corrected in the register", f"taken over: {', '.join(journey.accepted)}"
            )
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
