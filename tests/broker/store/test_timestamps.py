"""Which token speaks for which entry."""

from __future__ import annotations

from datetime import timedelta

import pytest

from broker.store.engine import Store
from broker.store.rows import Uncovered
from tests.broker.store.samples import message
from tests.clock import START


def fill(store: Store, count: int, first: int = 0) -> None:
    """Add messages, a minute apart."""
    for n in range(first, first + count):
        each = message(f"m{n}", at=START + timedelta(minutes=n))
        store.write_sync(lambda tx, each=each: tx.messages.add(each))


def stamp(store: Store, size: int, authority: str = "ngoai", *, independent: bool = True) -> None:
    """A token over the head of ``size`` entries."""
    at, token = START + timedelta(hours=size), f"{authority} {size}".encode()
    store.write_sync(lambda tx: tx.timestamps.add(size, authority, at, token, independent=independent))


def token(store: Store, index: int, *, independent: bool = False) -> bytes | None:
    """The token that speaks for an entry."""
    found = store.read(lambda tx: tx.timestamps.covering(index, independent=independent))
    return found and found.token


def test_an_entry_is_covered_by_the_first_head_that_holds_it(store: Store) -> None:
    """The earliest token over a head larger than the position; none for what came later."""
    for size in (2, 5):
        stamp(store, size)
    tokens = [token(store, index) for index in range(6)]
    assert tokens == [b"ngoai 2", b"ngoai 2", b"ngoai 5", b"ngoai 5", b"ngoai 5", None]


def test_an_independent_token_can_be_asked_for(store: Store) -> None:
    """The hub's own authority is passed over where only an outside one counts."""
    stamp(store, 2, "trong", independent=False)
    stamp(store, 5)
    assert (token(store, 0), token(store, 0, independent=True)) == (b"trong 2", b"ngoai 5")
    newest = store.read(lambda tx: tx.timestamps.newest(independent=True))
    assert newest is not None
    assert (newest.size, newest.authority, newest.independent) == (5, "ngoai", True)
    assert newest.at == START + timedelta(hours=5)


def test_the_newest_token_is_that_of_the_largest_head(store: Store) -> None:
    """Not the one that was stored last."""
    assert store.read(lambda tx: tx.timestamps.newest()) is None
    for size, authority in ((5, "a"), (5, "b"), (3, "c")):
        stamp(store, size, authority)
    newest = store.read(lambda tx: tx.timestamps.newest())
    assert newest is not None
    assert newest.token == b"b 5"
    assert [each.token for each in store.read(lambda tx: tx.timestamps.of(5))] == [b"a 5", b"b 5"]


def test_uncovered_entries_are_counted_from_the_oldest(store: Store) -> None:
    """How many wait, and since when; entries that only the hub's own token covers wait for an outside one."""
    assert store.read(lambda tx: tx.timestamps.uncovered()) == Uncovered(0, None)
    fill(store, 5)
    assert store.read(lambda tx: tx.timestamps.uncovered()) == Uncovered(5, START)
    stamp(store, 2)
    assert store.read(lambda tx: tx.timestamps.uncovered()) == Uncovered(3, START + timedelta(minutes=2))
    stamp(store, 5, "trong", independent=False)
    assert store.read(lambda tx: tx.timestamps.uncovered()) == Uncovered(0, None)
    assert store.read(lambda tx: tx.timestamps.uncovered(independent=True)).entries == 3


def test_tokens_are_listed_in_pages(store: Store) -> None:
    """Newest first; a page says how to go on."""
    for size in range(1, 6):
        stamp(store, size)
    first = store.read(lambda tx: tx.timestamps.list(limit=3))
    rest = store.read(lambda tx: tx.timestamps.list(limit=3, after=first.after))
    assert [each.size for each in (*first.items, *rest.items)] == [5, 4, 3, 2, 1]
    assert rest.after is None
    with pytest.raises(ValueError, match="invalid literal"):
        store.read(lambda tx: tx.timestamps.list(after="no page"))
