"""Lines of agencies' lists, kept until they have been compared."""

from __future__ import annotations

from broker.model import Listed, StepState
from broker.store.engine import Store
from tests.broker.process.births import NOW


def test_lines_of_a_run(store: Store) -> None:
    """Pages come back in the order in which they were kept; forgetting one run leaves the others."""
    lines = [Listed("c1", "c1:card:1", "A1", StepState.RECEIVED, NOW), Listed(agency_code="A2")]
    store.write_sync(lambda tx: tx.lists.add("r1", lines[:1]))
    store.write_sync(lambda tx: tx.lists.add("r1", lines[1:]))
    store.write_sync(lambda tx: tx.lists.add("r2", []))
    store.write_sync(lambda tx: tx.lists.add("r2", lines[:1]))
    assert store.read(lambda tx: tx.lists.of("r1")) == lines
    store.write_sync(lambda tx: tx.lists.forget("r1"))
    assert store.read(lambda tx: (tx.lists.of("r1"), tx.lists.of("r2"))) == ([], lines[:1])
