"""Dates that decide: cut-off and holidays, and the day from which new rules are in force."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from lienthong.demo.document import Birth
from tests.worlds import Stage, birth, stage, text, texts

FRIDAY = datetime(2026, 4, 24, tzinfo=UTC)
"""Monday 27 April and Thursday 30 April to Friday 1 May 2026 are public holidays."""


def _close(month: int, day: int) -> datetime:
    """17:00 in Hà Nội, the close of office."""
    return datetime(2026, month, day, 10, tzinfo=UTC)


def _spring() -> Birth:
    """A birth of April 2026, before identity cards joined the procedure."""
    return birth(born=date(2026, 4, 10), identity_card=None)


async def _dues(world: Stage, code: str) -> dict[str, datetime | None]:
    """When the dossier and each of its steps are due."""
    dossier = world.dossier(code)
    return {"dossier": dossier.due} | {step.id: step.due for step in dossier.steps}


@pytest.mark.parametrize(
    ("minute", "dues"),
    [
        pytest.param(
            "07:59",
            {"dossier": (5, 4), "registration": (4, 24), "residence": (4, 29), "card": (4, 29)},
            id="14:59",
        ),
        pytest.param(
            "08:01",
            {"dossier": (5, 5), "registration": (4, 28), "residence": (5, 4), "card": (5, 4)},
            id="15:01",
        ),
    ],
)
async def test_friday_before_a_holiday(tmp_path: Path, minute: str, dues: dict[str, tuple[int, int]]) -> None:
    """On a Friday before a holiday Monday two minutes around the cut-off make a working day's difference (T22)."""
    hour, _, minutes = minute.partition(":")
    at = FRIDAY.replace(hour=int(hour), minute=int(minutes))
    async with stage(tmp_path, at) as world:
        response = await world.post(_spring())
        answer = await response.read()
        assert response.status == 202, answer.decode()
        promised = datetime.fromisoformat(text(answer, "Due"))
        assert promised == _close(*dues["dossier"])
        code = text(answer, "DossierCode")
        assert set((await world.finish(code)).values()) == {"completed"}
        assert await _dues(world, code) == {name: _close(*day) for name, day in dues.items()}
        assert set(texts(await world.status(code), "Overdue")) == {"false"}


async def test_rules_of_the_day_of_receipt(tmp_path: Path) -> None:
    """Up to 31 August 2026 there are three procedures; from the first of September the identity card too (T4)."""
    async with stage(tmp_path, datetime(2026, 8, 31, 16, 59, tzinfo=UTC)) as world:
        refused = await world.post(birth(0, born=date(2026, 8, 10)))
        body = await refused.read()
        assert refused.status == 422
        assert text(body, "Field") == "Choices/IdentityCardOffice"
        assert "01/09/2026" in text(body, "Vi")
        before = await world.submit(birth(0, born=date(2026, 8, 10), identity_card=None))
        world.clock.advance(minutes=1)
        after = await world.submit(birth(1, born=date(2026, 8, 10)))
        for code, rules, procedure, steps in (
            (before, "nd63", "2.002621", {"registration", "residence", "card"}),
            (after, "nd301", "3.000722", {"registration", "residence", "card", "identity-card"}),
        ):
            states = await world.finish(code)
            assert set(states) == steps
            assert set(states.values()) == {"completed"}
            assert world.dossier(code).rule_set == rules
            assert text(await world.status(code), "Procedure") == procedure


async def test_holidays_do_not_count(tmp_path: Path) -> None:
    """Received on a day off, everything counts from the next working day: 3 September 2026 after the National Day."""
    async with stage(tmp_path, datetime(2026, 8, 31, 3, 0, tzinfo=UTC)) as world:
        code = await world.submit(birth(0, born=date(2026, 8, 10), identity_card=None))
        await world.settle()
        dossier = world.dossier(code)
        assert dossier.step("registration").due == _close(9, 3)
        assert dossier.due == _close(9, 8)


async def test_overdue_is_seen(tmp_path: Path) -> None:
    """An agency past its time is marked in the status and gives its owner one work item, not one at every look."""
    async with stage(tmp_path) as world:
        world.sandbox.agency("hotich").decisions.add({"outcome": "hold"})
        code = await world.submit(birth())
        await world.settle()
        due = world.dossier(code).step("registration").due
        assert due is not None
        world.clock.set(due)
        await world.hub.rounds.deadlines()
        assert world.work("deadline") == []
        for _ in range(3):
            await world.advance(timedelta(hours=1), step=timedelta(hours=1))
        assert set(texts(await world.status(code), "Overdue")) == {"true", "false"}
        (item,) = world.work("deadline")
        assert item.owner == "ho-tich-truc"
