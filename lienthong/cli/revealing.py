"""Personal data on a screen: masked, unless somebody says who they are and what for, which is kept as an act."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

import typer

from broker import masking
from broker.clock import system_clock
from broker.store.engine import Store
from broker.store.rows import Act
from lienthong.cli.common import USAGE, fail

Reveal = Annotated[
    bool,
    typer.Option("--reveal", help="Show personal data in clear; wants --purpose, and is noted as an act."),
]
Purpose = Annotated[str | None, typer.Option("--purpose", help="What the personal data is looked at for.")]
Viewer = Annotated[
    str | None,
    typer.Option("--who", help="Who looks; default: the user of the system.", envvar="LIENTHONG_WHO"),
]

Eyes: TypeAlias = Callable[[Any], Any]
"""Turns a text into what may be shown of it; what is no text stays."""


def eyes(opened: Store, target: str, reveal: bool, purpose: str | None, who: str | None) -> Eyes:
    """How texts of ``target`` are shown: masked, or in clear after that was noted as an act.

    Ends the command if personal data is to be revealed without a purpose.
    """
    if not note(opened, target, reveal, purpose, who):
        return masked
    return lambda value: value


def masked(value: Any) -> Any:
    """A text as anybody may see it; what is no text stays."""
    return masking.text(value) if isinstance(value, str) else value


def note(opened: Store, target: str, reveal: bool, purpose: str | None, who: str | None) -> bool:
    """Note that somebody looks at ``target`` in clear, if they do; says whether they do."""
    if not reveal:
        return False
    if not (purpose or "").strip():
        fail(USAGE, "--reveal wants --purpose: what the personal data is looked at for")
    act = Act(system_clock(), who or getpass.getuser(), "reveal", target, str(purpose))
    opened.write_sync(lambda tx: tx.acts.add(act))
    return True
