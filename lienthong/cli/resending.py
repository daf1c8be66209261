"""``lienthong dossier resend`` and ``join``: what a person may do about a step that its agency does not have."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from broker.clock import random_id, system_clock
from broker.store.errors import Conflict
from lienthong.cli.common import FOUND_WRONG, Folder, Who, Why, explained, fail, load, out

T = TypeVar("T")

Code = Annotated[str, typer.Argument(help="Any code: the hub's, the portal's, an agency's.")]
Step = Annotated[str, typer.Argument(help="Id of the step.")]


def resend(code: Code, step: Step, who: Who, why: Why, project: Folder = Path()) -> None:
    """Send a step to its agency again under the same key; where it can be asked, it is asked first."""
    from broker.resending import Resending

    async def act(resending: Resending) -> str:
        return (await resending.resend(code, step, who, why)).id

    out.print(f"delivery {_with_hub(project, act)} leaves again")


def join(
    code: Code,
    step: Step,
    agency_code: Annotated[str, typer.Argument(help="The agency's own number of what it has.")],
    who: Who,
    why: Why,
    project: Folder = Path(),
) -> None:
    """Take a dossier that was typed in at the agency by hand for the step: the hub's own is not sent any more."""
    from broker.resending import Resending

    async def act(resending: Resending) -> str:
        return (await resending.join(code, step, agency_code, who, why)).code

    out.print(f"{_with_hub(project, act)} {step} is {agency_code} there")


def _with_hub(folder: Path, act: Callable[..., Awaitable[T]]) -> T:
    """Act on an open hub, which tells the portal what changes."""
    from broker.opening import open_hub
    from broker.replay import Replay
    from broker.resending import Resending

    project = load(folder)

    async def run() -> T:
        hub = open_hub(project)
        try:
            replay = Replay(project, hub.store, system_clock, random_id)
            return await act(Resending(hub.store, hub.changes, replay, system_clock))
        finally:
            await hub.close()

    with explained():
        try:
            return asyncio.run(run())
        except Conflict as error:
            fail(FOUND_WRONG, str(error))
