"""Every way to find a message, each from an index, on pages that do not shift while the log grows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from broker.store.engine import Store
from broker.store.message_search import SLACK
from broker.store.rows import MessageFilter
from tests.broker.store.samples import dossier, message
from tests.clock import START

ROWS = 200_000
FEW = 1_000
MOTHER = "001199000123"


def found(store: Store, **wanted: Any) -> list[str]:
    """Ids of what fits, newest first."""
    page = store.read(lambda tx: tx.messages.search(MessageFilter(**wanted), limit=500))
    return [row.id for row in page.items]


def test_by_id(store: Store) -> None:
    """One message by its id."""
    store.write_sync(lambda tx: [tx.messages.add(message(f"m{n}")) for n in range(3)])
    assert (found(store, id="m1"), found(store, id="nothing")) == (["m1"], [])


def test_by_any_code(store: Store) -> None:
    """The hub's, the portal's and the agency's code lead to one dossier; an unknown one to nothing."""
    store.write_sync(
        lambda tx: [
            tx.dossiers.add(dossier("d1")),
            tx.dossiers.add_code("d1", "dvcqg", "H01.001-260001"),
            tx.dossiers.add_code("d1", "hotich-registration", "HT-7"),
            tx.messages.add(message("m1", dossier="H01-d1")),
            tx.messages.add(message("m2", dossier="H01-d2")),
        ]
    )
    for code in ("H01-d1", "H01.001-260001", "HT-7"):
        assert found(store, code=code) == ["m1"]
    assert found(store, code="H01-d2") == ["m2"]  # a code that stands on messages only
    assert found(store, code="HT-8") == []


def test_a_code_of_several_dossiers(store: Store) -> None:
    """Two systems may give one code to two dossiers: both are shown, and pages do not overlap."""

    def write(tx: Any) -> None:
        for name, system in (("d1", "hotich-registration"), ("d2", "bhxh-card")):
            tx.dossiers.add(dossier(name))
            tx.dossiers.add_code(name, system, "7/2026")
        for number in range(6):
            tx.messages.add(message(f"m{number}", dossier=f"H01-d{number % 3}"))

    store.write_sync(write)
    assert found(store, code="7/2026") == ["m5", "m4", "m2", "m1"]
    wanted = MessageFilter(code="7/2026")
    first = store.read(lambda tx: tx.messages.search(wanted, limit=3))
    rest = store.read(lambda tx: tx.messages.search(wanted, limit=3, after=first.after))
    assert [row.id for row in rest.items] == ["m1"]
    assert rest.after is None


def test_everything_at_once(store: Store) -> None:
    """All conditions must hold; Vietnamese words are compared as they are written."""
    same: dict[str, Any] = {
        "dossier": "H01-d1",
        "agency": "cutru",
        "operation": "đăng-ký",
        "kind": "reply",
        "outcome": "bị từ chối",
        "officer": "Nguyễn Thị Ánh",
        "direction": "in",
    }
    others: list[dict[str, Any]] = [{name: "khác"} for name in same]
    store.write_sync(
        lambda tx: [
            tx.dossiers.add(dossier("d1")),
            *(tx.messages.add(message(f"m{n}", **same | other)) for n, other in enumerate(others)),
            tx.messages.add(message("wanted", **same)),
            tx.people.note("wanted", [MOTHER]),
        ]
    )
    of_person = {name: value for name, value in same.items() if name != "dossier"}
    assert found(store, person=MOTHER, code="H01-d1", since=START, **of_person) == ["wanted"]
    assert found(store, **same) == ["wanted"]
    assert found(store, officer="Nguyễn Thị Ánh", operation="đăng-ký", kind="khác") == ["m3"]


def test_time_is_exact_where_entries_came_late(store: Store) -> None:
    """An entry may be older than the one before it: a range has exactly those whose time lies in it."""
    minutes = [0, 1, 3, 2, 9, 4, 5, 60, 58, 61]
    store.write_sync(
        lambda tx: [
            tx.messages.add(message(f"m{at:02d}", at=START + timedelta(minutes=at))) for at in minutes
        ]
    )
    for since in (0, 2, 5, 59, 62):
        for until in (1, 4, 10, 59, 61, 100):
            low, high = START + timedelta(minutes=since), START + timedelta(minutes=until)
            fitting = [f"m{at:02d}" for at in reversed(minutes) if since <= at < until]
            assert found(store, since=low, until=high) == fitting
    assert timedelta(minutes=5) < SLACK


def test_pages_stay_while_the_log_grows(store: Store) -> None:
    """What is appended between two pages moves nothing: no hit twice, none left out."""
    store.write_sync(lambda tx: [tx.messages.add(message(f"m{n}")) for n in range(7)])
    seen: list[str] = []
    after = None
    for turn in range(4):
        page = store.read(
            lambda tx, a=after: tx.messages.search(MessageFilter(agency="hotich"), limit=2, after=a)
        )
        seen += [row.id for row in page.items]
        after = page.after
        store.write_sync(lambda tx, t=turn: tx.messages.add(message(f"late-{t}")))
    assert (seen, after) == ([f"m{n}" for n in range(6, -1, -1)], None)


