"""``python -m bench.day``: a simulated Monday of the nation; exit code 1 if a dossier or a deadline went wrong."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bench.day import report
from bench.day.judge import judge
from bench.day.run import Options, Run

_PROJECT = Path(__file__).resolve().parents[2]


def main(
    dossiers: Annotated[int, typer.Option(min=1, help="Declarations of the day.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Decides everything that is drawn.")] = 1,
    report_file: Annotated[Path | None, typer.Option("--report", help="Write the figures to a file.")] = None,
) -> None:
    """Let a Monday's dossiers arrive, an agency fail for two hours, and everything come to its end."""
    with tempfile.TemporaryDirectory(prefix="lienthong-day-") as folder:
        values = asyncio.run(_day(Path(folder), Options(dossiers, seed)))
    print(report.text(values))
    if report_file is not None:
        report_file.write_text(json.dumps(values, ensure_ascii=False, indent=2), encoding="utf-8")
    if values["problems"]:
        raise typer.Exit(1)


async def _day(folder: Path, options: Options) -> dict[str, object]:
    day = await Run(_PROJECT, folder, options, lambda line: print(line, flush=True)).run()
    try:
        return report.figures(day, judge(day))
    finally:
        await day.hub.close()


if __name__ == "__main__":
    typer.run(main)
