"""No look-up of a citizen without a person and a purpose, and every one is found again."""

from __future__ import annotations

import pytest

from broker.attribution import Attribution, Unattributed
from broker.model import DeliveryKind
from broker.outbox import Outbox
from tests.broker.rig import Rig

VALUES = {
    "number": "001199000123",
    "officer": "CB000001",
    "unit": "H01.001",
    "purpose": "1.001193",
    "dossier_id": "d1",
}


@pytest.mark.parametrize("missing", ["number", "officer", "unit", "purpose"])
@pytest.mark.parametrize("blank", [None, "", "  "])
def test_nothing_blank(missing: str, blank: str | None) -> None:
    """Officer, unit, purpose and number are there, or no look-up is made; the refusal says which, in two languages."""
    values = {name: value for name, value in VALUES.items() if name != missing}
    if blank is not None:
        values[missing] = blank
    with pytest.raises(Unattributed, match="no look-up is made") as caught:
        Attribution.of(values)
    (problem,) = caught.value.problems
    assert problem.vi.startswith("Thiếu ")


async def test_the_outbox_makes_none(rig: Rig) -> None:
    """A look-up that nobody stands behind does not become a delivery."""
    outbox: Outbox = rig.hub.outbox
    with pytest.raises(Unattributed):
        outbox.lookup(
            rig.hub.agencies["dancu"], "lookup", b"<x/>", key="k", lane="l", values=VALUES | {"officer": ""}
        )


async def test_every_look_up_is_kept_with_person_and_purpose(rig_on_both: Rig) -> None:
    """Each question to the register that was sent is found by the citizen's number, with officer, unit and purpose."""
    rig = rig_on_both
    code = await rig.opened()
    asked = [delivery for delivery in rig.deliveries(agency="dancu") if delivery.kind is DeliveryKind.LOOKUP]
    assert asked
    for delivery in asked:
        number = delivery.context["number"]
        found = rig.hub.store.read(lambda tx, n=number: tx.lookups.of_person(n))
        assert {(one.officer, one.unit) for one in found} == {
            (rig.dossier(code).officer, rig.dossier(code).unit)
        }
        assert all(one.purpose for one in found)
        logged = rig.hub.store.read(lambda tx, m=found[0].message_id: tx.messages.get(m))
        assert (logged.officer, logged.purpose) == (found[0].officer, found[0].purpose)
    by_dossier = rig.hub.store.read(lambda tx: tx.lookups.of_dossier(rig.dossier(code).id))
    assert len(by_dossier) == rig.agencies["dancu"].count("lookup") + rig.agencies["dancu"].count("confirm")
