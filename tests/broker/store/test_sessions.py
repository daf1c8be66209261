from __future__ import annotations

from datetime import timedelta

from broker.store.engine import Store
from tests.clock import ManualClock


def test_a_session_ends(store: Store, clock: ManualClock) -> None:
    """A token stands for its person until the session is over or ended; another token for nobody."""
    until = clock() + timedelta(minutes=30)
    store.write_sync(lambda tx: tx.sessions.add("token", until, b'{"name": "An"}'))
    store.write_sync(lambda tx: tx.sessions.add("second", until, b"{}"))
    assert store.read(lambda tx: tx.sessions.find("token")) == b'{"name": "An"}'
    assert store.read(lambda tx: tx.sessions.find("other")) is None
    store.write_sync(lambda tx: tx.sessions.end("second"))
    assert store.read(lambda tx: tx.sessions.find("second")) is None
    clock.advance(minutes=31)
    assert store.read(lambda tx: tx.sessions.find("token")) is None
    assert store.write_sync(lambda tx: tx.sessions.purge()) == 1
