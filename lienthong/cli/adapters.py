"""``lienthong adapters``: the adapters that are installed, plug-ins included, and what can be set on each."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape

from adapters import registry
from adapters.base import Spec
from broker.config.describe import Setting, settings
from lienthong.cli.common import NOTHING, Json, explained, fail, out, print_json, show


def adapters(
    name: Annotated[str | None, typer.Argument(help="One adapter, to see its settings.")] = None,
    as_json: Json = False,
) -> None:
    """List the adapters that are installed, or show the settings of one."""
    with explained():
        specs = registry.all_specs()
    if name is None:
        show([_row(spec) for spec in specs.values()], ["name", "direction", "summary"], as_json=as_json)
        return
    if name not in specs:
        fail(NOTHING, f"no adapter is called {name!r}; installed: {', '.join(specs)}")
    _show(specs[name], as_json)


def _show(spec: Spec, as_json: bool) -> None:
    rows = [_setting(setting) for setting in settings(spec.settings)]
    if as_json:
        print_json(_row(spec) | {"settings": rows})
        return
    out.print(f"[bold]{spec.name}[/]  {escape(spec.summary)}", highlight=False)
    show(rows, ["setting", "type", "default", "description"], as_json=False)


def _row(spec: Spec) -> dict[str, Any]:
    return {"name": spec.name, "direction": spec.direction, "summary": spec.summary}


def _setting(setting: Setting) -> dict[str, Any]:
    return {
        "setting": setting.place,
        "type": setting.type,
        "default": "(required)" if setting.required else setting.default,
        "description": setting.description,
    }