@pytest.mark.parametrize("after", ["", "-1", "x", "1.5", "٣", "9" * 30])
def test_what_is_no_page(store: Store, after: str) -> None:
    """Only what a page gave leads to the next one."""
    with pytest.raises(ValueError, match="page cursor"):
        store.read(lambda tx: tx.messages.search(after=after))


INDEXES: dict[str, tuple[dict[str, Any], str]] = {
    "agency": ({"agency": "hotich"}, "ix_messages_agency_idx"),
    "operation": ({"operation": "submit"}, "ix_messages_operation_idx"),
    "kind": ({"kind": "refused"}, "ix_messages_kind_idx"),
    "outcome": ({"outcome": "rejected"}, "ix_messages_outcome_idx"),
    "officer": ({"officer": "CB7"}, "ix_messages_officer_idx"),
    "dossier": ({"dossier": "H01-7"}, "ix_messages_dossier_idx"),
    "code": ({"code": "H01-7"}, "ix_messages_dossier_idx"),
    "person": ({"person": MOTHER}, "pk_message_people|sqlite_autoindex_message_people_1"),
    "id": ({"id": "m7"}, "messages_id|sqlite_autoindex_messages_1"),
    "time": ({"since": START, "until": START + timedelta(days=1)}, "ix_messages_at"),
    "agency and time": (
        {"agency": "hotich", "since": START, "until": START + timedelta(days=1)},
        "ix_messages_agency_idx",
    ),
}
"""Filter → the index that answers it, on one database or the other."""


@pytest.fixture
def large(database_url: str, open_store: Callable[..., Store]) -> Store:
    """A log of 200,000 entries over half a year, four of them about one mother; statistics as they are in use."""
    store = open_store(database_url)
    store.write_sync(lambda tx: [tx.messages.add(message("first")), tx.people.note("first", [MOTHER])])
    with store._writing.begin() as conn:
        at = "strftime('%Y-%m-%dT%H:%M:%f000Z', '2026-07-01', '+' || n || ' minutes')"
        numbers = f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {ROWS}) SELECT"
        source = "FROM c"
        if conn.dialect.name == "postgresql":
            at, numbers = "timestamptz '2026-07-01' + n * interval '1 minute'", "SELECT"
            source = f"FROM generate_series(1, {ROWS}) AS c(n)"
        insert = (
            "INSERT INTO messages (idx, id, at, direction, kind, agency, operation, outcome, dossier, officer, "
            f"content_type, size, leaf, leaf_hash) {numbers} n, 'm' || n, {at}, "
            "CASE n % 2 WHEN 0 THEN 'in' ELSE 'out' END, CASE n % 1000 WHEN 0 THEN 'refused' ELSE 'request' END, "
            "'agency' || n % 7, 'operation' || n % 20, CASE n % 100 WHEN 0 THEN 'rejected' ELSE 'ok' END, "
            "'H01-' || n / 50, CASE n % 10 WHEN 0 THEN 'CB' || n % 300 END, 'text/xml', 10, leaf, leaf_hash "
            f"{source}, (SELECT leaf, leaf_hash FROM messages WHERE idx = 0) AS first"
        )
        conn.execute(text(insert.replace(":", "\\:")))
        conn.exec_driver_sql(
            "INSERT INTO message_people (subject, idx, tagged_by) SELECT leaf_hash, idx, 'x' FROM messages "
            "WHERE mod(idx, 50) = 0 AND idx > 0"
        )
        conn.exec_driver_sql("ANALYZE")
    return store


@pytest.fixture
def plans() -> Iterator[list[str]]:
    """How the database answered the statements of this test, a line each."""
    seen: list[str] = []

    def explain(conn: Any, _: Any, statement: str, parameters: Any, *__: Any) -> None:
        if not statement.lstrip().startswith("SELECT"):
            return
        how = "EXPLAIN" if conn.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        cursor = conn.connection.cursor()
        seen.extend(str(row[-1]) for row in cursor.execute(f"{how} {statement}", parameters).fetchall())

    event.listen(Engine, "before_cursor_execute", explain)
    yield seen
    event.remove(Engine, "before_cursor_execute", explain)


def test_every_filter_alone_is_answered_from_its_index(large: Store, plans: list[str]) -> None:
    """In a large log no filter reads the table or sorts more than a few hits: the plan names the index."""
    for name, (wanted, index) in INDEXES.items():
        plans.clear()
        found(large, **wanted)
        plan = "\n".join(plans)
        assert any(one in plan for one in index.split("|")), (name, plan)
        assert "Seq Scan on messages" not in plan, (name, plan)
        assert "SCAN messages" not in plan.replace("SCAN messages USING", ""), (name, plan)
        sorted_rows = map(int, re.findall(r"Sort +\(.*?rows=(\d+)", plan))
        assert max(sorted_rows, default=0) <= FEW, (name, plan)
        assert name in ("person", "id") or "TEMP B-TREE" not in plan, (name, plan)
