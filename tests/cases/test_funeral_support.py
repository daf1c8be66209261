"""Funeral support from the declaration to the decision: three kinds, one agency, several of them in one dossier."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from broker.model import CorrectionState, StepState
from lienthong.demo.death import Account, Death, Funeral, Merit
from sandbox.core.decisions import Verdict
from sandbox.core.xml import parse, text
from sandbox.hotich import HoTich
from tests.births import supplement
from tests.worlds import Stage, death, parent, population, stage

COMPLETED, REJECTED, SUPPLEMENT = StepState.COMPLETED, StepState.REJECTED, StepState.SUPPLEMENT

HALF_A_DAY = timedelta(hours=12)


def supported(*kinds: str, number: int = 0, **changes: Any) -> Death:
    """A death whose widower wants the named kinds of funeral support."""
    plain = death(number)
    widower = parent(population().old_couples()[number].husband)
    home = plain.registration
    funeral = Funeral(
        date(2026, 11, 22), home, widower, "spouse", account=Account("NGUYEN VAN A", "0123456789", "Agribank")
    )
    offices = {f"{kind}_funeral": home for kind in kinds}
    merit = (
        Merit("Thương binh", "1234/QĐ-UBND", date(1998, 7, 27), "Sở Nội vụ", 65) if "merit" in kinds else None
    )
    return dataclasses.replace(plain, funeral=funeral, merit=merit, **offices, **changes)


def family_and_middle(number: int) -> str:
    """The name of the deceased without the given name."""
    person = death(number).deceased
    return " ".join(part for part in (person.family, person.middle) if part)


def received(world: Stage) -> list[str]:
    """What social protection took in, by operation."""
    return [record.operation for record in world.sandbox.agency("btxh").desk.records()]


@pytest.mark.parametrize("kind", ["merit", "protection", "emergency"])
async def test_each_kind(tmp_path: Path, kind: str) -> None:
    """The decision comes back with its number and the agency's amount, under the step that asked."""
    async with stage(tmp_path) as world:
        code = await world.submit(supported(kind))
        states = await world.finish(code)
        assert states[f"funeral-{kind}"] in (COMPLETED, StepState.RETURNED)
        step = next(step for step in world.dossier(code).steps if step.id == f"funeral-{kind}")
        assert step.result is not None
        result = parse(step.result)
        assert text(result, "DecisionNumber") == "01/QĐ-MTP"
        assert text(result, "PaidTo")
        record = world.sandbox.agency("btxh").desk.records()[0]
        assert "AcceptKey: LIENTHONG" not in record.content


async def test_two_kinds_in_one_dossier(tmp_path: Path) -> None:
    """Merit and social protection are two requests; each answer finds its own step, one refused beside one decided."""
    async with stage(tmp_path) as world:
        world.sandbox.agency("btxh").decisions.add(
            {
                "match": {"contains": "DoiTuongMaiTang: BTXH"},
                "outcome": "reject",
                "reason": "Không thuộc đối tượng",
            }
        )
        code = await world.submit(supported("merit", "protection"))
        states = await world.finish(code)
        assert states["funeral-merit"] in (COMPLETED, StepState.RETURNED)
        assert states["funeral-protection"] == REJECTED
        assert states["residence-removal"] in (COMPLETED, StepState.RETURNED)


async def test_the_accounts_key_is_in_no_log(tmp_path: Path) -> None:
    """What is logged is what was sent but for the account's key, which only the agency gets."""
    async with stage(tmp_path) as world:
        code = await world.submit(supported("merit"))
        await world.finish(code)
        key = world._secret("btxh-key").read_bytes()
        rows = world.hub.store.read(lambda tx: tx.messages.of_dossier(code))
        bodies = [world.hub.store.read(lambda tx, one=row: tx.messages.body(one.id)) for row in rows]
        assert any(b"<AcceptKey>LIENTHONG</AcceptKey>" in body for body in bodies)
        assert not any(key in body for body in bodies)


