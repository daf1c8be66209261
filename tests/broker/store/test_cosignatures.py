"""What witnesses signed is kept beside the heads that they saw."""

from __future__ import annotations

from broker.store.engine import Store, Tx
from tests.clock import START

NOTE = "log\n{size}\nroot\n\n— log AAAA\n"


def fill(tx: Tx) -> None:
    """Three heads, the second signed by two witnesses, the first by one."""
    for size in (3, 7, 9):
        tx.log.add_checkpoint(NOTE.format(size=size), size, START)
    tx.cosignatures.add(7, "w2", START, "— w2 BBBB")
    tx.cosignatures.add(7, "w1", START, "— w1 AAAA")
    tx.cosignatures.add(3, "w1", START, "— w1 CCCC")


def test_the_newest_cosigned_head(store: Store) -> None:
    """With all lines of it, in the order of the witnesses' names."""
    assert store.read(lambda tx: tx.cosignatures.newest()) is None
    store.write_sync(fill)
    newest = store.read(lambda tx: tx.cosignatures.newest())
    assert newest is not None
    assert newest.size == 7
    note = store.read(lambda tx: tx.cosignatures.cosigned(newest))
    assert note == NOTE.format(size=7) + "— w1 AAAA\n— w2 BBBB\n"


def test_what_a_witness_has_seen(store: Store) -> None:
    """The largest head that each has signed."""
    store.write_sync(fill)
    assert store.read(lambda tx: [tx.cosignatures.seen(name) for name in ("w1", "w2", "w3")]) == [7, 7, 0]
    assert [size for size, _ in store.read(lambda tx: tx.cosignatures.all())] == [3, 7, 7]


def test_the_first_signature_stays(store: Store) -> None:
    """A witness signs a head once; what comes again changes nothing."""
    store.write_sync(fill)
    store.write_sync(lambda tx: tx.cosignatures.add(3, "w1", START, "— w1 DDDD"))
    assert store.read(lambda tx: tx.cosignatures.lines(3)) == ["— w1 CCCC"]
