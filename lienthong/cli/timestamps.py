"""``lienthong log timestamps`` and ``lienthong keys timestamp``: time-stamps on the log, and the authority inside."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from cryptography.hazmat.primitives.serialization import Encoding

from broker.clock import system_clock
from broker.config.project import Project
from broker.log import tokens
from broker.log.authorities import FOLDER, anchors_by_name
from broker.store.engine import Store, Tx
from broker.store.errors import Missing
from broker.store.rows import Act, StoredTimestamp, Uncovered
from lienthong.cli.common import (
    FOUND_WRONG,
    Folder,
    Json,
    Limit,
    explained,
    fail,
    load,
    out,
    print_json,
    show,
    store,
)
from lienthong.cli.keyacts import By, enter_one, whoever
from signing.keys import Algorithm
from signing.stamps.authority import create_authority

keys = typer.Typer(
    help="The time-stamping authority inside the hub.", no_args_is_help=True, add_completion=False
)


@keys.command()
def create(
    name: Annotated[
        str | None, typer.Argument(help="Name of the authority; default: the one of config/hub.yaml.")
    ] = None,
    algorithm: Annotated[
        str, typer.Option(help="rsa-2048 … rsa-4096, ecdsa-p256, ecdsa-p384.")
    ] = "ecdsa-p256",
    days: Annotated[int, typer.Option(min=1, max=7300, help="Days that the certificate is valid.")] = 3660,
    who: By = "",
    project: Folder = Path(),
) -> None:
    """Create the key with which the hub stamps the heads of its log where no outside authority does.

    The authority is not independent, and its certificate says so: its time-stamps show the order of events to those who
    trust the hub. A hub that runs begins to use the key within a minute.
    """
    loaded = load(project)
    create_inside(loaded, name, who=who, algorithm=cast("Algorithm", algorithm), days=days)


def create_inside(
    project: Project,
    name: str | None = None,
    *,
    who: str = "",
    algorithm: Algorithm = "ecdsa-p256",
    days: int = 3660,
) -> None:
    """Create the key of the authority inside and say where it is; ends the command if there is nothing to create."""
    name = name or inside(project)
    if name is None:
        fail(FOUND_WRONG, "config/hub.yaml names outside authorities only: say which one to create")
    folder = project.path(project.hub.keys) / FOLDER
    with explained():
        create_authority(folder, name, clock=system_clock, algorithm=algorithm, days=days)
    out.print(f"created time-stamping authority {name} in {folder}: not independent of the hub")
    why = "time-stamps by the hub itself"
    enter_one(project, Act(system_clock(), whoever(who), "key create", f"key {FOLDER}/{name}", why))


def inside(project: Project) -> str | None:
    """Name of the authority inside the hub, None if there is none."""
    authorities = project.hub.evidence.timestamps.authorities
    return next((each.name for each in authorities if each.url is None), None)


def timestamps(
    limit: Limit = 50,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Verify every time-stamp that is kept, and list what does not fit."),
    ] = False,
    save: Annotated[
        Path | None,
        typer.Option(help="Write the newest one to this folder, with what it stamps and its anchors."),
    ] = None,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """List time-stamps on the heads of the log, newest first, and say what has none yet."""
    loaded = load(project)
    with store(loaded) as opened, explained():
        if verify:
            rows = [_row(each.kept, each.fault) for each in _faults(loaded, opened)]
        else:
            rows = [_row(each) for each in opened.read(lambda tx: tx.timestamps.list(limit=limit)).items]
        waiting = opened.read(lambda tx: _waiting(loaded, tx))
        if save is not None:
            opened.read(lambda tx: _save(loaded, tx, save))
    if as_json:
        print_json({"timestamps": rows, "waiting": waiting.entries, "since": waiting.since})
    else:
        _tell(rows, waiting, verify=verify)
    if verify and rows:
        raise typer.Exit(FOUND_WRONG)


def _tell(rows: list[dict[str, Any]], waiting: Uncovered, *, verify: bool) -> None:
    if rows:
        show(
            rows,
            ["entries", "at", "authority", "independent", *(["finding"] if verify else [])],
            as_json=False,
        )
    elif verify:
        out.print("every time-stamp fits the head that it stamps")
    if waiting.entries:
        since = f" since {_local(waiting.since)}" if waiting.since else ""
        out.print(f"{waiting.entries} entries have no time-stamp yet{since}", highlight=False)


def _faults(project: Project, opened: Store) -> list[tokens.Checked]:
    anchors = anchors_by_name(project)
    return opened.read(lambda tx: [each for each in tokens.verify_all(tx, anchors) if each.fault])


def _waiting(project: Project, tx: Tx) -> Uncovered:
    outside = any(each.url for each in project.hub.evidence.timestamps.authorities)
    return tx.timestamps.uncovered(independent=outside)


def _save(project: Project, tx: Tx, folder: Path) -> None:
    """What ``openssl ts -verify`` needs."""
    newest = tx.timestamps.newest()
    if newest is None:
        raise Missing("there is no time-stamp yet")
    head = tx.log.first_checkpoint_after(newest.size - 1)
    if head is None:
        raise Missing(f"no signed head has {newest.size} entries")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "checkpoint.note").write_bytes(head.note.encode())
    (folder / "checkpoint.tst").write_bytes(newest.token)
    pem = [each.public_bytes(Encoding.PEM) for each in anchors_by_name(project).get(newest.authority, ())]
    (folder / "authority.pem").write_bytes(b"".join(pem))


def _row(stored: StoredTimestamp, fault: str | None = None) -> dict[str, Any]:
    found = {
        "entries": stored.size,
        "at": stored.at,
        "authority": stored.authority,
        "independent": stored.independent,
    }
    return found if fault is None else found | {"finding": fault}


def _local(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
