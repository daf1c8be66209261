"""Every way in which an agency's answer can come: civil status, residence and identity cards in whole dossiers.

Social insurance, funeral support and health facilities have theirs beside what else they settle
(``test_insurance.py``, ``test_funeral_support.py``, ``test_health_certificates.py``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from adapters.errors import Rejected
from broker.model import StepState
from broker.store.rows import DeliveryFilter
from sandbox.core.decisions import Verdict
from signing.xml import parse
from tests.cases.evidence import LEGAL, STEPS, assert_once, effects, messages, portal, submission
from tests.worlds import Stage, birth, death, stage, text

COMPLETED = StepState.COMPLETED
HOURS = timedelta(hours=12)
TWO_DAYS = timedelta(days=2)
HELD = {"registration": "hotich", "residence": "cutru", "identity-card": "cancuoc"}
"""Step → agency, of those whose answers are looked at here."""

SPOILT = {
    "registration": ("<noiDangKy>23824<", "<noiDangKy>00004<", "noiDangKy"),
    "residence": ("<HoTen>TRỊNH MINH AN<", "<HoTen>Trịnh Minh An<", "chữ in hoa"),
    "identity-card": ('ngaySinh="10-11-2026"', 'ngaySinh="10-11-2016"', "đủ 6 tuổi"),
    "residence-removal": ("<NgayChet>2026-11-20<", "<NgayChet>2036-11-20<", "NgayChet ở tương lai"),
}
"""Step → what is changed in its message, into what, and a word of the agency's objection."""


async def objection(world: Stage, code: str, step: str) -> str:
    """What the agency says to the step's message with a wrong value, as that of another dossier."""
    old, new, _ = SPOILT[step]
    sent = submission(world, code, step)
    wrong = sent.payload.decode().replace(old, new)
    assert wrong != sent.payload.decode(), step
    other = code[:-6] + "999999"
    key, wrong = sent.key.replace(code, other), wrong.replace(code, other)
    agency = world.hub.agencies[sent.agency]
    again = dataclasses.replace(sent, payload=wrong.encode(), key=key)
    try:
        reply = await agency.send(agency.encode(again))
    except Rejected as refused:
        said = str(refused)
    else:
        receipt = parse(agency.read(sent.operation, reply, world.clock().date()))
        assert text(receipt, "Outcome") in ("rejected", "data-error"), step
        said = text(receipt, "Reason")
    assert world.sandbox.agency(sent.agency).desk.records(dossier=other) == [], step
    return said


def hold(world: Stage, agencies: Iterable[str]) -> None:
    """The agencies take everything in and decide nothing."""
    for agency in agencies:
        world.sandbox.agency(agency).decisions.add({"outcome": "hold"})


async def test_invalid(tmp_path: Path) -> None:
    """A wrong value that leaves the hub is refused by each agency, in words that name it, and has no effect there."""
    async with stage(tmp_path) as world:
        hold(world, ("cutru", "cancuoc"))
        born, died = await world.submit(birth()), await world.submit(death())
        waiting = ((born, "residence"), (born, "identity-card"), (died, "residence-removal"))
        await world.until(
            lambda: all(world.states(code).get(step) is StepState.PROCESSING for code, step in waiting)
        )
        for code, step in ((born, "registration"), *waiting):
            assert SPOILT[step][2] in await objection(world, code, step), step


async def test_late(tmp_path: Path) -> None:
    """Agencies that miss their day: each has a new appointment, and what they say after it still counts."""
    async with stage(tmp_path) as world:
        hold(world, HELD.values())
        code = await world.submit(birth())
        for step, agency in HELD.items():
            await world.until(lambda step=step: world.states(code).get(step) is StepState.PROCESSING)  # type: ignore[misc]  # mypy takes the default for an argument
            due = world.dossier(code).step(step).due
            assert due is not None
            await world.advance(due - world.clock() + HOURS, step=HOURS)
            late = world.dossier(code).step(step)
            assert late.missed == due, step
            assert late.due is not None
            assert late.due > due, step
            world.sandbox.agency(agency).desk.decide(f"{code}:{step}:1", Verdict("approve"))
        assert set((await world.finish(code)).values()) == {COMPLETED}
        assert_once(world, code)


async def test_out_of_order(tmp_path: Path) -> None:
    """A result before "in hand", and "in hand" after the result: the portal sees the legal order, nobody is called."""
    async with stage(tmp_path) as world:
        for agency in HELD.values():
            world.sandbox.agency(agency).faults.add({"fault": {"kind": "out-of-order"}})
        code = await world.submit(birth())
        assert set((await world.finish(code)).values()) == {COMPLETED}
        asked = len(messages(world, "hotich", operation="poll", direction="out"))
        await world.advance(TWO_DAYS, step=HOURS)
        assert len(messages(world, "hotich", operation="poll", direction="out")) > asked
        assert set(world.states(code).values()) == {COMPLETED}
        assert {agency: portal(world, code, agency) for agency in STEPS.values()} == dict.fromkeys(
            STEPS.values(), LEGAL
        )
        assert world.work() == []


async def test_rejection(tmp_path: Path) -> None:
    """A refusal ends that agency's step in its own words, leaves nothing in its register, and the portal is told."""
    reasons = {"cutru": "Chủ hộ không đồng ý", "cancuoc": "Ảnh không đạt yêu cầu"}
    async with stage(tmp_path) as world:
        for agency, reason in reasons.items():
            world.sandbox.agency(agency).decisions.add({"outcome": "reject", "reason": reason})
        code = await world.submit(birth())
        states = await world.finish(code)
        assert (states["residence"], states["identity-card"]) == (StepState.REJECTED, StepState.REJECTED)
        assert (states["registration"], states["card"]) == (COMPLETED, COMPLETED)
        for agency, reason in reasons.items():
            (step,) = (step for step in world.dossier(code).steps if step.agency == agency)
            assert (step.reason or "").endswith(reason)
            assert effects(world, agency, code) == []
            assert portal(world, code, agency)[-1] == 6
        reason = "Giấy chứng sinh không hợp lệ"
        world.sandbox.agency("hotich").decisions.add({"outcome": "reject", "reason": reason})
        other = await world.submit(birth(1))
        await world.finish(other)
        assert world.dossier(other).step("registration").reason == reason
        assert (effects(world, "hotich", other), portal(world, other, "hotich")[-1]) == ([], 6)


async def test_duplicate_for_register_and_portal(tmp_path: Path) -> None:
    """Answers that are lost on the way: the look-up and the state are sent again under their keys, and count once."""
    async with stage(tmp_path) as world:
        drops = [
            world.sandbox.agency(agency).faults.add({"fault": {"kind": "accept-then-drop"}, "times": 1})
            for agency in ("dancu", "dvcqg")
        ]
        code = await world.submit(birth())
        assert set((await world.finish(code)).values()) == {COMPLETED}
        await world.until(lambda: not world.unfinished())
        assert [rule.hits for rule in drops] == [1, 1]
        tried = world.hub.store.read(lambda tx: tx.deliveries.list(DeliveryFilter(), limit=100))
        again = {one.agency for one in tried.items if one.attempts == 2}
        assert again == {"dancu", "dvcqg"}
        assert_once(world, code)
        assert world.work() == []
