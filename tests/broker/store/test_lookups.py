"""Who looked up whom is found by the personal number, and the number is nowhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from broker.store.engine import Store
from broker.store.rows import Lookup
from signing.vault import Vault
from tests.clock import START
from tests.vaults import NEW, OLD

NUMBER = "001199000123"


def lookup(message_id: str, days: int = 0) -> Lookup:
    """A look-up by an officer of civil status."""
    at = START + timedelta(days=days)
    return Lookup(at, "dancu", "lookup", "CB000001", "H01.001", "1.001193", "d1", message_id)


def test_found_by_number_and_by_dossier(store: Store) -> None:
    """A citizen's look-ups come newest first with officer, unit and purpose; another citizen's do not."""
    for number, message_id in ((NUMBER, "m1"), (NUMBER, "m2"), ("001199000124", "m3")):
        store.write_sync(lambda tx, n=number, m=message_id: tx.lookups.add(n, lookup(m)))
    assert store.read(lambda tx: tx.lookups.of_person(NUMBER)) == [lookup("m2"), lookup("m1")]
    found = store.read(lambda tx: tx.lookups.of_dossier("d1"))
    assert [one.message_id for one in found] == ["m3", "m2", "m1"]
    assert store.read(lambda tx: tx.lookups.of_person("001199000999")) == []


def test_the_number_is_not_stored(store: Store) -> None:
    """The table cannot be read backwards without the key."""
    store.write_sync(lambda tx: tx.lookups.add(NUMBER, lookup("m1")))
    rows = store.read(lambda tx: tx.log._conn.exec_driver_sql("SELECT * FROM lookups").all())
    assert NUMBER not in repr(rows)


def test_found_after_a_rotation_and_a_retirement(database_url: str, open_store: Callable[..., Store]) -> None:
    """Look-ups from before a rotation are found, also when the old key can no longer open anything."""
    open_store(database_url).write_sync(lambda tx: tx.lookups.add(NUMBER, lookup("m1")))
    rotated = open_store(database_url, vault=Vault([NEW, OLD.retired()]))
    rotated.write_sync(lambda tx: tx.lookups.add(NUMBER, lookup("m2")))
    assert len(rotated.read(lambda tx: tx.lookups.of_person(NUMBER))) == 2
    assert rotated.read(lambda tx: tx.lookups.tagged()) == {OLD.id: 1, NEW.id: 1}


def test_old_ones_are_forgotten_in_pieces(store: Store) -> None:
    """Retention takes those from before a time, so many at once, and leaves the others."""
    for day in range(4):
        store.write_sync(lambda tx, d=day: tx.lookups.add(NUMBER, lookup(f"m{d}", d)))
    purge = START + timedelta(days=3)
    assert store.write_sync(lambda tx: tx.lookups.purge(purge, 2)) == 2
    assert store.write_sync(lambda tx: tx.lookups.purge(purge, 2)) == 1
    assert [one.message_id for one in store.read(lambda tx: tx.lookups.of_person(NUMBER))] == ["m3"]
