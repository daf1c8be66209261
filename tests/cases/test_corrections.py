"""A birth that is corrected after other agencies have built on it: the news goes round, and each answer is kept."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from broker.model import CorrectionState, StepState
from tests.cases.evidence import LEGAL, effects, portal
from tests.worlds import Stage, birth, stage, texts


async def correct(world: Stage, code: str, pattern: str, value: str) -> None:
    """Civil status tells the same result again with another value in the elements that ``pattern`` names."""
    result = world.dossier(code).step("registration").result
    assert result is not None
    changed = re.sub(rf"(<{pattern}>)[^<]*", rf"\g<1>{value}", result.decode())
    assert changed != result.decode()
    at = world.clock().isoformat()
    report = (
        f'<AgencyReport xmlns="urn:lienthong:1.0"><Item><DossierCode>{code}</DossierCode><Outcome>ok</Outcome>'
        f"<State>completed</State><At>{at}</At>{changed}</Item></AgencyReport>"
    )
    await world.hub.reports.take("hotich", report.encode(), lambda tx, dossier: None)
    await world.settle()


async def test_birth_corrected_after_the_card_was_issued(tmp_path: Path) -> None:
    """T7: every agency that built on the birth is told, takes it, and the portal and the status show it."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth())
        await world.finish(code)
        await world.advance(timedelta(days=1), step=timedelta(hours=12))
        await correct(world, code, "ChildName", "NGUYỄN MINH ÂN")
        dossier = world.dossier(code)
        assert set(world.states(code).values()) == {StepState.COMPLETED}
        assert dossier.step("identity-card").correction is CorrectionState.ACCEPTED
        card = world.sandbox.agency("cancuoc").desk.effects(f"{code}:identity-card:c1")
        assert ["NGUYỄN MINH ÂN" in effect for effect in card] == [True]
        assert len(effects(world, "cancuoc", code)) == 1
        assert portal(world, code, "cancuoc") == LEGAL
        status = await world.status(code)
        assert "accepted" in list(texts(status, "State"))
        assert any("ChildName" in note for note in texts(status, "Note"))


async def test_an_agency_that_does_not_take_it(tmp_path: Path) -> None:
    """T7: it refuses another birth date; that is shown, and somebody has to settle it by a date."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth())
        await world.finish(code)
        await world.advance(timedelta(days=1), step=timedelta(hours=12))
        await correct(world, code, "ChildBirthDate", "2026-11-11")
        step = world.dossier(code).step("identity-card")
        assert (step.state, step.correction) == (StepState.COMPLETED, CorrectionState.REFUSED)
        assert "Ngày sinh" in (step.correction_note or "")
        items = [item for item in world.work("correction") if item.step == "identity-card"]
        assert [item.owner for item in items] == [world.hub.book.owner("cancuoc")]
        assert all(item.due is not None for item in items)
        assert [item for item in world.unfinished() if item.agency == "cancuoc"] == []
