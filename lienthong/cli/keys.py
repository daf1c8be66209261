"""``lienthong keys``: private keys are made by command, never on first use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from broker.authorities import FOLDER
from broker.clock import system_clock
from lienthong.cli import datakeys, timestamps
from lienthong.cli.common import Folder, Json, explained, load, out, show
from signing.keys import Algorithm, create_key, list_keys, load_key
from signing.note import create_note_key, load_note_key
from signing.vault import create_data_key, list_data_keys

app = typer.Typer(
    help="Private keys and certificates of the hub.", no_args_is_help=True, add_completion=False
)
app.add_typer(datakeys.app, name="data")
app.add_typer(timestamps.keys, name="timestamp")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Name of the key; config/hub.yaml says which one signs.")],
    subject: Annotated[str, typer.Option(help="Subject of the certificate.")] = "CN=Lien Thong hub",
    algorithm: Annotated[str, typer.Option(help="rsa-2048 … rsa-4096, ecdsa-p256, ecdsa-p384.")] = "rsa-2048",
    days: Annotated[int, typer.Option(min=1, max=3660, help="Days that the certificate is valid.")] = 825,
    project: Folder = Path(),
) -> None:
    """Create a key with its certificate, and the key that signs the heads of the message log.

    With the first one come the data key and the key of the time-stamping authority inside the hub.
    """
    loaded = load(project)
    folder = loaded.path(loaded.hub.keys)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    loaded.path(loaded.hub.trust).mkdir(parents=True, exist_ok=True)
    with explained():
        create_key(
            folder,
            name,
            subject=subject,
            algorithm=cast("Algorithm", algorithm),
            days=days,
            clock=system_clock,
        )
        note = create_note_key(folder, name, origin=loaded.hub.public_url.partition("//")[2])
        if not list_data_keys(folder):
            create_data_key(folder, clock=system_clock)
    out.print(f"created key {name} in {folder}")
    out.print(f"verifier of the message log: {note.verifier.vkey}")
    inside = timestamps.inside(loaded)
    if inside is not None and inside not in list_keys(folder / FOLDER):
        timestamps.create_inside(loaded, inside)


@app.command("list")
def list_(project: Folder = Path(), as_json: Json = False) -> None:
    """List keys with subject, validity and the verifier of the message log."""
    loaded = load(project)
    folder = loaded.path(loaded.hub.keys)
    with explained():
        rows = [_row(folder, name) for name in list_keys(folder)]
    show(rows, ["name", "subject", "algorithm", "until", "log verifier"], as_json=as_json)


def _row(folder: Path, name: str) -> dict[str, Any]:
    key = load_key(folder, name)
    return {
        "name": name,
        "subject": key.certificate.subject.rfc4514_string(),
        "algorithm": key.algorithm.rpartition("#")[2],
        "until": key.certificate.not_valid_after_utc,
        "log verifier": load_note_key(folder, name).verifier.vkey,
    }
