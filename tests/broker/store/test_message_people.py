"""Messages are found by the people in them, and the table names nobody."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from broker.store.dossiers import PERSONAL_NUMBER
from broker.store.engine import Store, Tx
from broker.store.errors import Missing, StoreError
from broker.store.rows import MessageFilter
from signing.vault import Vault
from tests.broker.store.samples import dossier, message
from tests.clock import START
from tests.vaults import NEW, OLD

MOTHER = "001199000123"
FATHER = "001198000456"
CHILD = "001326000789"


def found(store: Store, number: str) -> list[str]:
    """Ids of a person's messages, newest first."""
    page = store.read(lambda tx: tx.messages.search(MessageFilter(person=number)))
    return [row.id for row in page.items]


def declared(tx: Tx) -> None:
    """A dossier with its declaration, an exchange with an agency, and the number that the child got."""
    tx.dossiers.add(dossier("d1"))
    tx.messages.add(message("m1", dossier="H01-d1"))
    tx.people.note("m1", [MOTHER, FATHER])
    tx.messages.add(message("m2", dossier="H01-d1"))
    tx.messages.add(message("m3"))
    tx.dossiers.add_code("d1", PERSONAL_NUMBER, CHILD)


def test_whoever_stands_in_a_dossier_is_found_with_all_its_messages(store: Store) -> None:
    """Mother and father by the declaration, the child by the number that it got; others not."""
    store.write_sync(declared)
    for number in (MOTHER, FATHER, CHILD):
        assert found(store, number) == ["m2", "m1"]
    assert found(store, "001199000999") == []


def test_messages_of_no_dossier(store: Store) -> None:
    """A look-up is found by itself, in the unit that logs it and afterwards; noting twice changes nothing."""
    store.write_sync(lambda tx: [tx.messages.add(message("m1")), tx.people.note("m1", [MOTHER])])
    store.write_sync(lambda tx: [tx.messages.add(message("m2")), tx.messages.add(message("m3"))])
    for _ in range(2):
        store.write_sync(lambda tx: tx.people.note("m3", [MOTHER]))
    assert found(store, MOTHER) == ["m3", "m1"]


def test_a_unit_that_fails_leaves_nobody(store: Store) -> None:
    """Whom a message was about is not remembered if the message is not."""

    def failing(tx: Tx) -> None:
        tx.messages.add(message("m1"))
        tx.people.note("m1", [MOTHER])
        raise ValueError("the unit changed its mind")

    with pytest.raises(ValueError, match="changed its mind"):
        store.write_sync(failing)
    store.write_sync(lambda tx: tx.messages.add(message("m1")))
    assert found(store, MOTHER) == []


def test_only_of_messages_that_are_there(store: Store) -> None:
    """A message that nobody logged cannot be indexed, nor anything in a read."""
    with pytest.raises(Missing):
        store.write_sync(lambda tx: tx.people.note("nothing", [MOTHER]))
    with pytest.raises(StoreError, match="read-only"):
        store.read(lambda tx: tx.people.note("m1", [MOTHER]))


def test_the_index_reveals_nobody(sqlite_url: str, open_store: Callable[..., Store]) -> None:
    """No number is in the database file or beside it, neither as text nor as its plain SHA-256."""
    store = open_store(sqlite_url)
    store.write_sync(declared)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    raw = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    assert b"H01-d1" in raw
    for number in (MOTHER, FATHER, CHILD):
        assert number.encode() not in raw
    with sqlite3.connect(path) as database:
        tags = [row[0] for row in database.execute("SELECT subject FROM message_people")]
    database.close()
    assert sorted(tags) == sorted(Vault([OLD]).tag(number) for number in (MOTHER, FATHER))


def test_found_after_a_rotation_and_a_retirement(database_url: str, open_store: Callable[..., Store]) -> None:
    """What was indexed under an old key is found beside the new, also when the old one opens nothing any more."""
    open_store(database_url).write_sync(declared)
    rotated = open_store(database_url, vault=Vault([NEW, OLD.retired()]))
    rotated.write_sync(lambda tx: [tx.messages.add(message("m4")), tx.people.note("m4", [MOTHER])])
    assert found(rotated, MOTHER) == ["m4", "m2", "m1"]
    assert rotated.read(lambda tx: tx.people.tagged()) == {OLD.id: 2, NEW.id: 1}


def test_a_stranger_with_the_table_cannot_search(database_url: str, open_store: Callable[..., Store]) -> None:
    """With another data key the same number finds nobody."""
    open_store(database_url).write_sync(declared)
    stranger = open_store(database_url, vault=Vault([NEW]))
    assert found(stranger, MOTHER) == []


def test_erasure_forgets_whom_it_was_about(store: Store) -> None:
    """With the bodies of a dossier go the tags of its people, and no others."""
    store.write_sync(declared)
    store.write_sync(lambda tx: tx.people.note("m3", [MOTHER]))
    store.write_sync(lambda tx: tx.erasure.dossier("d1", "H01-d1", START, "hub"))
    assert found(store, MOTHER) == ["m3"]
    assert (found(store, FATHER), found(store, CHILD)) == ([], [])
    later = START.replace(year=START.year + 1)
    store.write_sync(lambda tx: tx.erasure.bodies(later, later, 10))
    assert found(store, MOTHER) == []
