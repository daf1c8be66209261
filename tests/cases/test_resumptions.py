"""What comes later in a dossier: procedures that were not chosen at first, and papers on the last day for them."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from pathlib import Path

import pytest

from broker.model import StepState
from lienthong.demo.death import Death, Funeral
from lienthong.demo.document import Birth, declaration
from sandbox.core.xml import parse, serialize
from tests.births import supplement
from tests.cases.evidence import effects
from tests.cases.test_courses import decide
from tests.cases.test_funeral_support import supported
from tests.worlds import Stage, birth, death, parent, population, stage

DAY, DONE = timedelta(days=1), StepState.COMPLETED


async def resume(world: Stage, code: str, event: Birth | Death) -> int:
    """The declaration once more, with what is wanted in addition; the HTTP status of the answer."""
    root = parse(supplement(code, "resume-1"))
    asked = serialize(root).decode().replace("SupplementRequest", "ResumeRequest")
    whole = parse(asked.encode())
    whole.append(parse(declaration(event)))
    return (await world.send("POST", f"/api/v1/dossiers/{code}/resumption", serialize(whole))).status


async def test_a_residence_chosen_after_everything_else_was_done(tmp_path: Path) -> None:
    """T11: the birth is registered and the card issued; weeks later residence is asked for in the same dossier."""
    first = birth(residence=None, head=None, identity_card=None)
    wanted = dataclasses.replace(birth(), identity_card=None)
    async with stage(tmp_path) as world:
        code = await world.submit(first)
        assert set(await world.finish(code)) == {"registration", "card"}
        await world.advance(14 * DAY, step=DAY)
        assert await resume(world, code, wanted) == 202
        assert await world.finish(code) == dict.fromkeys(("registration", "residence", "card"), DONE)
        assert [len(effects(world, agency, code)) for agency in ("hotich", "cutru", "bhxh")] == [1, 1, 1]


async def test_funeral_support_chosen_later(tmp_path: Path) -> None:
    """T11: after the removal is done the widower asks for funeral support; only that goes out."""
    widower = parent(population().old_couples()[0].husband)
    home = death().registration
    wanted = death(protection_funeral=home, funeral=Funeral(date(2026, 11, 22), home, widower, "spouse"))
    async with stage(tmp_path) as world:
        code = await world.submit(death())
        await world.finish(code)
        assert await resume(world, code, wanted) == 202
        states = await world.finish(code)
        assert states == dict.fromkeys(("registration", "residence-removal", "funeral-protection"), DONE)
        assert len(effects(world, "cutru", code)) == 1


@pytest.mark.parametrize(("agency", "step"), [("btxh", "funeral-protection"), ("hotich", "registration")])
async def test_supplements_of_a_death_on_their_last_day(tmp_path: Path, agency: str, step: str) -> None:
    """What is handed in on the seventh working day counts; on the eighth the step has ended and it is too late."""
    async with stage(tmp_path) as world:
        for number, status in ((0, 202), (1, 409)):
            decide(world, agency, outcome="supplement", reason="Thiếu giấy báo tử")
            code = await world.submit(supported("protection", number=number))
            await world.until(lambda code=code: world.states(code).get(step) is StepState.SUPPLEMENT)  # type: ignore[misc]  # mypy takes the default for an argument
            due = world.dossier(code).step(step).supplement_due
            assert due is not None
            await world.advance(due - world.clock() - timedelta(minutes=5), step=DAY)
            if status == 409:
                await world.advance(DAY, step=DAY / 2)
            request = supplement(code, f"supplement-{number}", note="Đã bổ sung")
            answer = await world.send("POST", f"/api/v1/dossiers/{code}/supplements", request)
            assert answer.status == status
            states = await world.finish(code)
            assert states[step] is (DONE if status == 202 else StepState.REJECTED)
