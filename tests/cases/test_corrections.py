"""Acts that civil status corrects after other agencies have built on them: the news goes round, each answer is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import aiohttp

from broker.model import CorrectionState, StepState
from lienthong.demo.death import Death, Merit
from tests.cases.evidence import LEGAL, portal
from tests.cases.test_insurance import insured
from tests.cases.test_reconciliation import command
from tests.cases.test_telling import EMAIL, subjects
from tests.lienthong.cli.conftest import copied
from tests.worlds import Stage, birth, death, stage, texts

ACCEPTED, REFUSED = CorrectionState.ACCEPTED, CorrectionState.REFUSED
CHILD = {"residence": "cutru", "card": "bhxh", "identity-card": "cancuoc"}
"""Step → agency, of those that build on a birth."""


async def correct(world: Stage, code: str, values: Mapping[str, str]) -> None:
    """An officer of civil status corrects the registered act at the desk; the hub hears of it when it next asks."""
    url = f"{world.sandbox.agency('hotich').url}/_control/correct"
    async with aiohttp.ClientSession() as session:
        order = {"key": f"{code}:registration:1", "values": dict(values)}
        async with session.post(url, json=order) as answer:
            assert answer.status == 200, await answer.text()
    await world.advance(timedelta(days=1), step=timedelta(hours=12))


def answers(world: Stage, code: str) -> dict[str, CorrectionState]:
    """Step → how its agency took the correction, of those that were told."""
    steps = world.dossier(code).steps
    return {step.id: step.correction for step in steps if step.correction is not None}


def corrected(world: Stage, agency: str) -> bool:
    """Whether the agency's register says that something was corrected."""
    desk = world.sandbox.agency(agency).desk
    return any("đính chính" in what.casefold() for one in desk.records() for what in desk.effects(one.key))


async def test_birth_corrected_after_everything_was_issued(tmp_path: Path) -> None:
    """T7: police, social insurance and identity cards are told of the name, take it over, and everybody is shown: the
    portal, the status, the command line, and the applicant by mail.
    """
    folder = copied(tmp_path / "project")
    async with stage(folder) as world:
        code = await world.submit(birth(email=EMAIL))
        await world.finish(code)
        await correct(world, code, {"nksHoTen/Ten": "Ân"})
        assert answers(world, code) == dict.fromkeys(CHILD, ACCEPTED)
        assert set(world.states(code).values()) == {StepState.COMPLETED}
        assert world.work() == []
        for agency in CHILD.values():
            assert corrected(world, agency), agency
            assert portal(world, code, agency) == LEGAL
        status = await world.status(code)
        assert [state.text for state in status.iterfind(".//{*}Correction/{*}State")] == ["accepted"] * 3
        shown = json.loads(await asyncio.to_thread(command, folder, "dossier", "show", code, "--json"))
        assert {step["id"]: step["correction"] for step in shown["steps"]} == {
            "registration": None,
            **dict.fromkeys(CHILD, "accepted"),
        }
        assert f"Hồ sơ {code}: kết quả “Đăng ký khai sinh” được cải chính" in subjects(world)


async def test_an_agency_that_does_not_take_it(tmp_path: Path) -> None:
    """T7: police and social insurance take another birth date, identity cards refuse it: shown in their words; the step
    stands, and somebody has to settle it by a date.
    """
    async with stage(tmp_path) as world:
        code = await world.submit(birth())
        await world.finish(code)
        await correct(world, code, {"nksNgaySinh/ngaySinh": "09"})
        assert answers(world, code) == {"residence": ACCEPTED, "card": ACCEPTED, "identity-card": REFUSED}
        step = world.dossier(code).step("identity-card")
        assert step.state is StepState.COMPLETED
        assert "Ngày sinh" in (step.correction_note or "")
        (item,) = world.work()
        assert (item.kind, item.step, item.owner) == (
            "correction",
            "identity-card",
            world.hub.book.owner("cancuoc"),
        )
        assert item.due is not None
        assert item.due > world.clock()
        assert "refused" in list(texts(await world.status(code), "State"))
        assert world.unfinished() == []


def supported() -> Death:
    """The death of somebody insured, in which social insurance and social protection both support the funeral."""
    merit = Merit("Thương binh", "1234/QĐ-UBND", date(1998, 7, 27), "Sở Nội vụ", 65)
    return insured("1", merit=merit, merit_funeral=death().registration)


async def test_death_corrected_after_removal_and_support(tmp_path: Path) -> None:
    """T7: police, social insurance and social protection have settled a death; its day is corrected: all take it."""
    async with stage(tmp_path) as world:
        code = await world.submit(supported())
        await world.finish(code)
        built = set(world.states(code)) - {"registration"}
        assert built == {"residence-removal", "funeral-insurance", "funeral-merit", "pension-stop"}
        await correct(world, code, {"nktNgayChet/ngayChet": "19"})
        assert answers(world, code) == dict.fromkeys(built, ACCEPTED)
        assert set(world.states(code).values()) == {StepState.COMPLETED}
        assert world.work() == []
