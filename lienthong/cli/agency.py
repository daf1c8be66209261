"""``lienthong agency``: who is connected, whether they can be reached, and letting a paused one go again."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from broker.clock import local_day, random_id, system_clock
from broker.config.project import Project
from broker.config.secrets import SecretMissing
from broker.model import Message
from broker.store.engine import Tx
from broker.store.errors import StoreError
from broker.store.rows import AgencyPause, Depth
from lienthong.cli.common import (
    FOUND_WRONG,
    NOTHING,
    Folder,
    Json,
    Who,
    Why,
    check_adapters,
    explained,
    fail,
    load,
    open_store,
    out,
    print_json,
    show,
    store,
)
from signing.errors import KeyProblem

if TYPE_CHECKING:
    from adapters.base import CheckReport

app = typer.Typer(help="Agencies.", no_args_is_help=True, add_completion=False)


@app.command("list")
def list_(project: Folder = Path(), as_json: Json = False) -> None:
    """List agencies: how they are reached, what waits for them, and who holds them back."""
    loaded = load(project)
    depths, pauses = _waiting(loaded)
    rows = [_row(loaded, name, depths.get(name), pauses.get(name)) for name in loaded.agencies]
    show(rows, ["id", "name", "owner", "send", "receive", "waiting", "dead", "paused"], as_json=as_json)


@app.command()
def ping(
    agency: Annotated[str | None, typer.Argument(help="Id of one agency; default: all.")] = None,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Test the connection to agencies, without side effects there."""
    loaded = load(project)
    if agency is not None and agency not in loaded.agencies:
        fail(NOTHING, f"no agency is called {agency!r}; there are {', '.join(loaded.agencies)}")
    check_adapters(project, loaded)
    names = [agency] if agency else list(loaded.agencies)
    with explained():
        reports = asyncio.run(_ping(loaded, names))
    _log(loaded, reports)
    if as_json:
        print_json([{"id": name, "ok": one.ok, "lines": one.lines} for name, one in reports.items()])
    else:
        for name, one in reports.items():
            out.print(f"{name}: {'reached' if one.ok else 'NOT reached'}", highlight=False)
            for line in one.lines:
                out.print(f"  {line}", markup=False, highlight=False)
    if not all(one.ok for one in reports.values()):
        raise typer.Exit(FOUND_WRONG)


@app.command()
def resume(
    agency: Annotated[str, typer.Argument(help="Id of the agency.")],
    who: Who,
    why: Why,
    project: Folder = Path(),
) -> None:
    """Let deliveries to a paused agency go again."""
    loaded = load(project)
    if agency not in loaded.agencies:
        fail(NOTHING, f"no agency is called {agency!r}; there are {', '.join(loaded.agencies)}")
    with store(loaded) as opened, explained():
        opened.write_sync(lambda tx: tx.deliveries.resume(agency, system_clock(), who, why))
    out.print(f"deliveries to {agency} go again")


@app.command("receives")
def receives_(
    agency: Annotated[str, typer.Argument(help="Id of the agency.")],
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Show every field of the hub's documents that reaches an agency, by which mapping and in which of its fields."""
    loaded = load(project)
    if agency not in loaded.agencies:
        fail(NOTHING, f"no agency is called {agency!r}; there are {', '.join(loaded.agencies)}")
    with explained():
        from broker.receives import receives

        found = receives(loaded, agency)
    rows = [dataclasses.asdict(one) for one in found]
    show(rows, ["document", "source", "label", "mapping", "targets"], as_json=as_json)


async def _ping(project: Project, names: list[str]) -> dict[str, CheckReport]:
    from broker.ping import ping as test

    return await test(project, names)


def _log(project: Project, reports: Mapping[str, CheckReport]) -> None:
    """Every test is an entry of the log, once there is one."""
    try:
        opened = open_store(project)
    except (StoreError, SecretMissing, KeyProblem):
        return
    with contextlib.closing(opened), explained():
        opened.write_sync(lambda tx: _entries(tx, reports))


def _entries(tx: Tx, reports: Mapping[str, CheckReport]) -> None:
    for agency, report in reports.items():
        tx.messages.add(
            Message(
                id=random_id(),
                at=system_clock(),
                direction="out",
                kind="test",
                agency=agency,
                operation="ping",
                body="\n".join(report.lines).encode(),
                outcome="ok" if report.ok else "failed",
                content_type="text/plain",
                officer=getpass.getuser(),
            )
        )


def _waiting(project: Project) -> tuple[dict[str, Depth], dict[str, AgencyPause]]:
    """What waits for each agency, and who is held back; nothing while there is no database."""
    try:
        opened = open_store(project)
    except (StoreError, SecretMissing, KeyProblem):
        return {}, {}
    with contextlib.closing(opened):
        return opened.read(_read)


def _read(tx: Tx) -> tuple[dict[str, Depth], dict[str, AgencyPause]]:
    return tx.deliveries.depth(), {one.agency: one for one in tx.deliveries.pauses(system_clock())}


def _row(project: Project, name: str, depth: Depth | None, pause: AgencyPause | None) -> dict[str, Any]:
    config = project.agencies[name]
    endpoint = config.endpoint(local_day(system_clock()))
    return {
        "id": name,
        "name": config.name.vi,
        "english": config.name.en,
        "owner": config.owner,
        "send": endpoint.send.adapter if endpoint.send else None,
        "receive": endpoint.receive.adapter if endpoint.receive else None,
        "waiting": depth.queued + depth.leased if depth else 0,
        "dead": depth.dead if depth else 0,
        "paused": pause.reason if pause else None,
    }
