"""The queue over the store keeps the contract, on both databases."""

from __future__ import annotations

import pytest

from broker.delivery.queue import Queue, SqlQueue
from broker.store.engine import Store
from tests.broker.delivery.queue_contract import QueueContract


class TestSqlQueue(QueueContract):
    """`SqlQueue` against `QueueContract`."""

    @pytest.fixture
    def queue(self, store: Store) -> Queue:
        """A queue that is the rows of the store."""
        return SqlQueue(store)
