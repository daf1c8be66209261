"""Tiles are written with the entries that fill them, and proofs come from them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from broker.store.engine import Store, Tx
from broker.store.errors import StoreError
from broker.store.invariants import check
from broker.store.schema import log_tiles
from signing.log import merkle
from signing.log.tiles import WIDTH
from tests.broker.store.samples import message

SIZE = 2 * WIDTH + 40


def fill(store: Store, count: int, *, first: int = 0, together: int = 200) -> None:
    """Add messages, so many in one unit."""
    for start in range(first, first + count, together):
        ids = range(start, min(start + together, first + count))
        store.write_sync(lambda tx, ids=ids: [tx.messages.add(message(f"m{n}")) for n in ids])


def widths(store: Store) -> dict[tuple[int, int], int]:
    """How many hashes every stored tile has."""
    rows = store.read(lambda tx: tx.tiles._conn.execute(select(log_tiles)).all())
    return {(row.level, row.idx): len(row.hashes) // 32 for row in rows}


def forget(store: Store) -> None:
    """The log as it was before there were tiles."""
    store.write_sync(lambda tx: tx.tiles._conn.exec_driver_sql("DELETE FROM log_tiles"))


def leaves(store: Store) -> list[bytes]:
    """All leaf hashes."""
    return [entry.leaf_hash for entry in store.read(lambda tx: list(tx.log.entries()))]


def test_a_tile_is_written_when_it_is_full(store: Store) -> None:
    """With the entry that fills it, in whichever batch that is; what is not full is not kept."""
    fill(store, WIDTH - 1)
    assert widths(store) == {}
    fill(store, 1, first=WIDTH - 1)
    assert widths(store) == {(0, 0): WIDTH, (1, 0): 1}


def test_one_batch_may_fill_several_tiles(store: Store) -> None:
    """Entries of one commit are in as many tiles as they fill, with those from before."""
    fill(store, 100)
    fill(store, SIZE - 100, first=100, together=SIZE)
    assert widths(store) == {(0, 0): WIDTH, (0, 1): WIDTH, (1, 0): 2}
    assert check(store) == []


@pytest.mark.parametrize("without_tiles", [False, True])
def test_proofs_verify(store: Store, without_tiles: bool) -> None:
    """Inclusion and consistency, in full tiles and in the rest, and of a log from before there were tiles."""
    fill(store, SIZE)
    if without_tiles:
        forget(store)
    hashes = leaves(store)
    for size in (1, WIDTH, WIDTH + 7, SIZE):
        root = store.read(lambda tx, size=size: tx.log.root(size))
        assert root == merkle.tree_root(hashes[:size])
        for index in {0, size // 2, size - 1}:
            proof = store.read(lambda tx, at=(index, size): tx.log.inclusion(*at))
            merkle.verify_inclusion(hashes[index], index, size, proof, root)
        proof = store.read(lambda tx, size=size: tx.log.consistency(size, SIZE))
        merkle.verify_consistency(size, SIZE, root, merkle.tree_root(hashes), proof)


def test_an_older_log_gets_its_tiles_in_steps(store: Store) -> None:
    """Messages go on meanwhile; what was interrupted is continued where it stopped."""
    fill(store, SIZE)
    expected = widths(store)
    forget(store)
    assert store.read(lambda tx: tx.tiles.behind()) == 2
    assert store.write_sync(lambda tx: tx.tiles.fill(1)) == 1
    fill(store, WIDTH, first=SIZE)
    assert store.read(lambda tx: tx.tiles.behind()) == 2
    assert store.write_sync(lambda tx: tx.tiles.fill(10)) == 2
    assert store.write_sync(lambda tx: tx.tiles.fill(10)) == 0
    assert widths(store) == {**expected, (0, 2): WIDTH, (1, 0): 3}
    fill(store, WIDTH, first=SIZE + WIDTH)
    assert store.read(lambda tx: tx.tiles.behind()) == 0
    assert check(store) == []


def test_the_second_level_starts_a_new_tile(store: Store) -> None:
    """When a tile of the first level above is full, its root opens the next level and a new tile follows."""

    def grow(tx: Tx) -> None:
        from broker.store import tiles

        for index in range(WIDTH + 1):
            tiles._write(tx.tiles._tx, index, bytes([index % 256]) * 32 * WIDTH)

    store.write_sync(grow)
    above = {place: width for place, width in widths(store).items() if place[0]}
    assert above == {(1, 0): WIDTH, (1, 1): 1, (2, 0): 1}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ("UPDATE log_tiles SET hashes = {other} WHERE level = 0 AND idx = 1", "0/1"),
        ("DELETE FROM log_tiles WHERE level = 0 AND idx = 0", "0/0"),
        ("INSERT INTO log_tiles (level, idx, hashes) VALUES (3, 9, {other})", "3/9"),
    ],
)
def test_a_changed_tile_is_named(store: Store, change: str, place: str) -> None:
    """A tile that does not agree with the messages, or should not be there, is found by the check."""
    fill(store, SIZE)
    postgres = store.read(lambda tx: tx.tiles._tx.postgres)
    other = "'\\x00'::bytea" if postgres else "x'00'"
    store.write_sync(lambda tx: tx.tiles._conn.exec_driver_sql(change.format(other=other)))
    assert place in store.read(lambda tx: tx.tiles.strange())
    assert any(f"tile {place} " in finding for finding in check(store))


def test_two_processes_fill_the_same_tiles(open_store: Callable[..., Store], database_url: str) -> None:
    """Writers with a connection of their own each write the tile that their entry fills."""
    one, other = open_store(database_url), open_store(database_url)
    for start in range(0, SIZE, 50):
        fill(one, 25, first=start)
        fill(other, 25, first=start + 25)
    assert widths(one) == {(0, 0): WIDTH, (0, 1): WIDTH, (1, 0): 2}
    assert check(one) == []


def test_tiles_are_not_written_in_a_reading_transaction(store: Store) -> None:
    """Where the change would vanish without a word it is refused."""
    with pytest.raises(StoreError, match="read-only"):
        store.read(lambda tx: tx.tiles.fill(1))
