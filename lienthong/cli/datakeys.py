"""``lienthong keys data``: the keys that seal personal data in the database and in the folder of attachments."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from broker.clock import system_clock
from broker.config.project import Project
from broker.reseal import Reseal
from broker.store.blobs import BlobFolder
from broker.store.engine import Store
from lienthong.cli.common import (
    FOUND_WRONG,
    Folder,
    Json,
    Who,
    Why,
    explained,
    fail,
    load,
    out,
    show,
    store,
    vault_of,
)
from signing.vault import create_data_key, list_data_keys, retire_data_key

app = typer.Typer(help="Keys that seal personal data.", no_args_is_help=True, add_completion=False)

_BACKUP = "back it up apart from the database: what is sealed with it is lost without it"


@app.command()
def create(project: Folder = Path()) -> None:
    """Create the first data key. A hub without one does not start."""
    loaded = load(project)
    folder = loaded.path(loaded.hub.keys)
    with explained():
        if list_data_keys(folder):
            fail(FOUND_WRONG, f"{folder} holds a data key already: `lienthong keys data rotate` adds one")
        _add(folder)


@app.command()
def rotate(project: Folder = Path()) -> None:
    """Add a data key that seals from now on; a hub that runs sees it within a minute.

    What older keys sealed is moved by the nightly job ``reseal``, or at once by ``lienthong keys data reseal``.
    """
    loaded = load(project)
    with explained():
        vault_of(loaded)
        _add(loaded.path(loaded.hub.keys))


@app.command("list")
def list_(project: Folder = Path(), as_json: Json = False) -> None:
    """List data keys, the newest first, with what is sealed or found with each; plain is what no key seals yet."""
    loaded = load(project)
    with store(loaded) as opened, explained():
        used = _used(loaded, opened)
        tagged, people = opened.read(lambda tx: (tx.lookups.tagged(), tx.people.tagged()))
        keys = list_data_keys(loaded.path(loaded.hub.keys))[::-1]
    rows: list[dict[str, Any]] = [
        {
            "id": key.id,
            "created": key.created,
            "state": "retired" if key.kind == "search" else "in use" if used.get(key.id) else "unused",
            "sealed": used.get(key.id, 0),
            "look-ups": tagged.get(key.id, 0),
            "people": people.get(key.id, 0),
        }
        for key in keys
    ]
    if used.get(None):
        plain = {"id": "plain", "created": None, "state": "to be sealed", "sealed": used[None]}
        rows.append(plain | {"look-ups": 0, "people": 0})
    show(rows, ["id", "created", "state", "sealed", "look-ups", "people"], as_json=as_json)


@app.command()
def reseal(who: Who, why: Why, project: Folder = Path()) -> None:
    """Move everything that older keys sealed to the newest one; may be stopped and repeated, and run beside a hub."""
    loaded = load(project)
    with store(loaded) as opened, explained():
        vault = vault_of(loaded)
        moved = asyncio.run(Reseal(opened, _blobs(loaded), vault, system_clock).run(who, why))
    out.print(f"{moved} rows and files moved to data key {vault.newest}", highlight=False)


@app.command()
def retire(key: Annotated[str, typer.Argument(help="Id of the data key.")], project: Folder = Path()) -> None:
    """Destroy what opens data with a key that seals nothing any more; look-ups made under it are still found."""
    loaded = load(project)
    with store(loaded) as opened, explained():
        if left := _used(loaded, opened).get(key):
            fail(
                FOUND_WRONG,
                f"{left} rows and files are sealed with {key}: run `lienthong keys data reseal` first",
            )
        retire_data_key(loaded.path(loaded.hub.keys), key)
    out.print(f"data key {key} opens nothing any more; backups that hold it still do", highlight=False)


def _add(folder: Path) -> None:
    key = create_data_key(folder, clock=system_clock)
    out.print(f"created data key {key.id} in {folder}: {_BACKUP}", highlight=False)


def _blobs(project: Project) -> BlobFolder:
    return BlobFolder(project.path(project.hub.data) / "blobs", vault_of(project))


def _used(project: Project, opened: Store) -> dict[str | None, int]:
    """Data key → rows and files that are sealed with it."""
    used = opened.read(lambda tx: tx.resealing.keys())
    blobs = _blobs(project)
    for sha256 in blobs.names():
        key_id = blobs.sealed_by(sha256)
        used[key_id] = used.get(key_id, 0) + 1
    return used
