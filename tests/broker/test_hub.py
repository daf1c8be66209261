"""The composition root."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from broker.model import StepState
from broker.store.engine import Tx
from tests.broker.rig import Rig, make


async def test_over_an_existing_folder(tmp_path: Path, database_url: str) -> None:
    """A hub that is opened again over what another left goes on where that one stopped."""
    first = make(tmp_path, database_url)
    code = await first.submit()
    await first.hub.worker.pump()
    await first.hub.close()
    second = make(tmp_path, database_url, first.clock, first.agencies)
    await second.settle()
    assert second.state(code, "registration") is StepState.RECEIVED
    assert second.hub.check() == []
    await second.hub.close()


async def test_check_finds_a_contradiction(rig: Rig) -> None:
    """What contradicts itself in the store is said in words."""
    await rig.submit()

    def put(tx: Tx, state: str) -> None:
        tx.deliveries._conn.execute(text("UPDATE deliveries SET state = :state"), {"state": state})

    rig.hub.store.write_sync(lambda tx: put(tx, "leased"))
    assert any("leased without a lease" in finding for finding in rig.hub.check())
    rig.hub.store.write_sync(lambda tx: put(tx, "queued"))
