"""What goes wrong between the hub and an agency, and how it ends: the same results, once each."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from broker.model import Delivery, DeliveryState, StepState
from broker.replay import Replay
from sandbox.core.rules import Rule
from tests.cases.evidence import arrivals, assert_once, submission
from tests.worlds import Stage, birth, stage

RECEIVE = {
    "hotich": "nhanHoSoDKHT",
    "cutru": "TiepNhanToKhai",
    "bhxh": "guiHoSoDienTu",
    "cancuoc": "YeuCauCapThe",
}
"""Agency → operation that takes a dossier in."""
MINUTE = timedelta(minutes=1)


def fault(world: Stage, agency: str, **what: Any) -> Rule:
    """The agency misbehaves once when a dossier is submitted to it."""
    rule = {"match": {"operation": RECEIVE[agency]}, "fault": what, "times": 1}
    return world.sandbox.agency(agency).faults.add(rule)


def hush(world: Stage, agency: str) -> None:
    """The agency keeps its notices to itself: the hub learns nothing from them."""
    world.sandbox.agency(agency).hub_url = None


def call_back(world: Stage, agency: str) -> None:
    """The agency tells what it kept back."""
    world.sandbox.agency(agency).hub_url = world.url


def taken_in(world: Stage, code: str, agency: str) -> bool:
    """Whether the hub knows that the agency has its part of the dossier."""
    steps = [step for step in world.dossier(code).steps if step.agency == agency]
    return any(step.state not in (StepState.PLANNED, StepState.SENDING) for step in steps)


def pauses(world: Stage) -> list[str]:
    """The agencies that are held back now."""
    found = world.hub.store.read(lambda tx: tx.deliveries.pauses(world.clock()))
    return [pause.agency for pause in found]


async def replay(world: Stage, delivery: Delivery) -> None:
    """An operator tries a dead delivery again."""
    again = Replay(world.hub.project, world.hub.store, world.clock, lambda: uuid.uuid4().hex)
    await again.replay(delivery, "operator", "the agency was mended")


async def test_agency_down_for_the_whole_first_minute(tmp_path: Path) -> None:
    """Nothing is lost while an agency is away: the step waits as "sending" and goes on when it is back (T2)."""
    async with stage(tmp_path) as world:
        await world.sandbox.agency("hotich").set_down(True)
        code = await world.submit(birth())
        await world.settle()
        await world.advance(MINUTE, step=timedelta(seconds=10))
        waiting = submission(world, code, "registration")
        assert world.states(code)["registration"] is StepState.SENDING
        assert (waiting.error_class, waiting.attempts > 1) == ("unavailable", True)
        await world.sandbox.agency("hotich").set_down(False)
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        assert_once(world, code)


@pytest.mark.parametrize(
    "what",
    [
        pytest.param({"kind": "soap-fault", "code": "receiver", "text": "server error"}, id="server-fault"),
        pytest.param({"kind": "http", "status": 500}, id="http-500"),
        pytest.param({"kind": "http", "status": 503, "retry_after": 30}, id="http-503"),
        pytest.param({"kind": "http", "status": 429, "retry_after": 30}, id="http-429"),
        pytest.param({"kind": "down"}, id="disconnected"),
        pytest.param({"kind": "http", "status": 503, "accept": True}, id="503-after-accepting"),
        pytest.param({"kind": "accept-then-drop"}, id="dropped-after-accepting"),
        pytest.param({"kind": "empty-202"}, id="empty-202"),
        pytest.param({"kind": "malformed", "form": "truncated"}, id="truncated"),
    ],
)
async def test_passing_trouble(tmp_path: Path, what: dict[str, Any]) -> None:
    """Trouble that passes ends in results, one at each agency, whether or not it had accepted the first try."""
    async with stage(tmp_path) as world:
        rules = [fault(world, agency, **what) for agency in RECEIVE]
        code = await world.submit(birth())
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        assert [rule.hits for rule in rules] == [1, 1, 1, 1]
        assert_once(world, code)
        assert world.unfinished() == []
        assert world.work() == []


@pytest.mark.parametrize("agency", ["hotich", "cutru", "bhxh"])
async def test_time_out_after_the_agency_has_accepted(tmp_path: Path, agency: str) -> None:
    """After silence the hub asks before it sends again where it can be asked, else it sends again with the same key."""
    settings = {f"agencies.{agency}.adapters.send.settings.timeout_seconds": 1.5}
    async with stage(tmp_path, overrides=settings) as world:
        rule = fault(world, agency, kind="accept-then-hang")
        hush(world, agency)
        code = await world.submit(birth())
        await world.until(lambda: taken_in(world, code, agency))
        call_back(world, agency)
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        assert rule.hits == 1
        assert_once(world, code)
        assert arrivals(world, agency, code) == (2 if agency == "bhxh" else 1)


async def test_already_received_counts_as_success(tmp_path: Path) -> None:
    """An agency that says "already received" has the dossier: the step goes on and nobody is called (T16)."""
    async with stage(tmp_path) as world:
        for agency in RECEIVE:
            fault(world, agency, kind="http", status=503, accept=True)
            hush(world, agency)
        code = await world.submit(birth())
        await world.until(lambda: all(taken_in(world, code, agency) for agency in RECEIVE))
        assert [arrivals(world, agency, code) for agency in RECEIVE] == [2, 2, 2, 2]
        assert world.work() == []


async def test_retry_after_is_honoured(tmp_path: Path) -> None:
    """An agency that asks for ten minutes is left in peace for ten minutes."""
    async with stage(tmp_path) as world:
        fault(world, "hotich", kind="http", status=503, retry_after=600)
        code = await world.submit(birth())
        await world.settle()
        await world.advance(timedelta(minutes=9), step=MINUTE)
        assert submission(world, code, "registration").attempts == 1
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}


async def test_refused_identity_pauses_the_agency(tmp_path: Path) -> None:
    """401 pauses the agency instead of hammering it; when the pause is over the dossier goes on."""
    async with stage(tmp_path) as world:
        fault(world, "cancuoc", kind="http", status=401)
        code = await world.submit(birth())
        await world.until(lambda: bool(pauses(world)))
        assert pauses(world) == ["cancuoc"]
        assert world.states(code)["identity-card"] is StepState.SENDING
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        assert pauses(world) == []
        assert_once(world, code)


@pytest.mark.parametrize(
    ("what", "error_class"),
    [
        pytest.param(
            {"kind": "soap-fault", "code": "sender", "text": "Dữ liệu không hợp lệ"},
            "rejected",
            id="client-fault",
        ),
        pytest.param(
            {"kind": "http", "status": 302, "location": "http://127.0.0.1:9/"}, "malformed", id="redirect"
        ),
        pytest.param({"kind": "malformed", "form": "broken"}, "malformed", id="not-xml"),
        pytest.param({"kind": "malformed", "form": "wrong-operation"}, "malformed", id="other-operation"),
        pytest.param({"kind": "malformed", "form": "html"}, "malformed", id="html"),
        pytest.param({"kind": "wrong-signature"}, "malformed", id="wrong-signature"),
    ],
)
async def test_trouble_that_needs_a_person(tmp_path: Path, what: dict[str, Any], error_class: str) -> None:
    """A refusal or an answer that cannot be believed stops the step visibly; a replay completes it, once (T14)."""
    async with stage(tmp_path) as world:
        rule = fault(world, "hotich", **what)
        code = await world.submit(birth())
        await world.until(lambda: world.states(code).get("registration") is StepState.STUCK)
        assert rule.hits == 1
        dead = submission(world, code, "registration")
        assert (dead.state, dead.error_class) == (DeliveryState.DEAD, error_class)
        assert {item.kind for item in world.work()} == {"dead-letter", "stuck"}
        await replay(world, dead)
        assert world.work() == []
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        assert_once(world, code)
