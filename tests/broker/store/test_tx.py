"""The repositories of a transaction."""

from __future__ import annotations

from broker.store.engine import Store
from broker.store.sql import Repository
from broker.store.tx import Tx


def test_all_repositories_share_the_transaction(store: Store) -> None:
    """What one repository changed the others see before COMMIT."""

    def unit(tx: Tx) -> set[int]:
        parts = [getattr(tx, name) for name in Tx.__slots__]
        assert all(isinstance(part, Repository) for part in parts)
        return {id(part._conn) for part in parts}

    assert len(store.write_sync(unit)) == 1
