"""Which signed head proves an entry best, and which entries belong together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from broker.store.engine import Store
from broker.store.errors import Missing
from broker.store.schema import log_cosignatures
from tests.broker.store.samples import message
from tests.clock import ManualClock


def heads(store: Store, clock: ManualClock, *sizes: int) -> None:
    """Sign heads of these sizes, an hour apart."""
    for size in sizes:
        at = clock.advance(hours=1)
        store.write_sync(lambda tx, size=size, at=at: tx.log.add_checkpoint(f"note {size}", size, at))


def stamp(store: Store, clock: ManualClock, size: int, *, independent: bool) -> None:
    """A token on the head of that size."""
    name = "tsa" if independent else "ben-trong"
    store.write_sync(lambda tx: tx.timestamps.add(size, name, clock(), b"token", independent=independent))


def cosign(store: Store, clock: ManualClock, size: int) -> None:
    """A witness signs the head of that size."""
    row = {"size": size, "witness": "w", "at": clock(), "line": f"— w {size}"}
    store.write_sync(lambda tx: tx.log._conn.execute(insert(log_cosignatures), row))


def best(store: Store, index: int) -> int | None:
    """The size of the head that proves an entry best."""
    head = store.read(lambda tx: tx.proofs.covering(index))
    return head and head.size


def test_the_head_that_proves_an_entry_best(store: Store, clock: ManualClock) -> None:
    """Independent stamp before our own before none; then co-signed; then the earliest. Only heads that cover it."""
    assert best(store, 3) is None
    heads(store, clock, 3, 5, 7, 9)
    assert best(store, 3) == 5
    cosign(store, clock, 7)
    assert best(store, 3) == 7
    stamp(store, clock, 9, independent=False)
    assert best(store, 3) == 9
    stamp(store, clock, 5, independent=False)
    assert best(store, 3) == 5
    stamp(store, clock, 7, independent=False)
    assert best(store, 3) == 7
    stamp(store, clock, 9, independent=True)
    head = store.read(lambda tx: tx.proofs.covering(3))
    assert head is not None
    assert head.token is not None
    assert (head.size, head.note, head.token.authority) == (9, "note 9", "tsa")
    assert best(store, 9) is None


def test_heads_by_time_and_size(store: Store, clock: ManualClock) -> None:
    """The first at or after a time, of more entries, stamped if wanted; the last before it; the one of a size."""
    start = clock()
    heads(store, clock, 3, 5, 7)
    stamp(store, clock, 7, independent=False)
    second = start + timedelta(hours=2)

    def size(at_hours: int, more_than: int, stamped: bool) -> int | None:
        at = start + timedelta(hours=at_hours)
        head = store.read(lambda tx: tx.proofs.since(at, more_than, stamped=stamped))
        return head and head.size

    assert [size(2, 0, False), size(2, 5, False), size(1, 0, True), size(9, 0, False)] == [5, 7, 7, None]
    before = store.read(lambda tx: tx.proofs.before(second))
    assert before is not None
    assert before.size == 3
    assert store.read(lambda tx: tx.proofs.before(start)) is None
    seven = store.read(lambda tx: tx.proofs.at_size(7))
    assert seven is not None
    assert seven.token is not None
    assert store.read(lambda tx: tx.proofs.at_size(4)) is None


def test_an_exchange_is_found_from_any_of_its_messages(store: Store) -> None:
    """The request and everything that answers it, directly or not; a message that answers nothing stands alone."""
    related = {"m0": None, "m1": "m0", "m2": "m1", "m3": None, "m4": "gone"}
    for name, to in related.items():
        store.write_sync(lambda tx, name=name, to=to: tx.messages.add(message(name, related_id=to)))
    for name in ("m0", "m1", "m2"):
        assert store.read(lambda tx, name=name: tx.proofs.exchange(name)) == [0, 1, 2]
    assert store.read(lambda tx: tx.proofs.exchange("m3")) == [3]
    assert store.read(lambda tx: tx.proofs.exchange("m4")) == [4]
    with pytest.raises(Missing):
        store.read(lambda tx: tx.proofs.exchange("nothing"))


def test_entries_know_their_time(store: Store, clock: ManualClock) -> None:
    """An entry's time is its message's; one that is not there has none."""
    store.write_sync(lambda tx: tx.messages.add(message("m0", at=clock())))
    assert store.read(lambda tx: tx.proofs.time_of(0)) == clock()
    with pytest.raises(Missing):
        store.read(lambda tx: tx.proofs.time_of(1))


def test_what_was_erased_and_who_says_so(store: Store, clock: ManualClock) -> None:
    """The entries whose bodies are gone, and the entry of the same moment that tells of it."""
    for name in ("m0", "m1"):
        store.write_sync(lambda tx, name=name: tx.messages.add(message(name, at=clock())))
    later = clock.advance(days=1)

    def erase(tx: object) -> None:
        gone = tx.erasure.bodies(later, later, 1)  # type: ignore[attr-defined]
        assert gone == [0]
        tx.messages.add(message("e", at=later, kind="erasure"))  # type: ignore[attr-defined]

    store.write_sync(erase)
    assert store.read(lambda tx: tx.proofs.erased(0, 9)) == [0]
    assert store.read(lambda tx: tx.proofs.erased(1, 9)) == []
    assert store.read(lambda tx: tx.proofs.erasures([0, 1])) == [2]
    assert store.read(lambda tx: tx.proofs.erasures([1])) == []
