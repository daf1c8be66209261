"""``lienthong evidence``: files with which others verify what happened, without us."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from broker.evidence.gathering import Asked
from lienthong.cli.common import Folder, Who, out
from lienthong.cli.vouching import Out, What, run

app = typer.Typer(
    help="Evidence that anyone can verify. Asking for it is an act in the log.",
    no_args_is_help=True,
    add_completion=False,
)

Bodies = Annotated[
    bool,
    typer.Option("--bodies", help="With the messages' bytes, which name citizens; else with hashes only."),
]


@app.command()
def message(
    message_id: Annotated[str, typer.Argument(help="Id of the message: `lienthong log search`.")],
    file: Out,
    who: Who,
    purpose: What,
    bodies: Bodies = False,
    project: Folder = Path(),
) -> None:
    """Make evidence about one message."""
    asked = Asked(who, purpose, bodies)
    _keep(file, run(project, lambda made: made.evidence.message(message_id, asked)))


@app.command()
def exchange(
    message_id: Annotated[str, typer.Argument(help="Id of any message of the exchange.")],
    file: Out,
    who: Who,
    purpose: What,
    bodies: Bodies = False,
    project: Folder = Path(),
) -> None:
    """Make evidence about a request with all attempts and answers."""
    asked = Asked(who, purpose, bodies)
    _keep(file, run(project, lambda made: made.evidence.exchange(message_id, asked)))


@app.command()
def dossier(
    code: Annotated[str, typer.Argument(help="Any code of the dossier.")],
    file: Out,
    who: Who,
    purpose: What,
    bodies: Bodies = False,
    project: Folder = Path(),
) -> None:
    """Make evidence about all messages of a dossier."""
    asked = Asked(who, purpose, bodies)
    _keep(file, run(project, lambda made: made.evidence.dossier(code, asked)))


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    out.print(
        f"{path}: {len(data):,} bytes; verify it with `lienthong verify`", highlight=False, markup=False
    )
