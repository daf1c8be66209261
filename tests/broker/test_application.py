"""A hub as a web application with its worker and its clock."""

from __future__ import annotations

import asyncio

from adapters.base import Wire
from broker.application import application, working
from broker.model import DeliveryState
from tests.broker.rig import Rig


async def test_works_while_it_is_entered(rig: Rig) -> None:
    """Deliveries leave while the hub works, and when it is left nothing is held."""
    reached = asyncio.Event()

    async def note(wire: Wire) -> None:
        reached.set()

    rig.agencies["hotich"].before = note
    async with working(rig.hub):
        await rig.submit()
        await asyncio.wait_for(reached.wait(), 20)
    assert rig.deliveries(DeliveryState.LEASED) == []
    assert await rig.hub.worker.pump() >= 0


async def test_application(rig: Rig) -> None:
    """The application is made of the hub without starting anything."""
    assert callable(application(rig.hub, work=False))
