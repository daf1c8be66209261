"""Trying a dead delivery again: the delivery, its step and its alarms move together, and the dossier completes."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.model import DeliveryState, StepState
from broker.replay import Replay
from broker.store.errors import Conflict
from broker.store.rows import DeliveryFilter
from tests.worlds import Stage, birth, stage


def refuse_once(world: Stage, operation: str, agency: str = "hotich") -> None:
    """The agency refuses one message for good."""
    fault = {"kind": "soap-fault", "code": "sender", "text": "không đọc được hồ sơ"}
    world.sandbox.agency(agency).faults.add({"match": {"operation": operation}, "fault": fault, "times": 1})


async def test_a_stuck_step_goes_on_to_its_end(tmp_path: Path) -> None:
    """After the replay nobody is called any more, the act is noted, and every result comes."""
    async with stage(tmp_path) as world:
        refuse_once(world, "nhanHoSoDKHT")
        code = await world.submit(birth())
        await world.settle()
        assert world.states(code)["registration"] is StepState.STUCK
        assert {item.kind for item in world.work()} >= {"dead-letter"}
        (delivery,) = world.hub.store.read(
            lambda tx: tx.deliveries.list(DeliveryFilter(state=DeliveryState.DEAD))
        ).items
        replay = Replay(world.hub.project, world.hub.store, world.clock, world.plan.outside.new_id)
        await replay.replay(delivery, "trực ban", "the agency was mended")
        assert world.states(code)["registration"] is StepState.SENDING
        assert world.work() == []
        acts = world.hub.store.read(lambda tx: tx.acts.of(delivery.id))
        assert [(act.who, act.act) for act in acts] == [("trực ban", "replay")]
        with pytest.raises(Conflict, match="only a dead one"):
            await replay.replay(delivery, "trực ban", "again")
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}


async def test_a_state_report_has_no_step_to_move(tmp_path: Path) -> None:
    """A dead report to the portal is tried again by itself; the dossier is left as it is."""
    async with stage(tmp_path) as world:
        portal = world.sandbox.agency("dvcqg")
        portal.faults.add({"fault": {"kind": "http", "status": 400}, "times": 1})
        code = await world.submit(birth())
        await world.settle()
        (delivery, *_) = world.hub.store.read(
            lambda tx: tx.deliveries.list(DeliveryFilter(state=DeliveryState.DEAD, agency="dvcqg"))
        ).items
        before = world.dossier(code)
        replay = Replay(world.hub.project, world.hub.store, world.clock, world.plan.outside.new_id)
        await replay.replay(delivery, "trực ban", "the portal was mended")
        assert world.dossier(code) == before
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        assert world.unfinished() == []
        assert world.work() == []
