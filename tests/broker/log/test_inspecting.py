"""One entry of the log, verified now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from broker.log.inspecting import Verdict, inspect
from broker.store.engine import Store
from broker.store.errors import Missing
from broker.store.verifications import State
from signing.log.note import Checkpoint, NoteSigner, sign_checkpoint
from tests.broker.store.samples import message
from tests.clock import START

SIGNER = NoteSigner("lienthong.example/log", bytes(32))
OTHER = NoteSigner("lienthong.example/log", bytes(31) + b"\x01")
LATER = START + timedelta(days=1)


def fill(store: Store, entries: int, signer: NoteSigner = SIGNER) -> None:
    """A log of so many entries, all but the last below a signed head."""
    store.write_sync(lambda tx: [tx.messages.add(message(f"m{n}")) for n in range(entries)])
    size = entries - 1
    root = store.read(lambda tx: tx.log.root(size))
    note = sign_checkpoint(Checkpoint(signer.name, size, root), signer)
    store.write_sync(lambda tx: tx.log.add_checkpoint(note, size, START))


def looked(store: Store, message_id: str) -> Verdict:
    """What comes out."""
    return store.read(lambda tx: inspect(tx, message_id, SIGNER.verifier))


def test_in_order(store: Store) -> None:
    """An entry below the newest head is in its tree, also in a log of several tiles; one behind it is pending."""
    fill(store, 600)
    for index in (0, 255, 256, 598):
        verdict = looked(store, f"m{index}")
        assert (verdict.ok, verdict.state, verdict.checkpoint) == (True, State.SIGNED, 599)
    verdict = looked(store, "m599")
    assert (verdict.ok, verdict.state, verdict.checkpoint) == (True, State.PENDING, None)
    assert [found.severity for found in verdict.findings] == ["info"]
    with pytest.raises(Missing):
        looked(store, "nothing")


def test_a_head_that_somebody_else_signed(store: Store) -> None:
    """A head proves nothing if the log's key did not sign it."""
    fill(store, 3, OTHER)
    verdict = looked(store, "m0")
    assert (verdict.ok, verdict.state) == (False, State.BROKEN)


@pytest.mark.parametrize("said", [True, False])
def test_erased(store: Store, said: bool) -> None:
    """A body that is gone is in order if an entry lists it; an entry that lists others does not excuse it."""
    fill(store, 3)

    def erase(tx: Any) -> None:
        entries = tx.erasure.bodies(LATER, LATER, 1) if said else [7]
        body = b'{"entries": %s}' % str(entries).encode()
        tx.messages.add(message("said", kind="erasure", at=LATER, body=body))

    store.write_sync(erase)
    if not said:
        with store._writing.begin() as conn:
            gone = "body = NULL, salt = NULL, erased_at = (SELECT at FROM messages WHERE id = 'said')"
            conn.execute(text(f"UPDATE messages SET {gone} WHERE idx = 0"))
    assert looked(store, "m0").ok is said


def test_a_stored_tree_that_was_changed(store: Store) -> None:
    """A proof made from a changed tile does not verify, and is not taken for one."""
    fill(store, 600)
    with store._writing.begin() as conn:
        other = "(SELECT hashes FROM log_tiles WHERE level = 0 AND idx = 1)"
        conn.execute(text(f"UPDATE log_tiles SET hashes = {other} WHERE level = 0 AND idx = 0"))
    verdict = looked(store, "m3")
    assert (verdict.ok, verdict.state) == (False, State.BROKEN)
    assert "not in the tree" in verdict.as_json()["findings"][0]["finding"]
