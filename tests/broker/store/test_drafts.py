from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from broker.store.drafts import Draft
from broker.store.engine import Store
from broker.store.errors import Missing

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
OWN = "client:dvcqg"
DRAFT = Draft("draft-1", OWN, "birth", 1, AT, AT, "<Tờ khai/>".encode(), ("đã điền",))


def test_a_draft_is_seen_by_its_owner_only(store: Store) -> None:
    """Whoever did not begin a draft cannot tell that there is one."""
    store.write_sync(lambda tx: tx.drafts.add(DRAFT))
    assert store.read(lambda tx: tx.drafts.get("draft-1", [OWN, "other"])) == DRAFT
    with pytest.raises(Missing):
        store.read(lambda tx: tx.drafts.get("draft-1", ["other"]))
    with pytest.raises(Missing):
        store.write_sync(lambda tx: tx.drafts.remove("draft-1", ["other"]))
    assert store.read(lambda tx: tx.drafts.of(["other"])) == []


def test_a_change_replaces_the_version_that_it_was_made_to(store: Store) -> None:
    """Two changes to one version: the second is told that it is too late."""
    store.write_sync(lambda tx: tx.drafts.add(DRAFT))
    later = dataclasses.replace(DRAFT, version=2, content=b"<B/>", changed_at=AT + timedelta(minutes=1))
    assert store.write_sync(lambda tx: tx.drafts.change(later))
    assert not store.write_sync(lambda tx: tx.drafts.change(later))
    assert store.read(lambda tx: tx.drafts.get("draft-1", [OWN])) == later


def test_old_drafts_are_forgotten(store: Store) -> None:
    """A draft that nobody touched goes; a younger one stays."""
    store.write_sync(lambda tx: tx.drafts.add(DRAFT))
    store.write_sync(
        lambda tx: tx.drafts.add(dataclasses.replace(DRAFT, id="draft-2", changed_at=AT + timedelta(days=40)))
    )
    assert store.read(lambda tx: tx.drafts.count([OWN])) == 2
    assert store.write_sync(lambda tx: tx.drafts.purge(AT + timedelta(days=30), 100)) == 1
    assert [one.id for one in store.read(lambda tx: tx.drafts.of([OWN]))] == ["draft-2"]
