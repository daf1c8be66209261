"""``lienthong db``: the database is made and brought up to date by command, never silently."""

from __future__ import annotations

from pathlib import Path

import typer

from broker.store import migrations
from lienthong.cli.common import Folder, Json, explained, load, out, print_json

app = typer.Typer(help="The database.", no_args_is_help=True, add_completion=False)


@app.command()
def upgrade(project: Folder = Path()) -> None:
    """Create the database, or bring it to the revision of this program."""
    loaded = load(project)
    loaded.path(loaded.hub.data).joinpath("blobs").mkdir(parents=True, exist_ok=True)
    with explained():
        migrations.upgrade(loaded.database_url)
        out.print(f"database is at revision {migrations.current(loaded.database_url)}")


@app.command()
def current(project: Folder = Path(), as_json: Json = False) -> None:
    """Show the revision that the database is at."""
    with explained():
        revision = migrations.current(load(project).database_url)
    if as_json:
        print_json({"revision": revision})
    else:
        out.print(revision or "no database yet: run 'lienthong db upgrade'")
