"""What the answers to deliveries mean."""

from __future__ import annotations

import pytest

from adapters.errors import Rejected
from broker.canonical import build
from broker.delivery.worker import Failure
from broker.model import Delivery, DeliveryKind, DeliveryState, Outcome, ReportItem, StepState
from broker.outcomes import Outcomes
from tests.broker.rig import Rig, completed, report
from tests.broker.store.samples import delivery


def outcomes(rig: Rig) -> Outcomes:
    """The handlers' common part."""
    return rig.hub.worker._asker._o  # type: ignore[attr-defined,no-any-return]


def sent(**changes: object) -> Delivery:
    """A submission of dossier A to civil status."""
    return delivery("d1", context={"dossier": "A"}, **changes)


async def test_every_kind_has_a_handler(rig: Rig) -> None:
    """A delivery of any kind that the hub makes has a handler."""
    assert set(outcomes(rig).handlers()) == set(DeliveryKind) - {DeliveryKind.TEST}


async def test_item_of_a_receipt(rig: Rig) -> None:
    """A receipt with several items is read at the one about this dossier; an empty one means taken."""
    items = [ReportItem(Outcome.FAILED, "B"), ReportItem(Outcome.OK, "A", agency_code="HT-1")]
    assert outcomes(rig).receipt(sent(), items).agency_code == "HT-1"
    assert outcomes(rig).receipt(sent(), []).outcome is Outcome.OK
    keyed = [ReportItem(Outcome.OK, "A", "other", "HT-1"), ReportItem(Outcome.OK, "A", sent().key, "HT-2")]
    assert outcomes(rig).receipt(sent(), keyed).agency_code == "HT-2"


@pytest.mark.parametrize(
    ("outcome", "error_class"),
    [
        (Outcome.RETRY, "retry"),
        (Outcome.UNAUTHORIZED, "unauthorized"),
        (Outcome.DATA_ERROR, "data-error"),
        (Outcome.FAILED, "failed"),
        (Outcome.ABSENT, "rejected"),
    ],
)
async def test_refused_in_a_receipt(rig: Rig, outcome: Outcome, error_class: str) -> None:
    """A receipt that says no is a failure of its class, with the agency's reason."""
    with pytest.raises(Failure, match="vì") as failure:
        outcomes(rig).receipt(sent(), [ReportItem(outcome, reason="vì")])
    assert failure.value.error_class == error_class


async def test_receipt_with_the_result(rig: Rig) -> None:
    """An agency that settles at once: its receipt brings the result and the next steps begin."""
    hotich = rig.agencies["hotich"]
    hotich.script.append(lambda wire: report(completed("hotich", "G22.99.08-260915-000001")))
    code = await rig.opened()
    assert rig.state(code, "registration") is StepState.COMPLETED
    assert rig.state(code, "residence") is StepState.RECEIVED


async def test_portal_refuses_a_state(rig: Rig) -> None:
    """A state that the portal refuses is a dead letter of the portal's owner; the dossier goes on."""
    rig.agencies["dvcqg"].script.append(Rejected("không"))
    code = await rig.opened()
    assert rig.state(code, "registration") is StepState.RECEIVED
    assert [(one.kind, one.owner) for one in rig.work()] == [("dead-letter", "dvcqg-truc")]


async def test_register_refuses_a_question(rig: Rig) -> None:
    """A look-up that the register refuses is a dead letter; the dossier waits for its check."""
    rig.agencies["dancu"].script.append(build.receipt(Outcome.OK))
    rig.agencies["dancu"].script.append(Rejected("không"))
    await rig.opened()
    dead = rig.deliveries(DeliveryState.DEAD)
    assert {one.agency for one in dead} == {"dancu"}
    assert {one.kind for one in rig.work()} == {"dead-letter"}


async def test_only_submissions_are_asked_about(rig: Rig) -> None:
    """There is no question about a poll or a state report: sending them again is safe."""
    asker = rig.hub.worker._asker
    assert await asker.question(sent(kind=DeliveryKind.POLL, dossier_id="x")) is None
    assert asker.found(sent(), report("<Item><DossierCode>A</DossierCode><Outcome>ok</Outcome></Item>"))
    assert not asker.found(sent(), report("<Item><DossierCode>B</DossierCode><Outcome>ok</Outcome></Item>"))
