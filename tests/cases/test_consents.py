"""The lump sum after a death, which needs the word of every relative: who is awaited, who agrees, who does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from broker.model import StepState
from lienthong.demo.death import Relative
from lienthong.demo.document import consent
from tests.cases.evidence import arrivals
from tests.cases.test_insurance import FUNERAL, SURVIVORS, insured, lump_sum
from tests.cases.test_telling import EMAIL, subjects
from tests.worlds import Stage, parent, population, stage

DONE, PLANNED = StepState.COMPLETED, StepState.PLANNED


def three_relatives() -> dict[str, Any]:
    """The lump sum for three, of whom the last has not said anything."""
    wanted = lump_sum()
    third = Relative(parent(population().old_couples()[2].husband), "sibling", "pending")
    survivors = wanted["survivors"]
    return wanted | {
        "survivors": type(survivors)(
            survivors.kind, survivors.recipient, [*survivors.relatives, third], survivors.account
        )
    }


async def say(world: Stage, code: str, number: str, word: str) -> int:
    """A relative's word over REST; the HTTP status of the answer."""
    document = consent(
        code, message_id=f"consent-{word}", officer="CB000001", unit="H01.001", number=number, word=word
    )
    return (await world.send("POST", f"/api/v1/dossiers/{code}/consents", document)).status


async def test_the_third_of_three_is_awaited(tmp_path: Path) -> None:
    """Everything else is settled while the lump sum waits for one; the status and a mail say so without any number,
    and with the word it goes; a word of somebody who is not declared changes nothing.
    """
    wanted = three_relatives()
    third = wanted["survivors"].relatives[2].person
    async with stage(tmp_path) as world:
        code = await world.submit(insured("2", email=EMAIL, **wanted))
        await world.until(lambda: world.states(code).get(FUNERAL) is DONE)
        step = world.dossier(code).step(SURVIVORS)
        assert (step.state, step.reason) == (PLANNED, f"Chờ ý kiến đồng ý của: {third.full_name}")
        shown = " ".join(str(words) for words in (await world.status(code)).itertext())
        assert third.full_name in shown
        assert third.number not in shown
        assert f"Hồ sơ {code}: chờ ý kiến của thân nhân" in subjects(world)
        stranger = population().couples()[5].wife.number
        assert await say(world, code, stranger, "given-paper") == 422
        assert world.states(code)[SURVIVORS] is PLANNED
        assert await say(world, code, third.number, "given-vneid") == 202
        assert set((await world.finish(code)).values()) == {DONE}


async def test_one_refuses(tmp_path: Path) -> None:
    """The lump sum alone ends, in words that say why; nothing of it reaches social insurance; the rest is granted."""
    wanted = three_relatives()
    third = wanted["survivors"].relatives[2].person
    async with stage(tmp_path) as world:
        code = await world.submit(insured("2", **wanted))
        await world.until(lambda: world.states(code).get(FUNERAL) is DONE)
        assert await say(world, code, third.number, "refused") == 202
        states = await world.finish(code)
        assert states.pop(SURVIVORS) is StepState.CANCELLED
        assert set(states.values()) == {DONE}
        assert "không đồng ý" in (world.dossier(code).step(SURVIVORS).reason or "")
        assert arrivals(world, "bhxh", code) == 1
        assert await say(world, code, third.number, "given-paper") == 409
