"""The ``lienthong`` command."""

from __future__ import annotations

import typer

from lienthong.cli import agency, checking, db, delivery, demo, dossier, keys, log, mapping, running, work

app = typer.Typer(
    name="lienthong",
    help="Liên Thông: data-exchange hub for linked public services.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(running.serve)
app.command("work")(running.work)
app.command("sandbox")(running.sandbox)
app.command("demo")(demo.demo)
app.command("check")(checking.check)
app.add_typer(dossier.app, name="dossier")
app.add_typer(delivery.app, name="delivery")
app.add_typer(mapping.app, name="mapping")
app.add_typer(agency.app, name="agency")
app.add_typer(log.app, name="log")
app.add_typer(keys.app, name="keys")
app.add_typer(db.app, name="db")
app.add_typer(work.app, name="item")


def main() -> None:
    """Run the command line."""
    app()
