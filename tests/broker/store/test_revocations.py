"""The newest answer of each source is kept."""

from __future__ import annotations

from datetime import timedelta

from broker.store.engine import Store
from broker.store.revocations import Kept
from tests.clock import START

DAY = timedelta(days=1)


def kept(source: str, answer: bytes = b"1", days: float = 1) -> Kept:
    """An answer."""
    return Kept(source, "crl", START, START + days * DAY, answer)


def test_a_newer_answer_replaces_the_last_one(store: Store) -> None:
    """One row for each source."""
    for each in (kept("a"), kept("b"), kept("a", b"2")):
        store.write_sync(lambda tx, each=each: tx.revocations.put(each))
    assert store.read(lambda tx: tx.revocations.of(["a", "c"])) == [kept("a", b"2")]
    assert store.read(lambda tx: tx.revocations.fetched()) == {"a": START, "b": START}


def test_what_ended_long_ago_is_forgotten(store: Store) -> None:
    """Certificates that nobody uses any more leave nothing behind."""
    for each in (kept("old", days=1), kept("new", days=3)):
        store.write_sync(lambda tx, each=each: tx.revocations.put(each))
    assert store.write_sync(lambda tx: tx.revocations.forget(START + 2 * DAY)) == 1
    assert set(store.read(lambda tx: tx.revocations.fetched())) == {"new"}
