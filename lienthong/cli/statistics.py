"""``lienthong statistics``: how many, on time or late, and how long, per unit; no personal data."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from broker.clock import local_day, system_clock
from broker.counting import midnight
from broker.statistics import Line, lines
from broker.store.statistics import KEYS
from lienthong.cli.common import Folder, Json, explained, load, show, store

_COLUMNS = ["unit", "dossiers", "on_time", "late", "rejected", "asked", "median", "p90"]
_FACILITY = "facility"


def statistics(
    by: Annotated[
        str, typer.Option(help=f"One of {', '.join(KEYS)}; or {_FACILITY}: certificates that came late.")
    ] = "agency",
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day; default: today.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day; default: today.")
    ] = None,
    commune: Annotated[str | None, typer.Option(help="Only steps of this commune.")] = None,
    province: Annotated[str | None, typer.Option(help="Only steps of this province.")] = None,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Count the steps planned in a period, per commune, province, agency or step."""
    if by not in (*KEYS, _FACILITY):
        raise typer.BadParameter(f"one of {', '.join((*KEYS, _FACILITY))}", param_hint="--by")
    now = system_clock()
    first = since.date() if since else local_day(now)
    last = until.date() if until else local_day(now)
    begin, end = midnight(first), midnight(last + timedelta(days=1))
    with store(load(project)) as opened, explained():
        if by == _FACILITY:
            certified = opened.read(lambda tx: tx.certificates.late(begin, end))
            rows = [
                {"facility": one, "certificates": of, "late": n} for one, (n, of) in sorted(certified.items())
            ]
            show(rows, ["facility", "certificates", "late"], as_json=as_json)
            return
        found = opened.read(
            lambda tx: lines(tx.statistics.rows(by, begin, end, commune=commune, province=province), now)
        )
    show([line.as_json() if as_json else _row(line) for line in found], _COLUMNS, as_json=as_json)


def _row(line: Line) -> dict[str, Any]:
    """What fits on a screen; the JSON has all."""
    return {
        "unit": line.unit,
        "dossiers": line.dossiers,
        "on_time": line.on_time,
        "late": line.late,
        "rejected": line.rejected,
        "asked": line.supplements,
        "median": _short(line.median),
        "p90": _short(line.p90),
    }


def _short(duration: timedelta | None) -> str:
    return "" if duration is None else str(timedelta(seconds=round(duration.total_seconds())))
