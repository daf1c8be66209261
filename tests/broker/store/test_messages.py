"""Messages are kept byte for byte and found again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from broker.store.engine import Store
from broker.store.errors import Conflict, Missing, StoreError
from broker.store.rows import MessageFilter
from tests.broker.store.samples import message
from tests.clock import START


def test_a_message_comes_back_as_it_was(store: Store) -> None:
    """Every field and every byte of the body survives."""
    sent = message(
        "m1",
        outcome="rejected",
        dossier="H01",
        related_id="m0",
        signer="CN=Tư pháp",
        officer="001099000001",
        purpose="birth",
        content_type="text/xml",
        body=bytes(range(256)),
        at=START + timedelta(microseconds=1),
    )
    store.write_sync(lambda tx: tx.messages.add(sent))
    assert store.read(lambda tx: tx.messages.get("m1")) == sent
    assert store.read(lambda tx: tx.messages.body("m1")) == sent.body


def test_a_unit_sees_its_own_message(store: Store) -> None:
    """A message can be read in the unit that added it, before it has a position."""

    def unit(tx):  # type: ignore[no-untyped-def]
        tx.messages.add(message("m1"))
        return tx.messages.get("m1")

    assert store.write_sync(unit) == message("m1")


@pytest.mark.parametrize("apart", [True, False], ids=["two units", "one unit"])
def test_an_id_is_used_once(store: Store, apart: bool) -> None:
    """A second message with the same id is refused and leaves the log as it was."""
    if apart:
        store.write_sync(lambda tx: tx.messages.add(message("m1")))
    with pytest.raises(Conflict):
        store.write_sync(
            lambda tx: [tx.messages.add(message("m1", body=b"other")) for _ in range(1 if apart else 2)]
        )
    assert store.read(lambda tx: tx.log.head()).size == (1 if apart else 0)


def test_messages_of_a_dossier_in_order(store: Store) -> None:
    """The messages about a dossier are listed oldest first, without others'."""
    for number, dossier in enumerate(["a", "b", "a", None]):
        added = message(f"m{number}", dossier=dossier)
        store.write_sync(lambda tx, added=added: tx.messages.add(added))
    assert [row.id for row in store.read(lambda tx: tx.messages.of_dossier("a"))] == ["m0", "m2"]


def test_answers_are_found_by_their_request(store: Store) -> None:
    """What answered a message is found from it."""
    store.write_sync(
        lambda tx: [
            tx.messages.add(message("m1")),
            tx.messages.add(message("m2", related_id="m1", direction="in", kind="reply")),
        ]
    )
    assert [row.id for row in store.read(lambda tx: tx.messages.related("m1"))] == ["m2"]


def test_search_pages_from_new_to_old(store: Store) -> None:
    """Pages follow each other without overlap or gap, and the last has no successor."""
    store.write_sync(lambda tx: [tx.messages.add(message(f"m{n}")) for n in range(5)])
    seen, after = [], None
    for _ in range(3):
        page = store.read(lambda tx, after=after: tx.messages.search(limit=2, after=after))
        seen += [row.id for row in page.items]
        after = page.after
    assert (seen, after) == (["m4", "m3", "m2", "m1", "m0"], None)


def test_search_filters(store: Store) -> None:
    """Every condition that is set must hold; the end of the time range is outside."""
    rows = [
        message("m1", agency="cutru"),
        message("m2", at=START + timedelta(hours=1)),
        message("m3", direction="in"),
        message("m4", officer="o1"),
    ]
    store.write_sync(lambda tx: [tx.messages.add(row) for row in rows])

    def found(**conditions):  # type: ignore[no-untyped-def]
        page = store.read(lambda tx: tx.messages.search(MessageFilter(**conditions)))
        return [row.id for row in page.items]

    assert found(agency="cutru") == ["m1"]
    assert found(agency="hotich", direction="out") == ["m4", "m2"]
    assert found(since=START + timedelta(minutes=1)) == ["m2"]
    assert found(until=START + timedelta(hours=1)) == ["m4", "m3", "m1"]
    assert found(officer="o1") == ["m4"]


def test_unknown_message(store: Store) -> None:
    """A wrong id is an error, not an empty message."""
    with pytest.raises(Missing):
        store.read(lambda tx: tx.messages.get("nothing"))


def test_adding_needs_a_write(store: Store) -> None:
    """A message added in a read would be lost: it is refused."""
    with pytest.raises(StoreError, match="read-only"):
        store.read(lambda tx: tx.messages.add(message("m1")))