async def test_supplement(tmp_path: Path) -> None:
    """What the agency asked for is handed in, and only then decided."""
    async with stage(tmp_path) as world:
        btxh = world.sandbox.agency("btxh")
        btxh.decisions.add({"outcome": "supplement", "reason": "Thiếu tờ khai mai táng", "times": 1})
        code = await world.submit(supported("protection"))
        await world.until(lambda: world.states(code).get("funeral-protection") == SUPPLEMENT)
        request = supplement(code, "supplement-1", note="Đã bổ sung & ký ]]>")
        response = await world.send("POST", f"/api/v1/dossiers/{code}/supplements", request)
        assert response.status in (200, 202), await response.text()
        states = await world.finish(code)
        assert states["funeral-protection"] in (COMPLETED, StepState.RETURNED)
        assert received(world) == ["DongBoDVC", "BoSungHoSo"]


async def test_answer_lost_on_the_way(tmp_path: Path) -> None:
    """After silence the agency is asked by our key; it has the request, so nothing is sent twice."""
    async with stage(tmp_path) as world:
        btxh = world.sandbox.agency("btxh")
        btxh.faults.add(
            {"match": {"operation": "DongBoDVC"}, "fault": {"kind": "accept-then-drop"}, "times": 1}
        )
        states = await world.finish(await world.submit(supported("emergency")))
        assert states["funeral-emergency"] in (COMPLETED, StepState.RETURNED)
        assert [record.times for record in btxh.desk.records()] == [1]


async def test_late_and_corrected(tmp_path: Path) -> None:
    """A decision long after its day still counts, "in hand" after it changes nothing; then civil status corrects the
    name of the deceased, and social protection takes it over.
    """
    async with stage(tmp_path) as world:
        btxh, hotich = world.sandbox.agency("btxh"), world.sandbox.agency("hotich")
        assert isinstance(hotich, HoTich)
        btxh.decisions.add({"outcome": "hold"})
        btxh.faults.add({"fault": {"kind": "out-of-order"}})
        code = await world.submit(supported("protection"))
        await world.until(lambda: world.states(code).get("funeral-protection") is StepState.PROCESSING)
        due = world.dossier(code).step("funeral-protection").due
        assert due is not None
        await world.advance(due - world.clock() + HALF_A_DAY, step=HALF_A_DAY)
        assert world.dossier(code).step("funeral-protection").missed == due
        btxh.desk.decide(f"{code}:funeral-protection:1", Verdict("approve"))
        assert (await world.finish(code))["funeral-protection"] is COMPLETED
        await world.advance(2 * HALF_A_DAY, step=HALF_A_DAY)
        assert world.states(code)["funeral-protection"] is COMPLETED
        hotich.correct(f"{code}:registration:1", {"nktHoTen/Ten": "Hạnh"})
        await world.advance(4 * HALF_A_DAY, step=HALF_A_DAY)
        assert world.dossier(code).step("funeral-protection").correction is CorrectionState.ACCEPTED
        assert [row["name"] for row in btxh.database.rows("SELECT name FROM support")] == [
            f"{family_and_middle(0)} Hạnh"
        ]


async def test_support_given_twice_is_refused_in_readable_words(tmp_path: Path) -> None:
    """The agency's own sentence reaches whoever has to look at the step."""
    async with stage(tmp_path) as world:
        first = await world.submit(supported("protection"))
        await world.finish(first)
        row = world.sandbox.agency("btxh").database.row("SELECT * FROM support")
        assert row is not None
        with world.sandbox.agency("btxh").database.transaction() as sql:
            sql.execute(
                "UPDATE support SET personal_number = ?", (supported("protection", number=1).deceased.number,)
            )
        second = await world.submit(supported("protection", number=1))
        states = await world.finish(second)
        assert states["funeral-protection"] == StepState.STUCK
        step = next(step for step in world.dossier(second).steps if step.id == "funeral-protection")
        assert "Đã giải quyết mai táng phí" in (step.reason or "")
