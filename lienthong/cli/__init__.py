"""The ``lienthong`` command."""

from __future__ import annotations

import typer

from lienthong.cli.lazy import CONTEXT, LazyGroup

app = typer.Typer(
    name="lienthong",
    cls=LazyGroup,
    help="Liên Thông: data-exchange hub for linked public services.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings=CONTEXT,
)


@app.callback()
def lienthong() -> None:
    """Liên Thông: data-exchange hub for linked public services."""


def main() -> None:
    """Run the command line."""
    app()
