"""``lienthong dossier``: what a citizen's case is, by any of its codes."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from broker.clock import random_id, system_clock
from broker.config.project import Project
from broker.model import Delivery, Dossier, Phase, Transition
from broker.process.parent import derive
from broker.receipts import copies, hops
from broker.retention import Retention
from broker.store.blobs import BlobFolder
from broker.store.engine import Store, Tx
from broker.store.errors import Conflict, Missing
from broker.store.rows import DeliveryFilter, DossierFilter
from lienthong.cli.common import (
    FOUND_WRONG,
    NOTHING,
    Folder,
    Json,
    Limit,
    Who,
    Why,
    explained,
    fail,
    load,
    out,
    print_json,
    print_table,
    show,
    store,
    text,
    vault_of,
)
from lienthong.cli.person import print_lookups
from lienthong.cli.resending import join, resend
from lienthong.cli.revealing import Eyes, Purpose, Reveal, Viewer, eyes, masked

app = typer.Typer(help="Dossiers.", no_args_is_help=True, add_completion=False)
app.command()(resend)
app.command()(join)

Code = Annotated[str, typer.Argument(help="Any code: the hub's, the portal's, an agency's.")]


@app.command("list")
def list_(
    phase: Annotated[Phase | None, typer.Option(help="Only those in this phase.")] = None,
    agency: Annotated[str | None, typer.Option(help="Only those with an open step at this agency.")] = None,
    limit: Limit = 50,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """List dossiers, newest first."""
    wanted = DossierFilter(phase=phase, agency=agency)
    with store(load(project)) as opened:
        page = opened.read(lambda tx: tx.dossiers.list(wanted, limit=limit))
    rows = [_row(dossier, masked) for dossier in page.items]
    show(rows, ["code", "received", "state", "due", "steps", "reason"], as_json=as_json)


@app.command("show")
def show_(
    code: Code,
    reveal: Reveal = False,
    purpose: Purpose = None,
    who: Viewer = None,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Show a dossier: steps, history, deliveries, codes. Numbers and addresses in texts are masked unless revealed."""
    with store(load(project)) as opened, explained():
        try:
            dossier, codes, history, deliveries = opened.read(lambda tx: _read(tx, code))
        except Conflict as error:
            fail(NOTHING, str(error))
        shown = eyes(opened, dossier.code, reveal, purpose, who)
    if as_json:
        print_json(_full(dossier, codes, history, deliveries, shown))
        return
    state = derive(dossier.phase, dossier.steps)
    out.print(
        f"{dossier.code}  {state}  received {text(dossier.received_at)}  due {text(dossier.due)}",
        highlight=False,
    )
    if dossier.reason:
        out.print(shown(dossier.reason), markup=False, highlight=False)
    out.print("  ".join(f"{system}: {value}" for system, value in codes.items()), highlight=False)
    print_table(
        "Steps",
        ["id", "agency", "state", "since", "due", "correction", "reason"],
        [_step(step, shown) for step in dossier.steps],
    )
    print_table(
        "History",
        ["at", "step", "state", "source", "inferred", "note"],
        [_line(line, shown) for line in history],
    )
    print_table("Way", ["step", "hop", "at", "age"], _hops(dossier, history))
    print_table("Copies of results", ["step", "keeper", "state", "at"], _copies(deliveries))
    columns = ["operation", "agency", "state", "attempts", "next", "reason"]
    print_table("Deliveries", columns, [_delivery(delivery, shown) for delivery in deliveries])


@app.command()
def lookups(code: Code, limit: Limit = 100, project: Folder = Path(), as_json: Json = False) -> None:
    """Show who looked up citizens for a dossier, when and for which purpose."""
    with store(load(project)) as opened, explained():
        dossier = opened.read(lambda tx: _found(tx, code))
        found = opened.read(lambda tx: tx.lookups.of_dossier(dossier.id, limit=limit))
    print_lookups(found, as_json=as_json)


@app.command()
def erase(code: Code, who: Who, why: Why, project: Folder = Path()) -> None:
    """Erase a settled dossier now, by order, such as a court's: documents, message bodies, texts, its attachments.

    The message log keeps its leaves and says who erased it and why; that cannot be undone.
    """
    loaded = load(project)
    with store(loaded) as opened, explained(), _refusing():
        dossier = opened.read(lambda tx: _found(tx, code))
        bodies = asyncio.run(_retention(loaded, opened).erase(dossier, who, why))
    out.print(f"{dossier.code} is erased, with {bodies} message bodies", highlight=False)


