"""What is turned away is in the log, and nobody fills it with that."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest

from broker.log import refusals
from broker.log.refusals import BOUNDED, KEPT, ROOM, Refusals, Seen
from broker.store.engine import Store
from broker.store.rows import MessageFilter
from tests.broker.store.samples import message
from tests.clock import ManualClock


@pytest.fixture
def noted(store: Store, clock: ManualClock) -> Refusals:
    """Three entries a minute of one source, five of all."""
    ids = itertools.count()
    return Refusals(store, clock, lambda: f"r{next(ids)}", per_source=3, in_all=5)


def entries(store: Store) -> list[tuple[str, Mapping[str, Any]]]:
    """Outcome and body of every entry, oldest first."""
    rows = store.read(lambda tx: tx.messages.search(MessageFilter(kind="refused"), limit=100)).items[::-1]
    return [(row.outcome, json.loads(store.read(lambda tx, r=row: tx.messages.body(r.id)))) for row in rows]


async def test_one_source_is_bounded_and_counted(store: Store, noted: Refusals, clock: ManualClock) -> None:
    """Entries up to the bound, then one for the minute that says how many more, and why."""
    for number in range(10):
        await noted.note("10.0.0.1", None, "unauthorized" if number % 2 else "malformed", {}, Seen())
    assert len(entries(store)) == 3
    assert await noted.flush() == 0
    clock.advance(minutes=1)
    assert [await noted.flush(), await noted.flush()] == [1, 0]
    outcome, said = entries(store)[3]
    assert (outcome, said["count"]) == (BOUNDED, 7)
    assert said["sources"] == {"10.0.0.1": {"malformed": 3, "unauthorized": 4}}


async def test_many_sources_are_bounded_together(store: Store, noted: Refusals) -> None:
    """A thousand addresses make no more entries than the bound for all; at the end the rest is counted."""
    for number in range(1200):
        await noted.note(f"10.0.{number // 256}.{number % 256}", None, "unauthorized", {}, Seen())
    await noted.close()
    *first, (outcome, said) = entries(store)
    assert (len(first), outcome, said["count"]) == (5, BOUNDED, 1195)
    assert len(said["sources"]) <= 1001
    assert said["sources"]["others"]["unauthorized"] == 200


async def test_the_next_minute_is_a_new_one(store: Store, noted: Refusals, clock: ManualClock) -> None:
    """What was counted comes before what comes then; a quiet minute makes no entry."""
    for _ in range(4):
        await noted.note("a", "dvcqg", "forbidden", {"path": "/x"}, Seen())
    clock.advance(minutes=2)
    await noted.note("a", "dvcqg", "forbidden", {"path": "/y"}, Seen())
    assert [outcome for outcome, _ in entries(store)] == ["forbidden"] * 3 + [BOUNDED, "forbidden"]
    clock.advance(minutes=2)
    assert await noted.flush() == 0


async def test_a_store_that_is_away_changes_no_answer(store: Store, noted: Refusals) -> None:
    """Whoever is turned away is turned away; that it is not in the log is told elsewhere."""
    store.close()
    await noted.note("a", None, "unauthorized", {}, Seen())


@pytest.mark.parametrize("sizes", [[0], [10], [KEPT], [KEPT + 1], [KEPT - 1, 5, 100_000], [1] * 10])
def test_a_body_is_described_by_its_beginning_and_its_hash(sizes: list[int]) -> None:
    """However it arrives: 64 KiB at most, and length and SHA-256 of all of it."""
    body = bytes(number % 251 for number in range(sum(sizes)))
    seen, at = Seen(), 0
    for size in sizes:
        seen.add(body[at : at + size])
        at += size
    said = seen.described()
    assert (said["size"], said["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())
    assert base64.b64decode(said["body"]) == body[:KEPT]


async def test_all_bodies_of_a_minute_are_bounded(store: Store, clock: ManualClock) -> None:
    """When there is no more room, length and hash are kept; the next minute has room again."""
    noted = Refusals(store, clock, map("r{}".format, itertools.count()).__next__)
    body = bytes(KEPT)
    for _ in range(20):
        await noted.note("a", None, "malformed", {}, Seen.of(body))
    kept = [len(base64.b64decode(said["body"])) for _, said in entries(store)]
    assert (sum(kept), kept[0], kept[-1]) == (ROOM, KEPT, 0)
    assert {said["sha256"] for _, said in entries(store)} == {hashlib.sha256(body).hexdigest()}
    clock.advance(minutes=1)
    await noted.note("a", None, "malformed", {}, Seen.of(body))
    assert len(base64.b64decode(entries(store)[-1][1]["body"])) == KEPT


async def test_what_an_agency_sends_stays_as_it_is(store: Store, noted: Refusals) -> None:
    """Up to 256 KiB; a longer body is described by its beginning, length and hash."""
    await noted.keep("bhxh", message("m1", kind="refused", body=b"<a/>"))
    await noted.keep("bhxh", message("m2", kind="refused", body=b"x" * (4 * KEPT + 1)))
    assert store.read(lambda tx: tx.messages.body("m1")) == b"<a/>"
    long = store.read(lambda tx: tx.messages.get("m2"))
    said = json.loads(long.body)
    assert (said["size"], len(base64.b64decode(said["body"]))) == (4 * KEPT + 1, KEPT)
    assert long.content_type == "application/json"


def test_a_request_has_one_entry() -> None:
    """Who logs it says so, and whoever asked knows; outside of a request nothing happens."""
    mark = refusals.begin()
    assert not mark
    refusals.recorded()
    refusals.recorded()
    assert mark == [True]
