"""A process that commits without end and says what was acknowledged, until it is killed.

Run as ``python -m tests.broker.store.crashing URL ROUND``: every line of its output is the id of a message whose write
has returned, together with the delivery of the same id.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import uuid

from broker.store.engine import Store, Tx
from broker.store.errors import StoreUnavailable
from tests.broker.store.samples import delivery, message
from tests.clock import ManualClock
from tests.vaults import vault

WRITERS = 8


async def write_for_ever(store: Store, name: str) -> None:
    """Commit, then acknowledge, without end."""
    for number in itertools.count():
        row_id = f"{name}-{number}"

        def unit(tx: Tx, row_id: str = row_id) -> None:
            tx.messages.add(message(row_id, body=row_id.encode() * 100))
            tx.deliveries.enqueue(delivery(row_id))

        try:
            await store.write(unit)
        except StoreUnavailable:
            continue
        os.write(1, f"{row_id}\n".encode())


async def main(url: str, name: str) -> None:
    """Many writers over one store."""
    store = Store.open(
        url,
        clock=ManualClock(),
        new_id=lambda: uuid.uuid4().hex,
        salt=lambda: os.urandom(16),
        vault=vault(),
        linger=0.001,
    )
    await asyncio.gather(*(write_for_ever(store, f"{name}-{number}") for number in range(WRITERS)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
