"""What the agencies' own databases and the hub's message log say about a dossier."""

from __future__ import annotations

from typing import Any

from broker.model import Delivery, DeliveryKind
from broker.store.rows import DeliveryFilter, MessageFilter, MessageRow
from sandbox.dvcqg.agency import DVCQG
from tests.worlds import Stage

STEPS = {"registration": "hotich", "residence": "cutru", "card": "bhxh", "identity-card": "cancuoc"}
"""Step → agency."""

_WHO = {"hotich": 5, "cutru": 6, "bhxh": 7, "cancuoc": 8}
LEGAL = [1, 3, 7, 4]
"""What the portal hears of a step that goes well: received, accepted, processing, completed."""


def effects(world: Stage, agency: str, code: str) -> list[str]:
    """What changed in the agency's register because of the dossier."""
    desk = world.sandbox.agency(agency).desk
    return [what for record in desk.records(dossier=code) for what in desk.effects(record.key)]


def arrivals(world: Stage, agency: str, code: str) -> int:
    """How often a business message about the dossier was taken in, repetitions included."""
    return sum(record.times for record in world.sandbox.agency(agency).desk.records(dossier=code))


def portal(world: Stage, code: str, agency: str) -> list[int]:
    """The states of a step that the portal has accepted, from its own database."""
    known = world.sandbox.agency("dvcqg")
    assert isinstance(known, DVCQG)
    return known.history(code, _WHO[agency])


def submission(world: Stage, code: str, step: str) -> Delivery:
    """The hub's delivery of a step to its agency."""
    wanted = DeliveryFilter(dossier_id=world.dossier(code).id, kind=DeliveryKind.STEP)
    page = world.hub.store.read(lambda tx: tx.deliveries.list(wanted, limit=20))
    return next(delivery for delivery in page.items if delivery.step == step)


def messages(world: Stage, agency: str, **wanted: Any) -> list[MessageRow]:
    """The logged messages from and to an agency that fit, oldest first."""
    found = world.hub.store.read(
        lambda tx: tx.messages.search(MessageFilter(agency=agency, **wanted), limit=500)
    )
    return list(reversed(found.items))


def assert_once(world: Stage, code: str) -> None:
    """Every step that was wanted had exactly one effect at its agency, and the portal saw each in legal order."""
    for step in world.dossier(code).steps:
        assert len(effects(world, step.agency, code)) == 1, step.id
        assert portal(world, code, step.agency) == LEGAL, step.id
