"""``lienthong log checkpoint``, ``proof``, ``consistency``: what the log proves, for tools that know the formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from broker.log import treeproofs
from broker.store.engine import Tx
from lienthong.cli.common import NOTHING, Folder, Json, explained, fail, load, out, print_json, store
from signing.log.proof import lines


def checkpoint(project: Folder = Path()) -> None:
    """Print the newest head that a witness has signed, else the newest: a signed note (C2SP tlog-checkpoint)."""
    with store(load(project)) as opened, explained():
        out.file.write(opened.read(treeproofs.checkpoint))


def proof(
    entry: Annotated[str, typer.Argument(help="Id of a message, or its position in the log.")],
    size: Annotated[
        int | None, typer.Option(min=1, help="Size of the log; default: the signed head that proves it best.")
    ] = None,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Prove that an entry is in the log: a file (C2SP tlog-proof) that verifies without us."""
    with store(load(project)) as opened, explained():
        found = opened.read(lambda tx: treeproofs.inclusion(tx, _index(tx, entry), size))
    if as_json:
        print_json(found.as_json())
        return
    text = found.as_text()
    if text is None:
        fail(NOTHING, f"no head of {found.size} entries was signed: wait for the next one, or use --json")
    out.file.write(text)


def consistency(
    old: Annotated[int, typer.Argument(min=0, help="The older size.")],
    new: Annotated[int, typer.Argument(min=0, help="The newer size.")],
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Prove that the log of one size begins with that of another: the hashes of RFC 6962 §2.1.2, one a line."""
    with store(load(project)) as opened, explained():
        found = opened.read(lambda tx: treeproofs.consistency(tx, old, new))
    if as_json:
        print_json(found.as_json())
    else:
        out.file.write("".join(f"{line}\n" for line in lines(found.path)))


def _index(tx: Tx, entry: str) -> int:
    return int(entry) if entry.isascii() and entry.isdigit() else tx.log.index_of(entry)
