"""``lienthong item``: what a person must look at. Nothing leaves this list silently."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from broker.clock import system_clock
from broker.model import WorkItem
from broker.store.engine import Tx
from broker.store.rows import Act
from lienthong.cli.common import Folder, Json, Limit, Who, Why, explained, load, out, show, store
from lienthong.cli.revealing import masked

app = typer.Typer(
    help="Work items: unroutable, dead letters, contradictions, deadlines.",
    no_args_is_help=True,
    add_completion=False,
)


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Option(help="Only this kind.")] = None,
    limit: Limit = 50,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """List open work items with their owners, newest first."""
    with store(load(project)) as opened:
        page = opened.read(lambda tx: tx.work.list(kind=kind, limit=limit))
    show(
        [_row(item) for item in page.items],
        ["id", "kind", "at", "due", "owner", "agency", "reason"],
        as_json=as_json,
    )


@app.command()
def close(
    item: Annotated[str, typer.Argument(help="Id of the work item.")],
    who: Who,
    why: Why,
    project: Folder = Path(),
) -> None:
    """Take an item off the list, saying what was done about it."""
    with store(load(project)) as opened, explained():
        opened.write_sync(lambda tx: _close(tx, item, who, why))
    out.print(f"{item} is closed")


def _close(tx: Tx, item: str, who: str, why: str) -> None:
    tx.work.close(item, who, why)
    tx.acts.add(Act(system_clock(), who, "close", item, why))


def _row(item: WorkItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind,
        "at": item.at,
        "owner": item.owner,
        "agency": item.agency,
        "dossier_id": item.dossier_id,
        "delivery_id": item.delivery_id,
        "due": item.due,
        "step": item.step,
        "reason": masked(item.reason),
    }
