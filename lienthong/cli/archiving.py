"""``lienthong log archive``, ``archives``, ``redact`` and ``export``: the log as files that stand alone."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from broker.evidence.gathering import Asked
from lienthong.cli.common import Folder, Json, Who, Why, load, out, show, store
from lienthong.cli.vouching import Out, What, run


def archive(project: Folder = Path()) -> None:
    """Write the archives whose period is over and take elsewhere what was not, as the job ``archive`` does."""
    written = run(project, lambda made: made.archives.run())
    out.print(f"{written} archives written")


def archives(project: Folder = Path(), as_json: Json = False) -> None:
    """List the archives."""
    with store(load(project)) as opened:
        found = opened.read(lambda tx: tx.archives.all())
    rows = [
        {
            "period": one.period,
            "first": one.start,
            "entries": one.stop - one.start,
            "written": one.at,
            "file": one.file,
            "sha256": one.sha256,
            "transferred": one.transferred_at,
        }
        for one in found
    ]
    show(rows, ["period", "first", "entries", "written", "file", "transferred"], as_json=as_json)


def redact(
    period: Annotated[str, typer.Argument(help="Period of the archive: 2026-11 or 2026-11-22.")],
    who: Who,
    why: Why,
    project: Folder = Path(),
) -> None:
    """Write an archive anew without the bodies that were erased since; it verifies as before."""
    gone = run(project, lambda made: made.archives.redact(period, who, why))
    out.print(f"{gone} bodies are not in the archive of {period} any more")


def export(
    file: Out,
    who: Who,
    purpose: What,
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")] = None,
    project: Folder = Path(),
) -> None:
    """Write the whole log, or that of some days, to a file that verifies alone; with all bodies that there are."""
    asked = Asked(who, purpose, bodies=True)
    count = run(project, lambda made: made.archives.export(file, asked, _day(first), _day(last)))
    out.print(f"{file}: {count} entries; verify it with `lienthong verify`", highlight=False, markup=False)


def _day(at: datetime | None) -> date | None:
    return None if at is None else at.date()
