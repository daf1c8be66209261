"""Every kind of damage is found, and named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from broker.store.connect import writer_engine
from broker.store.engine import Store
from broker.store.invariants import check
from tests.broker.store.samples import delivery, dossier, message
from tests.clock import START


@pytest.fixture
def busy(store: Store) -> Store:
    """A store in which everything has happened."""

    def unit(tx):  # type: ignore[no-untyped-def]
        tx.dossiers.add(dossier("1"))
        for number in range(3):
            tx.messages.add(message(f"m{number}", dossier="1"))
        for name in ("done", "sent", "waiting"):
            tx.deliveries.enqueue(delivery(name, lane=name.replace("waiting", "sent"), dossier_id="1"))
        done, sent = tx.deliveries.claim(START, "w", timedelta(minutes=1), 10)
        tx.messages.add(message("reply", related_id="m0", direction="in", kind="reply"))
        tx.deliveries.finish(tx.deliveries.begin_attempt(done, "m0", START), START)
        tx.deliveries.begin_attempt(sent, "m1", START)
        tx.log.add_checkpoint("hub\n0\n\n", 0, START)

    store.write_sync(unit)
    return store


DAMAGE = {
    "UPDATE messages SET body = :bytes WHERE idx = 1": "body of entry 1",
    "UPDATE messages SET agency = 'x' WHERE idx = 1": "entry 1 has another agency",
    "UPDATE messages SET leaf = :bytes WHERE idx = 1": "entry 1 is not what was hashed",
    "DELETE FROM messages WHERE idx = 1": "entry 1 is missing",
    "DELETE FROM messages WHERE idx = 3": "its head says 4 entries, there are 3",
    "UPDATE log_head SET size = 3": "its head says 3 entries",
    "UPDATE log_checkpoints SET size = 9": "checkpoint at 9 is beyond",
    "UPDATE log_checkpoints SET size = 2": "checkpoint at 2 has another root",
    "UPDATE deliveries SET lease_until = NULL WHERE id = 'sent'": "leased without a lease",
    "UPDATE deliveries SET done_at = NULL WHERE id = 'done'": "ended without a time",
    "UPDATE messages SET related_id = NULL WHERE id = 'reply'": "no attempt of it has an answer",
    "UPDATE deliveries SET state = 'dead' WHERE id = 'waiting'": "should leave first",
    "UPDATE deliveries SET waits = NOT waits WHERE id = 'waiting'": "waits for nothing, or does not wait",
    "UPDATE deliveries SET tries = 7 WHERE id = 'sent'": "number of its attempts",
    "UPDATE deliveries SET in_flight = NOT in_flight WHERE id = 'sent'": "on the wire without",
    "UPDATE deliveries SET dossier_id = 'x' WHERE id = 'sent'": "dossier that does not exist",
    "UPDATE attempts SET message_id = 'x' WHERE delivery_id = 'sent'": "sent without being in the log",
    "DELETE FROM dossier_codes": "cannot be found by its own code",
    "UPDATE steps SET state = 'x' WHERE id = 'residence'": "steps: 'x' is no state",
    "UPDATE dossiers SET phase = 'x'": "dossiers: 'x' is no phase",
    "UPDATE deliveries SET kind = 'x' WHERE id = 'done'": "deliveries: 'x' is no kind",
    "INSERT INTO transitions (dossier_id, step, state, at, recorded_at, source, inferred, message_id) "
    "SELECT id, 'x', 'x', received_at, received_at, 'x', 1 = 1, NULL FROM dossiers": "names a step",
    "INSERT INTO transitions (dossier_id, step, state, at, recorded_at, source, inferred, message_id) "
    "SELECT id, 'residence', 'x', received_at, received_at, 'x', 1 = 1, 'x' FROM dossiers": "names a message",
}


def test_a_sound_store(busy: Store) -> None:
    """Where nothing is damaged nothing is found."""
    assert check(busy) == []


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found(damage: str, busy: Store, database_url: str) -> None:
    """A change behind the hub's back is found and its place named."""
    engine = writer_engine(database_url)
    with engine.begin() as conn:
        conn.execute(text(damage), {"bytes": b"x"} if ":bytes" in damage else {})
    engine.dispose()
    assert any(DAMAGE[damage] in finding for finding in check(busy)), check(busy)
