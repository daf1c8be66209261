"""Verifications of the log and the states of entries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from broker.store.engine import Store
from broker.store.verifications import State, Verification
from signing.log.tiles import WIDTH
from tests.broker.store.samples import message
from tests.clock import START


def made(day: int, *, ok: bool = True, size: int = 2) -> Verification:
    """A verification of that day."""
    return Verification(START + timedelta(days=day), size, ok, 0 if ok else 1, f"note {day}")


def fill(store: Store, entries: int) -> None:
    """A log of so many entries."""
    store.write_sync(lambda tx: [tx.messages.add(message(f"m{n}")) for n in range(entries)])


def test_newest_first_in_pages(store: Store) -> None:
    """The list pages from new to old, and the newest is the one that counts."""
    assert store.read(lambda tx: tx.verifications.last()) is None
    for day in range(3):
        store.write_sync(lambda tx, d=day: tx.verifications.add(made(d), {}))
    page = store.read(lambda tx: tx.verifications.made(limit=2))
    rest = store.read(lambda tx: tx.verifications.made(limit=2, after=page.after))
    assert [one.report for one in (*page.items, *rest.items)] == ["note 2", "note 1", "note 0"]
    assert rest.after is None
    assert store.read(lambda tx: tx.verifications.last()) == made(2)
    with pytest.raises(ValueError, match="page cursor"):
        store.read(lambda tx: tx.verifications.made(after="x"))


def test_findings_are_those_of_the_newest(store: Store) -> None:
    """What one run found goes with the next."""
    store.write_sync(
        lambda tx: tx.verifications.add(made(0, ok=False), {(0, "body"): "khác", (0, "row"): "x"})
    )
    assert store.read(lambda tx: tx.verifications.found([0, 1])) == {0: ["body: khác", "row: x"]}
    store.write_sync(lambda tx: tx.verifications.add(made(1), {}))
    assert store.read(lambda tx: tx.verifications.found([0, 1])) == {}


def test_nothing_is_verified_once_the_log_was_found_wrong(store: Store) -> None:
    """A good run makes entries verified; a bad one after it takes that back, also from entries it did not name."""
    fill(store, 3)
    store.write_sync(lambda tx: tx.verifications.add(made(0), {}))
    assert list(store.read(lambda tx: tx.verifications.states([0, 1, 2])).values()) == [
        State.VERIFIED,
        State.VERIFIED,
        State.PENDING,
    ]
    store.write_sync(lambda tx: tx.verifications.add(made(1, ok=False), {(1, "body"): "x"}))
    assert list(store.read(lambda tx: tx.verifications.states([0, 1, 2])).values()) == [
        State.PENDING,
        State.BROKEN,
        State.PENDING,
    ]


def test_pieces_cover_the_log(store: Store) -> None:
    """Piece after piece gives every entry once; the last one says so and holds what stands behind the head."""
    fill(store, WIDTH + 3)
    with store._writing.begin() as conn:
        conn.execute(text(f"UPDATE messages SET idx = {WIDTH + 90} WHERE idx = {WIDTH + 2}"))
    first, last = (store.read(lambda tx, s=start: tx.verifications.piece(s)) for start in (0, WIDTH))
    indexes = [entry.index for piece in (first, last) for entry in piece.entries]
    assert indexes == [*range(WIDTH + 2), WIDTH + 90]
    assert (first.last, last.last) == (False, True)
    assert first.head.size == WIDTH + 3


def test_a_row_that_says_something_else(store: Store) -> None:
    """Columns by which messages are found must say what was hashed; a leaf that is none is for others to tell."""
    fill(store, 3)
    with store._writing.begin() as conn:
        conn.execute(text("UPDATE messages SET officer = 'khác', kind = 'reply' WHERE idx = 1"))
        conn.execute(text("UPDATE messages SET leaf = salt WHERE idx = 2"))
    piece = store.read(lambda tx: tx.verifications.piece(0))
    assert [(found.index, found.place) for found in piece.findings] == [(1, "row")]
    assert "kind, officer" in piece.findings[0].text
