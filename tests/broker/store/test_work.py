"""The list of things that somebody must look at, and the record of what people did."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from broker.store.engine import Store, Tx
from broker.store.errors import Missing
from broker.store.rows import Act, MessageFilter
from broker.store.work import ACT
from tests.broker.store.samples import dossier, work_item
from tests.clock import START, ManualClock


def test_items_are_listed_until_closed(store: Store, clock: ManualClock) -> None:
    """Open items are listed newest first; a closed one says when, and is off the list."""
    items = [work_item(f"w{n}", at=START + timedelta(minutes=n)) for n in range(3)]
    store.write_sync(lambda tx: [tx.work.add(item) for item in items])
    closed_at = clock.advance(hours=1)
    store.write_sync(lambda tx: tx.work.close("w1", "lan", "sent by hand"))
    assert store.read(lambda tx: tx.work.list()).items == [items[2], items[0]]
    assert store.read(lambda tx: tx.work.get("w1")).closed_at == closed_at
    assert store.read(lambda tx: tx.work.count()) == 2


def test_adding_twice_is_adding_once(store: Store) -> None:
    """An item that is on the list, or was closed, is not put there again."""
    store.write_sync(lambda tx: tx.work.add(work_item("w1")))
    store.write_sync(lambda tx: tx.work.add(work_item("w1", reason="other")))
    assert store.read(lambda tx: tx.work.get("w1")).reason == "refused"


def test_filters_and_pages(store: Store) -> None:
    """The list can be narrowed and read page by page."""
    store.write_sync(
        lambda tx: [
            tx.work.add(work_item("w1", owner="lan", agency="hotich")),
            tx.work.add(work_item("w2", owner="lan", kind="stuck", dossier_id="1")),
            tx.work.add(work_item("w3", owner="minh")),
        ]
    )

    def ids(**conditions):  # type: ignore[no-untyped-def]
        return [item.id for item in store.read(lambda tx: tx.work.list(**conditions)).items]

    assert ids(owner="lan") == ["w2", "w1"]
    assert ids(kind="stuck", dossier_id="1") == ["w2"]
    assert ids(agency="hotich") == ["w1"]
    page = store.read(lambda tx: tx.work.list(limit=2))
    assert ids(limit=2, after=page.after) == ["w1"]


def test_what_is_not_open_cannot_be_closed(store: Store) -> None:
    """Closing twice, or closing nothing, is an error."""
    store.write_sync(lambda tx: tx.work.add(work_item("w1")))
    store.write_sync(lambda tx: tx.work.close("w1", "lan", "done"))
    for item_id in ("w1", "nothing"):
        with pytest.raises(Missing):
            store.write_sync(lambda tx, item_id=item_id: tx.work.close(item_id, "lan", "again"))
    with pytest.raises(Missing):
        store.read(lambda tx: tx.work.get("nothing"))


def test_acts_are_kept(store: Store) -> None:
    """What people did is found by its target, oldest first, and over all, newest first."""
    done = [Act(START + timedelta(minutes=n), "lan", "pause", f"t{n % 2}", "why") for n in range(3)]
    for act in done:
        store.write_sync(lambda tx, act=act: tx.acts.add(act))
    assert store.read(lambda tx: tx.acts.of("t0")) == (done[0], done[2])
    assert store.read(lambda tx: tx.acts.latest(2)) == (done[2], done[1])
    assert store.read(lambda tx: tx.acts.latest(before_time=done[1].at)) == (done[0],)


def test_an_act_is_an_entry_of_the_log(store: Store) -> None:
    """In the same transaction, with who and why in its leaf and the rest in its body."""
    act = Act(START, "lan", "replay", "d1", "cơ quan đã sửa")
    store.write_sync(lambda tx: tx.acts.add(act, {"attempts": 3}))
    [row] = store.read(lambda tx: tx.messages.search(MessageFilter(kind=ACT))).items
    assert (row.operation, row.officer, row.purpose) == ("replay", "lan", "cơ quan đã sửa")
    said = json.loads(store.read(lambda tx: tx.messages.body(row.id)))
    assert said == {"act": "replay", "target": "d1", "who": "lan", "why": "cơ quan đã sửa", "attempts": 3}


def test_an_act_of_a_unit_that_fails_is_nowhere(store: Store) -> None:
    """Neither among the acts nor in the log."""

    def fails(tx: Tx) -> None:
        tx.acts.add(Act(START, "lan", "replay", "d1", "why"))
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        store.write_sync(fails)
    assert store.read(lambda tx: (tx.acts.of("d1"), tx.log.head().size)) == ((), 0)


def test_what_could_not_be_said_is_an_entry_of_the_log(store: Store) -> None:
    """Nothing left, as no mapping could say it: one entry of its dossier, with the reason; others make none."""
    store.write_sync(lambda tx: tx.dossiers.add(dossier("d1")))
    item = work_item("w1", kind="unmapped", dossier_id="d1", reason="the unit is unknown")
    for each in (item, item, work_item("w2", kind="deadline")):
        store.write_sync(lambda tx, each=each: tx.work.add(each))
    [row] = store.read(lambda tx: tx.messages.search(MessageFilter(direction="out"))).items
    assert (row.kind, row.outcome, row.dossier) == ("refused", "unmapped", dossier("d1").code)
    assert store.read(lambda tx: tx.messages.body(row.id)) == b"the unit is unknown"
