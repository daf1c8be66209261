"""``lienthong dossier``: what a citizen's case is, by any of its codes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from broker.model import Delivery, Dossier, Phase, Transition
from broker.process.parent import derive
from broker.store.engine import Tx
from broker.store.errors import Conflict, Missing
from broker.store.rows import DeliveryFilter, DossierFilter
from lienthong.cli.common import (
    NOTHING,
    Folder,
    Json,
    Limit,
    explained,
    fail,
    load,
    mask,
    out,
    print_json,
    print_table,
    show,
    store,
    text,
)

app = typer.Typer(help="Dossiers.", no_args_is_help=True, add_completion=False)


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
    rows = [_row(dossier) for dossier in page.items]
    show(rows, ["code", "received", "state", "due", "steps", "reason"], as_json=as_json)


@app.command("show")
def show_(
    code: Annotated[str, typer.Argument(help="Any code: the hub's, the portal's, an agency's.")],
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Show a dossier: steps, history, deliveries, codes."""
    with store(load(project)) as opened, explained():
        try:
            dossier, codes, history, deliveries = opened.read(lambda tx: _read(tx, code))
        except Conflict as error:
            fail(NOTHING, str(error))
    if as_json:
        print_json(_full(dossier, codes, history, deliveries))
        return
    state = derive(dossier.phase, dossier.steps)
    out.print(
        f"{dossier.code}  {state}  received {text(dossier.received_at)}  due {text(dossier.due)}",
        highlight=False,
    )
    if dossier.reason:
        out.print(dossier.reason, markup=False, highlight=False)
    out.print(
        "  ".join(f"{system}: {_shown(system, value)}" for system, value in codes.items()), highlight=False
    )
    print_table(
        "Steps", ["id", "agency", "state", "since", "due", "reason"], [_step(step) for step in dossier.steps]
    )
    print_table(
        "History", ["at", "step", "state", "source", "inferred", "note"], [_line(line) for line in history]
    )
    columns = ["operation", "agency", "state", "attempts", "next", "reason"]
    print_table("Deliveries", columns, [_delivery(delivery) for delivery in deliveries])


def _read(tx: Tx, code: str) -> tuple[Dossier, dict[str, str], list[Transition], Sequence[Delivery]]:
    dossier = tx.dossiers.by_code(code)
    if dossier is None:
        raise Missing(f"no dossier has the code {code}")
    deliveries = tx.deliveries.list(DeliveryFilter(dossier_id=dossier.id), limit=200).items
    return dossier, tx.dossiers.codes(dossier.id), tx.dossiers.transitions(dossier.id), deliveries[::-1]


def _row(dossier: Dossier) -> dict[str, Any]:
    return {
        "code": dossier.code,
        "received": dossier.received_at,
        "state": derive(dossier.phase, dossier.steps).value,
        "due": dossier.due,
        "steps": ", ".join(f"{step.id} {step.state.value}" for step in dossier.steps),
        "reason": dossier.reason,
    }


def _full(
    dossier: Dossier, codes: dict[str, str], history: Sequence[Transition], deliveries: Sequence[Delivery]
) -> dict[str, Any]:
    return _row(dossier) | {
        "codes": {system: _shown(system, value) for system, value in codes.items()},
        "rule_set": dossier.rule_set,
        "steps": [_step(step) for step in dossier.steps],
        "history": [_line(line) for line in history],
        "deliveries": [_delivery(delivery) for delivery in deliveries],
    }


def _shown(system: str, value: str) -> str:
    return mask(value) if system == "personal-number" else value


def _step(step: Any) -> dict[str, Any]:
    return {
        "id": step.id,
        "agency": step.agency,
        "state": step.state.value,
        "since": step.since,
        "due": step.due,
        "agency_code": step.agency_code,
        "reason": step.reason,
    }


def _line(line: Transition) -> dict[str, Any]:
    return {
        "at": line.at,
        "step": line.step,
        "state": line.state.value,
        "source": line.source,
        "inferred": "yes" if line.inferred else "",
        "note": line.note,
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "operation": delivery.operation,
        "agency": delivery.agency,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "next": delivery.next_at,
        "reason": delivery.reason,
    }
