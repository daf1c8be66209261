"""The hot questions are answered from the indexes that were made for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from broker.store.engine import Store, Tx
from broker.store.rows import DossierFilter, MessageFilter
from broker.store.schema import metadata
from tests.clock import START

QUESTIONS: dict[str, tuple[Callable[[Tx], object], str]] = {
    "claim": (lambda tx: tx.deliveries._due("hotich", 10, START), "ix_deliveries_claim"),
    "agencies": (lambda tx: tx.deliveries.next_due(START), "ix_deliveries_claim"),
    "lane": (lambda tx: tx.deliveries._lane_end("a"), "ix_deliveries_lane"),
    "depth": (lambda tx: tx.deliveries.depth(), "ix_deliveries_depth"),
    "deliveries by time": (lambda tx: tx.deliveries.list(), "ix_deliveries_created_at_id"),
    "poll": (lambda tx: tx.dossiers.to_poll("hotich", START, 10), "ix_steps_poll"),
    "overdue": (lambda tx: tx.dossiers.past_due(START, 10), "ix_steps_due"),
    "supplements": (lambda tx: tx.dossiers.past_supplement_due(START, 10), "ix_steps_supplement_due"),
    "by code": (lambda tx: tx.dossiers.by_code("x"), "sqlite_autoindex_dossier_codes_1"),
    "dossiers by time": (lambda tx: tx.dossiers.list(), "ix_dossiers_received_at_id"),
    "dossiers of a unit": (
        lambda tx: tx.dossiers.list(
            DossierFilter(unit="00004", since=START, until=START + timedelta(days=1))
        ),
        "ix_dossiers_unit_received_at_id",
    ),
    "messages of a dossier": (lambda tx: tx.messages.of_dossier("x"), "ix_messages_dossier_idx"),
    "messages of an agency": (
        lambda tx: tx.messages.search(MessageFilter(agency="hotich")),
        "ix_messages_agency_idx",
    ),
    "answers": (lambda tx: tx.messages.related("x"), "ix_messages_related_id"),
    "open work": (lambda tx: tx.work.list(), "ix_work_items_open"),
    "acts": (lambda tx: tx.acts.of("x"), "ix_acts_target"),
}


@pytest.fixture
def plans(
    sqlite_url: str, open_store: Callable[..., Store]
) -> Iterator[Callable[[Callable[[Tx], object]], str]]:
    """Runs a question and tells how SQLite answered its statements."""
    store = open_store(sqlite_url)
    seen: list[str] = []

    def explain(conn: Any, _: Any, statement: str, parameters: Any, *__: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            cursor = conn.connection.cursor()
            seen.extend(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    def plan(question: Callable[[Tx], object]) -> str:
        store.read(question)
        return "\n".join(seen)

    event.listen(Engine, "before_cursor_execute", explain)
    yield plan
    event.remove(Engine, "before_cursor_execute", explain)


@pytest.mark.parametrize("name", QUESTIONS)
def test_hot_questions_use_their_index(name: str, plans: Callable[[Callable[[Tx], object]], str]) -> None:
    """The plan names the index, and neither reads a whole table nor sorts."""
    question, index = QUESTIONS[name]
    plan = plans(question)
    assert index in plan
    whole = {f"SCAN {table}" for table in metadata.tables} - {"SCAN agencies"}  # a few dozen rows at most
    assert whole.isdisjoint(plan.splitlines()), plan
    assert "TEMP B-TREE FOR ORDER BY" not in plan
