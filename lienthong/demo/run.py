"""The demo: a world of its own, sixty declarations of both groups, what each family got, and the log verified."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from broker.canonical.jsonform import JsonForm
from broker.clock import system_clock
from lienthong.demo.case import Case
from lienthong.demo.cases import cases
from lienthong.demo.death_cases import careless
from lienthong.demo.families import Families
from lienthong.demo.officers import Officers
from lienthong.demo.portal import Declarant, Journey
from lienthong.demo.report import Outcome, Seen, outcome
from lienthong.demo.world import PORTAL, Plan, World
from sandbox.core.keys import identity
from sandbox.dancu.population import generate
from sandbox.dvcqg.portal import Portal
from signing.log.note import load_note_key

AT_A_TIME = 12
WAIT = 240.0
"""Seconds after which what has not ended counts as failed; a busy machine needs more than an idle one."""
QUIET = 20.0

# Minutes in life, moments here: otherwise the configuration is the project's own.
_QUICK: dict[str, Any] = {
    "schedule.jobs.poll.every": "300ms",
    "schedule.jobs.wake.every": "100ms",
    "schedule.jobs.deadlines.every": "1s",
    "schedule.jobs.checkpoint.every": "2s",
    "hub.delivery.workers": 24,
    "hub.delivery.idle": "100ms",
    "agencies.hotich.poll.every": "600ms",
    "agencies.hotich.poll.later": "6s",
    "agencies.hotich.poll.later_for": "60s",
    "agencies.cancuoc.poll.every": "600ms",
    "agencies.btxh.poll.every": "600ms",
    "agencies.cutru.adapters.send.settings.timeout_seconds": 2,
}
_AGENCIES = ("dancu", "hotich", "cutru", "bhxh", "cancuoc", "btxh", "yte", "dvcqg", "thu")
_PATIENCE = ("unavailable", "throttled", "retry", "ambiguous")


@dataclasses.dataclass(frozen=True)
class Told:
    """What the demo tells whoever watches: ``started(world, total)``, ``ended(journey)``."""

    started: Callable[[World, int], None]
    ended: Callable[[Journey], None]


async def demo(project: Path, folder: Path, told: Told) -> tuple[World, Outcome]:
    """Run the demo in ``folder``; the world is still running when this returns, its `World.close` ends it."""
    world = World(Plan(project, folder, overrides=quick(), apart=True, sandbox={"tick": 0.02}))
    await world.__aenter__()
    try:
        return world, await _declare(world, told)
    except BaseException:
        await world.__aexit__(None, None, None)
        raise


def quick() -> dict[str, Any]:
    """Configuration of a hub whose agencies decide in moments."""
    values = dict(_QUICK)
    for agency in _AGENCIES:
        for kind in _PATIENCE:
            action = "ask" if kind == "ambiguous" else "retry"
            values[f"agencies.{agency}.retry.{kind}"] = {"action": action, "first": 0.4, "cap": 2}
        values[f"agencies.{agency}.limits.concurrency"] = 8
    return values


async def _declare(world: World, told: Told) -> Outcome:
    families = Families(generate(), system_clock().astimezone(world.hub.project.calendar.zone).date())
    signer = identity(world.folder / "sandbox" / PORTAL, PORTAL, system_clock())
    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        Portal(world.url, world.portal_key, identity=signer) as portal,
    ):
        officers = Officers(world.sandbox, session)
        chosen = [await officers.certified(case) for case in cases(families)]
        await officers.instruct([rule for case in chosen for rule in case.rules])
        declarant = Declarant(portal, officers, JsonForm(world.hub.schemas.elements), time.monotonic() + WAIT)
        told.started(world, len(chosen))
        began = time.monotonic()
        journeys = await _send_all(declarant, chosen, told)
        review = await declarant.review(careless(families))
        await _quiet(world)
        seen = Seen(journeys, time.monotonic() - began, await officers.mails(), review)
    await world.hub.log.book.checkpoint()
    keys = world.folder / "keys"
    report = await asyncio.to_thread(
        world.hub.log.book.verify, load_note_key(keys, world.hub.project.hub.key).verifier
    )
    return outcome(world, seen, report)


async def _send_all(declarant: Declarant, chosen: Sequence[Case], told: Told) -> list[Journey]:
    """All declarations, some at a time, as on a busy morning."""
    room = asyncio.Semaphore(AT_A_TIME)

    async def one(number: int, case: Case) -> Journey:
        async with room:
            journey = await declarant.run(number, case)
        told.ended(journey)
        return journey

    return await asyncio.gather(*(one(number, case) for number, case in enumerate(chosen, 1)))


async def _quiet(world: World) -> None:
    """Wait until the portal has been told everything, or some seconds."""
    until = time.monotonic() + QUIET
    while time.monotonic() < until:
        depth = await world.hub.store.aread(lambda tx: tx.deliveries.depth())
        if not any(one.queued or one.leased for one in depth.values()):
            return
        await asyncio.sleep(timedelta(milliseconds=100).total_seconds())


def write_report(file: Path, found: Outcome) -> None:
    """The figures as JSON."""
    file.write_text(json.dumps(found.figures, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def throw_away() -> tempfile.TemporaryDirectory[str]:
    """A folder that goes with the demo."""
    return tempfile.TemporaryDirectory(prefix="lienthong-demo-", ignore_cleanup_errors=True)
