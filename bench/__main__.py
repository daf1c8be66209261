"""``python -m bench``: measure this machine, print what was found, exit with 1 if a message was lost or altered."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bench import report
from bench.run import Options, run

_PROJECT = Path(__file__).resolve().parents[1]


def main(
    seconds: Annotated[float, typer.Option(min=1, help="Measured time of all rounds together, about.")] = 60,
    connections: Annotated[int, typer.Option(min=1, help="Portals that send at one time.")] = 16,
    in_flight: Annotated[int, typer.Option(min=1, max=256, help="Deliveries at one time.")] = 32,
    loop: Annotated[str, typer.Option(help="The hub's event loop: asyncio or uvloop.")] = "uvloop",
    profile: Annotated[bool, typer.Option(help="Also show where the hub spends its time.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to a file.")] = None,
) -> None:
    """Measure the hub against the C-level parts of its work, on this machine and in one run."""
    options = Options(seconds, connections, in_flight, loop, profile)
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as folder:
        result = run(_PROJECT, Path(folder) / "project", options, lambda line: print(line, flush=True))
    print(report.text(result))
    if json_file is not None:
        json_file.write_text(
            json.dumps(report.figures(result), ensure_ascii=False, indent=2), encoding="utf-8"
        )
    if result.verdict.problems:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
