"""Sending a step again (T3) and joining what somebody typed in at the agency by hand (T39)."""

from __future__ import annotations

import uuid

import pytest

from adapters.errors import Unavailable
from broker.model import DeliveryKind, DeliveryState, Outcome, StepState
from broker.reconciliation import KIND
from broker.replay import Replay
from broker.resending import Resending
from broker.store.errors import Conflict, Missing
from tests.broker.rig import PORTAL, Rig, item, line, report

WHO, WHY = "trực ban", "một cửa không thấy hồ sơ"


def resending(rig: Rig) -> Resending:
    """What a person may do, over the rig's hub."""
    replay = Replay(rig.hub.project, rig.hub.store, rig.clock, lambda: uuid.uuid4().hex)
    return Resending(rig.hub.store, rig.hub.changes, replay, rig.clock)


async def test_the_agency_has_it(rig: Rig) -> None:
    """T3: it is asked first; nothing is sent a second time and nothing moves."""
    code = await rig.opened()
    delivery = await resending(rig).resend(code, "registration", WHO, WHY)
    assert (delivery.state, delivery.ambiguous) == (DeliveryState.QUEUED, True)
    await rig.settle()
    hotich = rig.agencies["hotich"]
    assert (hotich.count("submit"), hotich.count("ask")) == (1, 1)
    assert rig.state(code, "registration") is StepState.RECEIVED
    assert [act.act for act in rig.hub.store.read(lambda tx: tx.acts.of(delivery.id))] == ["resend"]


async def test_the_agency_lost_it(rig: Rig) -> None:
    """T3: it does not have it, so it gets it again under the same key."""
    code = await rig.opened()
    hotich = rig.agencies["hotich"]
    await resending(rig).resend(code, "registration", WHO, WHY)
    hotich.script.append(report(item(code, outcome=Outcome.ABSENT)))
    await rig.settle()
    sent = [wire for wire in hotich.sent if wire.operation == "submit"]
    assert len(sent) == 2
    assert sent[0].key == sent[1].key
    assert rig.hub.check() == []


async def test_what_cannot_be_sent_again(rig: Rig) -> None:
    """A step that was never sent, or has ended, or does not exist."""
    code = await rig.registered()
    with pytest.raises(Conflict, match="has ended"):
        await resending(rig).resend(code, "registration", WHO, WHY)
    other = await rig.opened("message-2")
    with pytest.raises(Missing, match="not been sent"):
        await resending(rig).resend(other, "residence", WHO, WHY)
    with pytest.raises(Missing):
        await resending(rig).resend("G22.99.08-260915-999999", "residence", WHO, WHY)


async def test_typed_in_by_hand(rig: Rig) -> None:
    """T39: the link failed, staff typed it in; joined, it is not sent a second time, and its reports count."""
    rig.agencies["hotich"].script.append(Unavailable("away"))
    code = await rig.submit()
    await rig.settle()
    rig.agencies["hotich"].pages = [[line(None, "processing", agency_code="HT-900")]]
    await rig.hub.reconciliation.run()
    await rig.settle()
    assert len(rig.work(KIND)) == 1
    await resending(rig).join(code, "registration", "HT-900", WHO, "đã nhập tay")
    assert rig.work(KIND) == []
    assert rig.state(code, "registration") is StepState.RECEIVED
    rig.clock.advance(hours=5)
    await rig.settle()
    assert [one.state for one in rig.deliveries(agency="hotich") if one.kind is DeliveryKind.STEP] == [
        DeliveryState.DONE
    ]
    assert rig.told(code, "registration") == ["received"]
    assert rig.agencies[PORTAL].count("state") >= 2


async def test_a_number_of_another_dossier(rig: Rig) -> None:
    """What belongs to one citizen's dossier is not joined to another's."""
    first, second = await rig.opened(), await rig.submit("message-2")
    taken = rig.dossier(first).step("registration").agency_code or ""
    rig.agencies["hotich"].script.append(Unavailable("away"))
    await rig.settle()
    with pytest.raises(Conflict):
        await resending(rig).join(second, "registration", taken, WHO, "nhầm")
