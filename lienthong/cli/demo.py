"""``lienthong demo``: the main job, in a world that is thrown away afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lienthong.cli.common import FOUND_WRONG, Folder, out
from lienthong.demo.portal import Journey
from lienthong.demo.run import Told, throw_away, write_report
from lienthong.demo.run import demo as run_demo
from lienthong.demo.tables import WIDTH, show
from lienthong.demo.world import World


def demo(
    report: Annotated[Path | None, typer.Option(help="Write the figures to this file as JSON.")] = None,
    keep_running: Annotated[
        bool, typer.Option("--keep-running", help="Leave hub and agencies running.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Keep everything below this folder instead of a throw-away one.")
    ] = None,
    project: Folder = Path(),
) -> None:
    """Start a hub and the sandbox agencies, send sixty declarations, show what each family got, verify the log."""
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(throw_away()))
        folder.mkdir(parents=True, exist_ok=True)
        # Retries are the demo's subject: the tables tell them, not the log.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
        with contextlib.suppress(KeyboardInterrupt):
            raise typer.Exit(
                asyncio.run(_run(project.resolve(), folder.resolve(), report, keep_running, began))
            )


async def _run(project: Path, folder: Path, report: Path | None, keep_running: bool, began: float) -> int:
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=out
    )
    task = bar.add_task("starting hub and agencies", total=None)

    def started(world: World, total: int) -> None:
        bar.update(task, description="declarations", total=total)

    def ended(journey: Journey) -> None:
        bar.advance(task)

    with bar:
        world, found = await run_demo(project, folder, Told(started, ended))
    try:
        # A file or a pipe has no width of its own: the tables are made for reading, not for folding.
        show(out if out.is_terminal else Console(width=WIDTH, soft_wrap=True), found)
        if report is not None:
            write_report(report, found)
        if keep_running:
            out.print(f"commands see this world with: export LIENTHONG_LOCAL={folder / 'local.json'}")
        addresses = "  ".join(f"{name} {world.sandbox.url(name)}" for name in world.sandbox.names)
        took = f"{time.monotonic() - began:.0f} s"
        out.print(f"{took}  hub {world.url}/api/docs  {addresses}", highlight=False)
        if keep_running:
            out.print("running until Ctrl-C", highlight=False)
            await asyncio.Event().wait()
    finally:
        await world.__aexit__(None, None, None)
    return 0 if found.ok else FOUND_WRONG
