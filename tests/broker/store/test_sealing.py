"""Personal data is sealed in the database, for its row alone, and comes back as it was."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text

from broker.store.engine import Store, Tx
from broker.store.invariants import check
from broker.store.schema import dossiers
from broker.store.sealing import SEALED, seal, unseal
from signing.errors import KeyProblem, SealBroken
from signing.vault import Vault
from tests.broker.store.samples import delivery, dossier, message, step
from tests.vaults import NEW, OLD, vault

SECRET = "Nguyễn Thị Lành 001199000123"
BODY = SECRET.encode()


def filled(store: Store) -> None:
    """One row with a secret in every sealed column."""

    def write(tx: Tx) -> None:
        tx.messages.add(message("m1", body=BODY))
        tx.dossiers.add(dossier("d1", declaration=BODY, steps=(step("registration", result=BODY),)))
        tx.deliveries.enqueue(delivery("v1", payload=BODY, context={"answers": SECRET}))
        tx.intake.claim("dvcqg", "i1", "00")
        tx.intake.answer("dvcqg", "i1", BODY)

    store.write_sync(write)


def seen(tx: Tx) -> list[bytes | str]:
    """What the repositories give for every sealed column."""
    found = tx.dossiers.get("d1")
    sent = tx.deliveries.get("v1")
    answer = tx.intake.first_answer("dvcqg", "i1", "00")
    values = [tx.messages.body("m1"), found.declaration, found.steps[0].result, sent.payload, answer]
    return [value or b"" for value in values] + [sent.context["answers"]]


def test_nothing_is_plain_in_the_database(store: Store) -> None:
    """The repositories give everything back; the tables hold none of it and name the key."""
    filled(store)
    assert store.read(seen) == [BODY] * 5 + [SECRET]
    for table, (_, columns) in SEALED.items():
        for row in store.read(lambda tx, table=table: tx.log._conn.execute(select(table)).all()):
            assert row.sealed_by == OLD.id
            stored = [getattr(row, column) for column in columns]
            assert not any(SECRET in str(value) or BODY in bytes(str(value), "utf-8") for value in stored)
            assert not any(isinstance(value, bytes) and BODY in value for value in stored)
    assert check(store) == []


def test_after_a_rotation_both_keys_open(database_url: str, open_store: Callable[..., Store]) -> None:
    """Rows of the old key stay readable, new rows are sealed with the new one."""
    filled(open_store(database_url))
    rotated = open_store(database_url, vault=Vault([NEW, OLD]))
    assert rotated.read(seen)[0] == BODY
    rotated.write_sync(lambda tx: tx.dossiers.update(tx.dossiers.lock("d1")))
    query = select(dossiers.c.sealed_by)
    assert rotated.read(lambda tx: tx.log._conn.execute(query).scalar_one()) == NEW.id
    assert rotated.read(seen)[1] == BODY


def test_a_missing_key_is_named(database_url: str, open_store: Callable[..., Store]) -> None:
    """A hub without the old key says which file to bring back."""
    filled(open_store(database_url))
    with pytest.raises(KeyProblem, match=rf"messages.body/m1 is sealed with data key {OLD.id}"):
        open_store(database_url, vault=Vault([NEW])).read(lambda tx: tx.messages.body("m1"))


def test_swapped_rows_do_not_open(store: Store) -> None:
    """Two dossiers' declarations that were exchanged in the database are not taken for each other."""

    def write(tx: Tx) -> None:
        tx.dossiers.add(dossier("d1", declaration=b"<a/>"))
        tx.dossiers.add(dossier("d2", declaration=b"<b/>"))

    store.write_sync(write)
    swap = (
        "UPDATE dossiers SET declaration = (SELECT declaration FROM dossiers WHERE id = 'd2') WHERE id = 'd1'"
    )
    store.write_sync(lambda tx: tx.log._conn.execute(text(swap)))
    with pytest.raises(SealBroken, match=r"dossiers\.declaration/d1"):
        store.read(lambda tx: tx.dossiers.get("d1"))


def test_plain_rows_from_before_are_read(store: Store) -> None:
    """A row without a key is what it was: a database that is being brought up to date can be read."""
    filled(store)
    plain = text("UPDATE dossiers SET declaration = :plain, sealed_by = NULL")
    store.write_sync(lambda tx: tx.log._conn.execute(plain, {"plain": BODY}))
    assert store.read(lambda tx: tx.dossiers.get("d1")).declaration == BODY


def test_absent_and_empty_values_need_no_key() -> None:
    """A row in which nothing is sealed names no key."""
    row = seal(vault(), dossiers, {"id": "d1", "declaration": b""})
    assert row == {"id": "d1", "declaration": b"", "sealed_by": None}
    assert unseal(vault(), SimpleNamespace(**row), dossiers.c.declaration) == b""
