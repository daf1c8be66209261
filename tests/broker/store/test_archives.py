"""Which archives there are."""

from __future__ import annotations

import dataclasses

import pytest

from broker.store.archives import StoredArchive
from broker.store.engine import Store
from broker.store.errors import Conflict, Missing
from tests.clock import ManualClock


def test_archives_by_period(store: Store, clock: ManualClock) -> None:
    """Each period has one; they are found by period, by where they end, and by whether they were taken elsewhere."""
    first = StoredArchive("2026-09", 0, 10, clock(), "2026-09.asice", "aa")
    second = StoredArchive("2026-10", 10, 25, clock(), "2026-10.asice", "bb")
    assert store.read(lambda tx: tx.archives.last()) is None
    for one in (first, second):
        store.write_sync(lambda tx, one=one: tx.archives.add(one))
    assert store.read(lambda tx: tx.archives.all()) == [first, second]
    assert store.read(lambda tx: tx.archives.last()) == second
    assert store.read(lambda tx: tx.archives.of("2026-09")) == first
    assert store.read(lambda tx: tx.archives.before(10)) == first
    assert store.read(lambda tx: tx.archives.before(11)) is None
    with pytest.raises(Missing):
        store.read(lambda tx: tx.archives.of("2026-11"))
    with pytest.raises(Conflict):
        store.write_sync(lambda tx: tx.archives.add(first))


def test_an_archive_is_taken_elsewhere_and_again_when_it_was_rewritten(
    store: Store, clock: ManualClock
) -> None:
    """What was transferred waits no more, until the file is another."""
    one = StoredArchive("2026-09", 0, 10, clock(), "2026-09.asice", "aa")
    store.write_sync(lambda tx: tx.archives.add(one))
    assert store.read(lambda tx: tx.archives.waiting()) == [one]
    later = clock.advance(hours=1)
    store.write_sync(lambda tx: tx.archives.transferred("2026-09", later))
    assert store.read(lambda tx: tx.archives.waiting()) == []
    assert store.read(lambda tx: tx.archives.of("2026-09")).transferred_at == later
    store.write_sync(lambda tx: tx.archives.rewritten("2026-09", "cc", later))
    assert store.read(lambda tx: tx.archives.waiting()) == [dataclasses.replace(one, sha256="cc", at=later)]
