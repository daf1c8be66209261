"""The log is read in pieces, each a snapshot, to its end."""

from __future__ import annotations

import pytest

from broker.log.logreading import LogReading
from broker.store.engine import Store
from signing.log.merkle import Frontier
from signing.log.tiles import WIDTH
from tests.broker.store.samples import message


def fill(store: Store, first: int, last: int) -> None:
    """Entries of these numbers."""
    store.write_sync(lambda tx: [tx.messages.add(message(f"m{n}")) for n in range(first, last)])


def test_what_is_appended_meanwhile_is_read(store: Store) -> None:
    """Between two pieces the log grows: the pass goes on to the new end, and its head fits."""
    fill(store, 0, WIDTH + 1)
    grown: list[int] = []

    def pace() -> None:
        if not grown:
            fill(store, WIDTH + 1, 2 * WIDTH + 5)
        grown.append(1)

    reading = LogReading(store, pace)
    tree = Frontier()
    for entry in reading.entries():
        assert entry.index == tree.size
        tree.append(entry.leaf_hash)
    assert (tree.size, len(grown)) == (2 * WIDTH + 5, 2)
    assert reading.findings(tree.size, tree.root) == []
    [found] = reading.findings(tree.size, bytes(32))
    assert (found.severity, found.place) == ("error", "head")


def test_given_up(store: Store) -> None:
    """Whatever the pace raises ends the pass."""
    fill(store, 0, WIDTH + 1)

    def pace() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        list(LogReading(store, pace).entries())


def test_an_empty_log(store: Store) -> None:
    """Nothing to read is nothing wrong."""
    reading = LogReading(store, lambda: None)
    assert list(reading.entries()) == []
    assert reading.findings(0, Frontier().root) == []
