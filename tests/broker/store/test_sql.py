"""What repositories share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import TimeoutError as Late

import pytest

from broker.store.engine import Store
from broker.store.rows import Blob
from broker.store.schema import blobs
from tests.clock import START


def test_inserting_what_is_there(store: Store) -> None:
    """Only the first insert under a key is new, and its row stays."""

    def add(size: int) -> bool:
        row = {"sha256": "a", "size": size, "media_type": "x", "at": START}
        return store.write_sync(lambda tx: tx.blobs._tx.insert_new(blobs, **row))

    assert [add(1), add(2)] == [True, False]
    assert store.read(lambda tx: tx.blobs.get("a")) == Blob("a", 1, "x")


def test_a_name_is_held_until_commit(open_store: Callable[..., Store], postgres_url: str) -> None:
    """Another process waits for a name until the transaction that holds it ends."""
    one, other = open_store(postgres_url), open_store(postgres_url)

    def hold(tx):  # type: ignore[no-untyped-def]
        tx.deliveries._tx.lock_name(9, "a")
        waiting = other._writer.submit_sync(lambda tx: tx.deliveries._tx.lock_name(9, "a"))
        free = other._writer
        with pytest.raises(Late):
            waiting.result(0.05)
        return waiting, free

    waiting, _ = one.write_sync(hold)
    waiting.result(30)
