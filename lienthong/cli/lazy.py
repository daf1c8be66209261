"""Commands that are imported when they are called, so that a small one does not wait for a large one.

Typer has carried its own copy of click since 0.20 and used the separate package before: what belongs to click is
untyped here, so that both will do.
"""

from __future__ import annotations

import importlib
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS: dict[str, tuple[str, str, str]] = {
    "serve": ("running", "serve", "Serve the hub: doors, worker and clock."),
    "work": ("running", "work", "Deliver and keep the clock, without doors."),
    "sandbox": ("running", "sandbox", "Run the stand-in agencies."),
    "demo": ("demo", "demo", "Run everything in a throw-away folder and show what happens."),
    "check": ("checking", "check", "Check everything that can be checked without running it."),
    "dossier": ("dossier", "app", "Dossiers."),
    "person": ("person", "app", "Citizens: who looked them up."),
    "delivery": ("delivery", "app", "Deliveries to agencies."),
    "item": ("work", "app", "Work items: unroutable, dead letters, contradictions, deadlines."),
    "mapping": ("mapping", "app", "Mappings between the hub's documents and the agencies'."),
    "codes": ("codes", "app", "Code tables between the lists of agencies."),
    "units": ("units", "app", "Provinces and communes by day."),
    "statistics": ("statistics", "statistics", "How many, on time or late, and how long, per unit."),
    "agency": ("agency", "app", "Agencies."),
    "adapters": ("adapters", "adapters", "The adapters that are installed, and their settings."),
    "log": ("log", "app", "The message log."),
    "evidence": ("evidence", "app", "Evidence about messages, exchanges and dossiers."),
    "verify": ("verify", "verify", "Verify evidence files offline."),
    "witness": ("witness", "app", "A witness of message logs, in a folder of its own."),
    "keys": ("keys", "app", "Private keys and certificates of the hub."),
    "db": ("db", "app", "The database."),
}
"""Command → module of this package, name in it, one line for the list of commands."""


class LazyGroup(TyperGroup):
    """The top of the command line. Listing commands imports none of them."""

    _listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command, in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, imported now; while commands are only listed, its name and one line."""
        if cmd_name not in COMMANDS:
            return None
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name][2]) if self._listing else command(cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help of the top."""
        self._listing = True
        super().format_help(ctx, formatter)


def command(name: str) -> Any:
    """One top-level command or group, imported."""
    module, attribute, _ = COMMANDS[name]
    found: Any = getattr(importlib.import_module(f"lienthong.cli.{module}"), attribute)
    if not isinstance(found, typer.Typer):
        app = typer.Typer(add_completion=False, context_settings=CONTEXT)
        app.command(name)(found)
        found = app
    made = typer.main.get_command(found)
    made.name = name
    return made


CONTEXT = {"help_option_names": ["-h", "--help"]}
"""How help is asked for, everywhere."""
