"""Outsiders hear of changes as deliveries; what cannot be told goes to a person and stops nothing."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.errors import Unavailable
from broker.agency import Agency
from broker.canonical.document import as_tree, text_at
from broker.mapping import MappingError
from broker.mapping.errors import Problem
from broker.model import DeliveryKind, StepState
from tests.broker.rig import PORTAL, Rig


def copies(rig: Rig) -> list[tuple[str | None, str]]:
    """Step and state of every copy of a result."""
    return [
        (one.step, one.state.value)
        for one in rig.deliveries(agency=PORTAL)
        if one.kind is DeliveryKind.RESULT
    ]


async def test_a_result_is_copied_once(rig: Rig) -> None:
    """T10: with the owner of the store; a repeated report copies nothing."""
    code = await rig.registered()
    assert copies(rig) == [("registration", "done")]
    wire = next(wire for wire in rig.agencies[PORTAL].sent if wire.operation == "result")
    assert text_at(as_tree(wire.body), "Head/DossierCode") == code
    assert text_at(as_tree(wire.body), "Owner")
    rig.clock.advance(minutes=6)
    await rig.hub.rounds.polls()
    await rig.settle()
    assert copies(rig) == [("registration", "done")]


async def test_a_copy_that_nobody_confirms_gets_an_owner(rig: Rig) -> None:
    """After a day, once; the dossier has long gone on (T10)."""
    rig.agencies[PORTAL].script.extend([Unavailable("down")] * 60)
    code = await rig.registered()
    assert rig.state(code, "registration") is StepState.COMPLETED
    rig.clock.advance(days=1, minutes=1)
    for _ in range(2):
        await rig.hub.rounds.deadlines()
    items = [item for item in rig.work("deadline") if "not confirmed" in item.reason]
    assert len(items) == 1
    assert items[0].owner == "dvcqg-truc"


async def test_a_result_that_cannot_be_written_stops_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keeper's form may refuse it; a person hears of it and the other agencies get theirs."""
    usual = Agency.payload

    def payload(self: Agency, logical: str, *arguments: Any, **more: Any) -> bytes:
        if logical == "result":
            raise MappingError([Problem("coQuanXuLy", "Agency", "không có", "not there")])
        return usual(self, logical, *arguments, **more)

    monkeypatch.setattr(Agency, "payload", payload)
    code = await rig.registered()
    assert copies(rig) == []
    assert rig.state(code, "card") is StepState.RECEIVED
    assert any("result of registration not sent to dvcqg" in item.reason for item in rig.work("mapping"))
