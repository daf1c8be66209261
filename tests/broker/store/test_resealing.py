"""Rows move to the newest key in pieces, and what is erased or moved already is left alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from broker.store.dossiers import PERSONAL_NUMBER
from broker.store.engine import Store, Tx
from broker.store.invariants import check
from broker.store.sealing import SEALED
from signing.errors import KeyProblem
from signing.vault import Vault
from tests.broker.store.samples import delivery, dossier, message, step
from tests.vaults import NEW, OLD


def fill(tx: Tx) -> None:
    """Five messages and one row of everything else."""
    for number in range(5):
        tx.messages.add(message(f"m{number}"))
    tx.dossiers.add(dossier("d1", steps=(step("registration", result=b"<r/>"), step("residence"))))
    tx.deliveries.enqueue(delivery("v1", context={"a": "b"}))
    tx.intake.claim("dvcqg", "i1", "00")
    tx.intake.answer("dvcqg", "i1", b"<answer/>")


def reseal(store: Store, name: str, limit: int = 2) -> list[int]:
    """How many rows each piece had."""
    pieces, place = [], None
    while True:
        done, place = store.write_sync(lambda tx, p=place: tx.resealing.reseal(name, p, limit))
        pieces.append(done)
        if place is None:
            return pieces


def test_all_rows_move(database_url: str, open_store: Callable[..., Store]) -> None:
    """After a pass nothing needs the old key, everything is as it was, and another pass finds nothing."""
    open_store(database_url).write_sync(fill)
    store = open_store(database_url, vault=Vault([OLD, NEW]))
    assert store.read(lambda tx: tx.resealing.keys()) == {OLD.id: 9}
    assert reseal(store, "messages") == [2, 2, 1]
    assert store.read(lambda tx: tx.resealing.keys()) == {OLD.id: 4, NEW.id: 5}
    for table in SEALED:
        reseal(store, table.name)
    assert store.read(lambda tx: tx.resealing.keys()) == {NEW.id: 9}
    assert all(reseal(store, table.name) == [0] for table in SEALED)
    alone = open_store(database_url, vault=Vault([NEW]))
    assert alone.read(lambda tx: tx.messages.body("m3")) == message("m3").body
    assert alone.read(lambda tx: tx.dossiers.get("d1")).steps[0].result == b"<r/>"
    assert alone.read(lambda tx: tx.deliveries.get("v1")).context == {"a": "b"}
    assert alone.read(lambda tx: tx.intake.first_answer("dvcqg", "i1", "00")) == b"<answer/>"
    assert check(alone) == []


def test_plain_rows_are_sealed(store: Store) -> None:
    """Rows from before there were data keys are counted as plain and sealed by a pass; so are personal numbers."""
    store.write_sync(fill)
    plain = text("UPDATE dossiers SET declaration = :plain, sealed_by = NULL")
    number = text(
        "INSERT INTO dossier_codes (system, value, dossier_id) VALUES (:system, '001326000123', 'd1')"
    )
    store.write_sync(lambda tx: tx.log._conn.execute(plain, {"plain": b"<before/>"}))
    store.write_sync(lambda tx: tx.log._conn.execute(number, {"system": PERSONAL_NUMBER}))
    assert store.read(lambda tx: tx.resealing.keys()) == {OLD.id: 8, None: 1}
    assert reseal(store, "dossiers") == [1]
    assert store.read(lambda tx: tx.dossiers.get("d1")).declaration == b"<before/>"
    assert store.read(lambda tx: tx.resealing.keys()) == {OLD.id: 9}
    assert store.write_sync(lambda tx: tx.resealing.retag(10)) == 1
    assert store.write_sync(lambda tx: tx.resealing.retag(10)) == 0
    found = store.read(lambda tx: tx.dossiers.by_code("001326000123"))
    assert found is not None
    assert found.id == "d1"


def test_a_row_whose_key_is_lost_stops_the_pass(database_url: str, open_store: Callable[..., Store]) -> None:
    """The error names row and key; nothing is overwritten."""
    open_store(database_url).write_sync(fill)
    store = open_store(database_url, vault=Vault([NEW]))
    with pytest.raises(KeyProblem, match=rf"dossiers.declaration/d1 is sealed with data key {OLD.id}"):
        reseal(store, "dossiers")
    assert store.read(lambda tx: tx.resealing.keys()) == {OLD.id: 9}
