"""Trying a dead delivery again because a person wants it: the delivery, its step and its alarms together.

Needs no adapters and no mappings: the document was made and validated when the delivery was, and leaves as it is.
"""

from __future__ import annotations

from broker.book import Book
from broker.changes import Changes
from broker.clock import Clock, NewId
from broker.config.project import Project
from broker.model import Delivery
from broker.outbox import Outbox
from broker.store.engine import Store, Tx
from broker.submissions import ALARMS, OF_STEPS


class Replay:
    """Brings dead deliveries back."""

    def __init__(self, project: Project, store: Store, clock: Clock, new_id: NewId) -> None:
        """Uses the rules of ``project`` and its open database."""
        owners = {agency.id: agency.owner for agency in project.agencies.values()}
        book = Book(project.processes, project.calendar, {}, owners, project.hub.owner)
        self._changes = Changes(store, book, Outbox({}, {}, clock, new_id), clock, new_id)
        self._store = store
        self._clock = clock

    async def replay(self, delivery: Delivery, who: str, why: str) -> None:
        """Try ``delivery`` again from now on; a step that was stuck because of it is on its way again.

        Raises Missing, or Conflict if the delivery is not dead.
        """
        now = self._clock()

        def settle(tx: Tx) -> None:
            tx.deliveries.replay(delivery.id, now, who, why)
            _close_alarms(tx, delivery, who, why)

        step = delivery.step
        if delivery.kind not in OF_STEPS or delivery.dossier_id is None or step is None:
            await self._store.write(settle)
            return
        await self._changes.change(
            delivery.dossier_id, lambda engine, dossier, told: engine.on_replayed(dossier, step, now), settle
        )


def _close_alarms(tx: Tx, delivery: Delivery, who: str, why: str) -> None:
    """What told people of the dead delivery is answered by the replay."""
    items = tx.work.list(agency=delivery.agency, dossier_id=delivery.dossier_id, limit=200).items
    for item in items:
        about_it = item.delivery_id == delivery.id or (item.delivery_id is None and item.kind == "stuck")
        if item.kind in ALARMS and about_it:
            tx.work.close(item.id, who, why)
