"""What becomes of deliveries and alarms when a step moves."""

from __future__ import annotations

from adapters.errors import Rejected, Unavailable
from broker.model import DeliveryKind, DeliveryState, StepState
from tests.broker.rig import Rig, item, report


async def test_alarms_close_when_the_step_goes_on(rig: Rig) -> None:
    """T14: a stuck step has an owner; when the agency reports on it after all, nobody is called any more."""
    rig.agencies["hotich"].script.append(Rejected("logic xử lý không hợp lệ"))
    code = await rig.opened()
    assert rig.state(code, "registration") is StepState.STUCK
    assert {one.step for one in rig.work()} == {"registration"}
    await rig.hub.reports.take("hotich", report(item(code, StepState.PROCESSING)), lambda tx, dossier: None)
    assert rig.state(code, "registration") is StepState.PROCESSING
    assert rig.work() == []
    assert rig.hub.check() == []


async def test_what_waits_is_taken_back_when_the_agency_has_it_by_another_way(rig: Rig) -> None:
    """T39: a submission that never left is not sent on top of what was typed in by hand."""
    rig.hub.store.write_sync(lambda tx: tx.deliveries.pause("hotich", "bảo trì", rig.clock()))
    code = await rig.opened()
    said = report(item(code, StepState.RECEIVED, agency_code="HT-900"))
    await rig.hub.reports.take("hotich", said, lambda tx, dossier: None)
    states = [one.state for one in rig.deliveries(agency="hotich") if one.kind is DeliveryKind.STEP]
    assert states == [DeliveryState.CANCELLED]


async def test_a_try_that_failed_is_settled(rig: Rig) -> None:
    """What may have arrived counts as arrived once the agency speaks of it."""
    rig.agencies["hotich"].script.append(Unavailable("away"))
    code = await rig.opened()
    await rig.hub.reports.take("hotich", report(item(code, StepState.RECEIVED)), lambda tx, dossier: None)
    states = [one.state for one in rig.deliveries(agency="hotich") if one.kind is DeliveryKind.STEP]
    assert states == [DeliveryState.DONE]
