"""``lienthong person``: what the hub can tell a citizen about themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from broker import masking
from broker.clock import system_clock
from broker.store.rows import Act, Lookup
from lienthong.cli.common import Folder, Json, Limit, Who, Why, explained, load, out, show, store

app = typer.Typer(help="Citizens.", no_args_is_help=True, add_completion=False)

COLUMNS = ["at", "officer", "unit", "purpose", "agency", "operation", "dossier"]


@app.callback()
def person() -> None:
    """Citizens."""


@app.command("lookups")
def lookups_(
    who: Who,
    why: Why,
    number: Annotated[
        str,
        typer.Option(
            prompt="Personal number",
            hide_input=True,
            help="Personal number of the citizen; asked for, so that it stands in no history of commands.",
        ),
    ],
    limit: Limit = 100,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Show who looked up a citizen, when, for which unit and purpose; asking this is an act as well."""
    with store(load(project)) as opened, explained():
        act = Act(system_clock(), who, "lookups", masking.number(number), why)
        opened.write_sync(lambda tx: tx.acts.add(act))
        found = opened.read(lambda tx: tx.lookups.of_person(number, limit=limit))
    print_lookups(found, as_json=as_json)


def print_lookups(found: list[Lookup], *, as_json: bool) -> None:
    """Print look-ups, newest first."""
    show([_row(one) for one in found], COLUMNS, as_json=as_json)
    if not as_json and not found:
        out.print("nobody looked")


def _row(one: Lookup) -> dict[str, object]:
    return {
        "at": one.at,
        "officer": one.officer,
        "unit": one.unit,
        "purpose": one.purpose,
        "agency": one.agency,
        "operation": one.operation,
        "dossier": one.dossier_id,
        "message": one.message_id,
    }
