"""The log is the RFC 6962 tree over its messages."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from broker.store.engine import Store, Tx
from broker.store.errors import Missing
from broker.store.invariants import check
from signing.log import merkle
from tests.broker.store.samples import message
from tests.clock import START


def fill(store: Store, count: int, first: int = 0) -> None:
    """Add messages, three in one unit."""
    for start in range(first, first + count, 3):
        ids = range(start, min(start + 3, first + count))
        store.write_sync(lambda tx, ids=ids: [tx.messages.add(message(f"m{n}")) for n in ids])


def test_an_empty_log_has_the_empty_root(store: Store) -> None:
    """Before the first message the root is the hash of nothing."""
    head = store.read(lambda tx: tx.log.head())
    assert (head.size, head.root) == (0, merkle.EMPTY_ROOT)


def test_the_head_is_the_root_over_all_leaves(store: Store) -> None:
    """Head, frontier and stored hashes agree with a tree computed from the leaves."""
    fill(store, 10)
    entries = store.read(lambda tx: list(tx.log.entries()))
    assert [entry.index for entry in entries] == list(range(10))
    root = merkle.tree_root(merkle.leaf_hash(entry.leaf) for entry in entries)
    assert store.read(lambda tx: tx.log.head()).root == root


def test_entries_are_read_in_parts(store: Store) -> None:
    """A range is half-open, and an end beyond the log is its end."""
    fill(store, 5)
    assert [e.index for e in store.read(lambda tx: list(tx.log.entries(1, 3)))] == [1, 2]
    assert [e.index for e in store.read(lambda tx: list(tx.log.entries(4, 99)))] == [4]


def test_entries_behind_a_gap_are_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole missing chunks do not end the reading: a verifier must see what follows them."""
    monkeypatch.setattr("broker.store.log._CHUNK", 2)
    fill(store, 9)
    store.write_sync(
        lambda tx: tx.log._conn.exec_driver_sql("DELETE FROM messages WHERE idx BETWEEN 2 AND 6")
    )
    assert [e.index for e in store.read(lambda tx: list(tx.log.entries()))] == [0, 1, 7, 8]


def test_a_failed_unit_leaves_no_hole(store: Store) -> None:
    """A message of a unit that failed has no position; the next one follows without a gap."""
    fill(store, 2)

    def fails(tx):  # type: ignore[no-untyped-def]
        tx.messages.add(message("lost"))
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        store.write_sync(fails)
    fill(store, 1, first=2)
    assert store.read(lambda tx: tx.log.index_of("m2")) == 2
    with pytest.raises(Missing):
        store.read(lambda tx: tx.log.index_of("lost"))
    assert check(store) == []


def test_two_processes_chain_into_one_log(open_store: Callable[..., Store], database_url: str) -> None:
    """Writers with a connection of their own each find the other's head."""
    one, other = open_store(database_url), open_store(database_url)
    for number in range(0, 12, 2):
        fill(one, 1, first=number)
        fill(other, 1, first=number + 1)
    assert one.read(lambda tx: tx.log.head()) == other.read(lambda tx: tx.log.head())
    assert check(one) == []


def test_checkpoints_are_kept_in_order(store: Store) -> None:
    """Signed heads come back as written, and the newest is found."""
    assert store.read(lambda tx: tx.log.last_checkpoint()) is None
    for size in (1, 2):
        store.write_sync(lambda tx, size=size: tx.log.add_checkpoint(f"hub\n{size}\n", size, START))
    assert [c.size for c in store.read(lambda tx: tx.log.checkpoints())] == [1, 2]
    last = store.read(lambda tx: tx.log.last_checkpoint())
    assert last is not None
    assert (last.size, last.note, last.at) == (2, "hub\n2\n", START)


def leaf_of(store: Store, message_id: str) -> dict[str, object]:
    """The leaf of a message as it was hashed."""
    index = store.read(lambda tx: tx.log.index_of(message_id))
    [entry] = store.read(lambda tx: list(tx.log.entries(index, index + 1)))
    return dict(json.loads(entry.leaf))


def test_an_answer_is_bound_to_its_request(store: Store) -> None:
    """Its leaf holds the hash of the request's, whether both came in one commit or the request long before."""
    store.write_sync(lambda tx: tx.messages.add(message("q1")))

    def unit(tx: Tx) -> None:
        tx.messages.add(message("a1", related_id="q1"))
        tx.messages.add(message("q2"))
        tx.messages.add(message("a2", related_id="q2"))

    store.write_sync(unit)
    entries = store.read(lambda tx: list(tx.log.entries()))
    assert leaf_of(store, "a1")["related_leaf"] == entries[0].leaf_hash.hex()
    assert leaf_of(store, "a2")["related_leaf"] == entries[2].leaf_hash.hex()
    assert leaf_of(store, "q2")["related_leaf"] is None


def test_what_answers_nothing_in_the_log_is_bound_to_nothing(store: Store) -> None:
    """A name that no entry before has leaves the hash null: it is not invented later."""

    def unit(tx: Tx) -> None:
        tx.messages.add(message("a1", related_id="later"))
        tx.messages.add(message("later"))

    store.write_sync(unit)
    assert leaf_of(store, "a1")["related_leaf"] is None


def test_a_proof_beyond_the_log_is_missing(store: Store) -> None:
    """Sizes that the log never had and entries that it does not have are named."""
    fill(store, 3)
    with pytest.raises(Missing, match="the log has 3 entries"):
        store.read(lambda tx: tx.log.inclusion(0, 4))
    with pytest.raises(Missing, match="no entry 2 in a log of 2"):
        store.read(lambda tx: tx.log.inclusion(2, 2))
    with pytest.raises(Missing, match="does not contain one of 3"):
        store.read(lambda tx: tx.log.consistency(3, 2))
