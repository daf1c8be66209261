"""``lienthong units``: what a province or commune code means on a day, and what it became."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from broker import communes
from broker.clock import system_clock
from broker.communes import Commune
from broker.units import Ambiguous, NoUnit, Province, Unit, Units
from lienthong.cli.common import FOUND_WRONG, NOTHING, Folder, Json, err, fail, load, show

app = typer.Typer(help="Provinces and communes by day.", no_args_is_help=True, add_completion=False)

Code = Annotated[str, typer.Argument(help="Two digits for a province, five for a commune.")]
_DAY = ["%Y-%m-%d"]


@app.command("show")
def show_(
    code: Code,
    on: Annotated[
        datetime | None, typer.Option("--on", formats=_DAY, help="Day that counts; default: both lists.")
    ] = None,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Show what a code meant before the reform of 2025-07-01 and means since, and what became of it."""
    units = load(project).units
    days = [on.date()] if on else [communes.EVE, communes.REFORM]
    rows = [_row(units, unit, day < communes.REFORM) for day in days if (unit := units.unit(code, day))]
    if not rows:
        fail(NOTHING, f"{code} means nothing on {' or '.join(map(str, days))}")
    show(rows, ["list", "code", "name", "in", "corresponds to"], as_json=as_json)


@app.command()
def translate(
    code: Code,
    was: Annotated[datetime, typer.Option("--from", formats=_DAY, help="A day on which the code was used.")],
    now: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="The day that counts; default: today.")
    ] = None,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Translate a code from one day's list to another's; several candidates are listed and none is chosen."""
    to = now.date() if now else system_clock().astimezone().date()
    try:
        found: Iterable[Unit] = [load(project).units.translate(code, was.date(), to)]
    except NoUnit as error:
        fail(NOTHING, str(error))
    except Ambiguous as error:
        show(_plain(error.candidates), ["code", "name"], as_json=as_json)
        err.print(f"{code} corresponds to {len(error.candidates)} units: a person has to choose")
        raise typer.Exit(FOUND_WRONG) from error
    show(_plain(found), ["code", "name"], as_json=as_json)


def _plain(units: Iterable[Unit]) -> list[dict[str, Any]]:
    return [{"code": unit.code, "name": unit.name} for unit in units]


def _row(units: Units, unit: Unit, old: bool) -> dict[str, Any]:
    others = units.successors(unit.code) if old else units.predecessors(unit.code)
    return {
        "list": f"until {communes.EVE}" if old else f"since {communes.REFORM}",
        "code": unit.code,
        "name": unit.name,
        "in": _around(units, unit, old),
        "corresponds to": [f"{other.name} ({other.code})" for other in others],
    }


def _around(units: Units, unit: Unit, old: bool) -> str:
    """District and province of a commune."""
    if isinstance(unit, Province):
        return ""
    return ", ".join(name for name in (_district(unit), _province(units, unit, old)) if name)


def _district(commune: Commune) -> str:
    return communes.districts().get(commune.district or "", "")


def _province(units: Units, commune: Commune, old: bool) -> str:
    province = units.province(commune.province, communes.EVE if old else communes.REFORM)
    return province.name if province else ""