@app.command()
def hold(code: Code, who: Who, why: Why, project: Folder = Path()) -> None:
    """Keep a dossier from every erasure until it is released."""
    loaded = load(project)
    with store(loaded) as opened, explained(), _refusing():
        dossier = opened.read(lambda tx: _found(tx, code))
        asyncio.run(_retention(loaded, opened).hold(dossier, who, why))
    out.print(f"{dossier.code} is on hold: {why}", highlight=False)


@app.command()
def release(code: Code, who: Who, why: Why, project: Folder = Path()) -> None:
    """Let a dossier that was on hold be erased again when its time is over."""
    loaded = load(project)
    with store(loaded) as opened, explained(), _refusing():
        dossier = opened.read(lambda tx: _found(tx, code))
        asyncio.run(_retention(loaded, opened).release(dossier, who, why))
    out.print(f"{dossier.code} is no longer on hold", highlight=False)


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """A dossier that must not change is a finding, not a crash."""
    try:
        yield
    except Conflict as error:
        fail(FOUND_WRONG, str(error))


def _retention(project: Project, opened: Store) -> Retention:
    blobs = BlobFolder(project.path(project.hub.data) / "blobs", vault_of(project))
    return Retention(opened, blobs, project.retention, system_clock, random_id)


def _found(tx: Tx, code: str) -> Dossier:
    dossier = tx.dossiers.by_code(code)
    if dossier is None:
        raise Missing(f"no dossier has the code {code}")
    return dossier


def _hops(dossier: Dossier, history: Sequence[Transition]) -> list[dict[str, Any]]:
    """How far each step has come, and for how long it was at each place."""
    found = [hop for step in dossier.steps for hop in hops(step, history, system_clock())]
    return [
        {"step": hop.step, "hop": hop.name, "at": hop.at, "age": str(hop.age).partition(".")[0]}
        for hop in found
        if hop.at is not None
    ]


def _copies(deliveries: Sequence[Delivery]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(copy) for copy in copies(deliveries)]


def _read(tx: Tx, code: str) -> tuple[Dossier, dict[str, str], list[Transition], Sequence[Delivery]]:
    dossier = _found(tx, code)
    deliveries = tx.deliveries.list(DeliveryFilter(dossier_id=dossier.id), limit=200).items
    return dossier, tx.dossiers.codes(dossier.id), tx.dossiers.transitions(dossier.id), deliveries[::-1]


def _row(dossier: Dossier, shown: Eyes) -> dict[str, Any]:
    return {
        "code": dossier.code,
        "received": dossier.received_at,
        "state": derive(dossier.phase, dossier.steps).value,
        "due": dossier.due,
        "steps": ", ".join(f"{step.id} {step.state.value}" for step in dossier.steps),
        "reason": shown(dossier.reason),
    }


def _full(
    dossier: Dossier,
    codes: dict[str, str],
    history: Sequence[Transition],
    deliveries: Sequence[Delivery],
    shown: Eyes,
) -> dict[str, Any]:
    return _row(dossier, shown) | {
        "codes": codes,
        "rule_set": dossier.rule_set,
        "steps": [_step(step, shown) for step in dossier.steps],
        "way": _hops(dossier, history),
        "copies": _copies(deliveries),
        "history": [_line(line, shown) for line in history],
        "deliveries": [_delivery(delivery, shown) for delivery in deliveries],
    }


def _step(step: Any, shown: Eyes) -> dict[str, Any]:
    return {
        "id": step.id,
        "agency": step.agency,
        "state": step.state.value,
        "since": step.since,
        "due": step.due,
        "agency_code": step.agency_code,
        "correction": step.correction and step.correction.value,
        "reason": shown(step.reason),
    }


def _line(line: Transition, shown: Eyes) -> dict[str, Any]:
    return {
        "at": line.at,
        "step": line.step,
        "state": line.state.value,
        "source": line.source,
        "inferred": "yes" if line.inferred else "",
        "note": shown(line.note),
    }


def _delivery(delivery: Delivery, shown: Eyes) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "operation": delivery.operation,
        "agency": delivery.agency,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "next": delivery.next_at,
        "reason": shown(delivery.reason),
    }
