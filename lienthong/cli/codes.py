"""``lienthong codes``: the dated code tables, as mappings use them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from broker.clock import system_clock
from broker.mapping.codes import CodeTable, Row, load_all
from broker.names import folded
from lienthong.cli.common import NOTHING, Folder, Json, explained, fail, show

app = typer.Typer(
    help="Code tables between the lists of agencies.", no_args_is_help=True, add_completion=False
)

Day = Annotated[
    datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Only what holds on that day.")
]


@app.command("list")
def list_(project: Folder = Path(), as_json: Json = False) -> None:
    """List the code tables with the lists they translate between and where they are from."""
    rows = [
        {"name": table.name, "summary": table.summary, "rows": len(table.rows), "basis": table.basis}
        for table in _tables(project)
    ]
    show(rows, ["name", "rows", "summary", "basis"], as_json=as_json)


@app.command("show")
def show_(
    table: Annotated[str, typer.Argument(help="Name of the table.")],
    on: Day = None,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Show the rows of a table: several rows of one code on one day are candidates, never chosen among."""
    found = next((one for one in _tables(project) if one.name == table), None)
    if found is None:
        fail(NOTHING, f"there is no code table {table}")
    day = on.date() if on else None
    rows = [_row(row) for row in found.rows if day is None or row.start <= day <= row.end]
    show(rows, ["from", "to", "since", "until"], as_json=as_json, title=f"{found.summary} · {found.basis}")


@app.command()
def find(
    text: Annotated[str, typer.Argument(help="A code, or a part of a word; accents do not matter.")],
    on: Day = None,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Find a code or a word in all tables, in force today unless another day is given."""
    day = on.date() if on else system_clock().astimezone().date()
    rows = list(_found(_tables(project), text, day))
    show(rows, ["table", "from", "to", "since", "until"], as_json=as_json)
    if not rows:
        raise typer.Exit(NOTHING)


def _found(tables: tuple[CodeTable, ...], text: str, day: date) -> Iterator[dict[str, Any]]:
    wanted = folded(text)
    for table in tables:
        for row in table.rows:
            words = (folded(row.source), folded(row.target))
            fits = wanted in words if wanted.isdecimal() else any(wanted in word for word in words)
            if fits and row.start <= day <= row.end:
                yield {"table": table.name, **_row(row)}


def _tables(project: Path) -> tuple[CodeTable, ...]:
    with explained():
        return load_all(project.resolve())


def _row(row: Row) -> dict[str, Any]:
    return {
        "from": row.source,
        "to": row.target,
        "since": None if row.start == date.min else row.start,
        "until": None if row.end == date.max else row.end,
    }
