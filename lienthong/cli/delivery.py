"""``lienthong delivery``: what must still reach agencies, why it waits, and trying again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from broker.clock import random_id, system_clock
from broker.config.project import Project
from broker.model import Delivery, DeliveryKind, DeliveryState
from broker.replay import Replay
from broker.store.engine import Store, Tx
from broker.store.errors import Conflict
from broker.store.rows import DeliveryFilter
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
    show,
    store,
)
from lienthong.cli.revealing import masked

app = typer.Typer(help="Deliveries to agencies.", no_args_is_help=True, add_completion=False)

State = Annotated[DeliveryState | None, typer.Option(help="Only those in this state.")]
Agency = Annotated[str | None, typer.Option(help="Only those to this agency.")]


@app.command("list")
def list_(
    state: State = None,
    agency: Agency = None,
    kind: Annotated[DeliveryKind | None, typer.Option(help="Only those of this kind.")] = None,
    limit: Limit = 50,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """List deliveries, newest first, each with the reason why it waits and until when."""
    wanted = DeliveryFilter(agency=agency, state=state, kind=kind)
    with store(load(project)) as opened:
        page = opened.read(lambda tx: tx.deliveries.list(wanted, limit=limit))
    columns = ["id", "agency", "kind", "dossier", "state", "attempts", "next", "reason"]
    show([_row(delivery) for delivery in page.items], columns, as_json=as_json)


@app.command()
def replay(
    who: Who,
    why: Why,
    delivery: Annotated[str | None, typer.Argument(help="Id of one dead delivery.")] = None,
    agency: Agency = None,
    error_class: Annotated[
        str | None, typer.Option("--class", help="Only those with this class of error.")
    ] = None,
    limit: Limit = 100,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which it would be.")] = False,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Try dead deliveries again: one by id, or those of an agency or a class of error.

    Steps that were stuck because of them are on their way again, and their work items are closed.
    """
    if delivery is None and agency is None and error_class is None:
        fail(2, "name a delivery, or --agency or --class: everything at once is never what you want")
    wanted = DeliveryFilter(agency=agency, state=DeliveryState.DEAD, error_class=error_class)
    loaded = load(project)
    with store(loaded) as opened, explained():
        found = opened.read(lambda tx: _chosen(tx, delivery, wanted, limit))
        if not found:
            fail(NOTHING, "no dead delivery fits")
        if not dry_run:
            try:
                asyncio.run(_replay(loaded, opened, found, who, why))
            except Conflict as error:
                fail(FOUND_WRONG, str(error))
    show([_row(one) for one in found], ["id", "agency", "kind", "dossier", "reason"], as_json=as_json)
    if not as_json:
        out.print(f"{len(found)} {'would be' if dry_run else ''} tried again".replace("  ", " "))


async def _replay(project: Project, opened: Store, found: list[Delivery], who: str, why: str) -> None:
    replay = Replay(project, opened, system_clock, random_id)
    for delivery in found:
        await replay.replay(delivery, who, why)


def _chosen(tx: Tx, delivery: str | None, wanted: DeliveryFilter, limit: int) -> list[Delivery]:
    if delivery is not None:
        return [tx.deliveries.get(delivery)]
    return list(tx.deliveries.list(wanted, limit=limit).items)[::-1]


def _row(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "agency": delivery.agency,
        "kind": delivery.kind.value,
        "dossier": delivery.context.get("dossier"),
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "next": delivery.next_at if delivery.state is DeliveryState.QUEUED else None,
        "class": delivery.error_class,
        "reason": masked(delivery.reason),
    }
