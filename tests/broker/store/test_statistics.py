"""Statistics read a period from an index, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from broker.store.engine import Store
from broker.store.statistics import KEYS
from tests.broker.store.samples import dossier, step
from tests.clock import START

DAY = timedelta(days=1)


def fill(store: Store) -> None:
    """Two communes of one province, today and yesterday; one step planned before units were kept."""
    planned = {"province": "01", "opened_at": START}
    parts = (
        step("registration", commune="00004", **planned),
        step("card", agency="bhxh", commune="00008", **planned),
        step("old"),
    )
    store.write_sync(lambda tx: tx.dossiers.add(dossier("1", steps=parts)))
    earlier = step("registration", commune="00004", province="01", opened_at=START - DAY)
    store.write_sync(lambda tx: tx.dossiers.add(dossier("2", steps=(earlier,))))


@pytest.mark.parametrize(
    ("by", "units"),
    [
        ("commune", ["00004", "00008"]),
        ("province", ["01", "01"]),
        ("agency", ["bhxh", "hotich"]),
        ("step", ["card", "registration"]),
    ],
)
def test_a_period_by_unit(store: Store, by: str, units: list[str]) -> None:
    """The first day counts, the last moment does not."""
    fill(store)
    rows = store.read(lambda tx: list(tx.statistics.rows(by, START, START + DAY)))
    assert sorted(row.unit or "" for row in rows) == units
    assert by in KEYS


def test_only_one_commune_or_province(store: Store) -> None:
    """What a commune or a province sees of a period."""
    fill(store)
    since, until = START - DAY, START + DAY
    own = store.read(lambda tx: list(tx.statistics.rows("step", since, until, commune="00004")))
    assert {row.dossier_id for row in own} == {"1", "2"}
    assert store.read(lambda tx: list(tx.statistics.rows("step", since, until, province="79"))) == []


def test_today_does_not_read_history(store: Store) -> None:
    """The plan of a day's question searches an index; nothing is scanned."""
    if store.read(lambda tx: tx.statistics._tx.postgres):
        pytest.skip("a planner of its own mind about small tables")
    explain = text("EXPLAIN QUERY PLAN SELECT * FROM steps WHERE opened_at >= 1 AND opened_at < 2")
    plan = store.read(lambda tx: [row.detail for row in tx.statistics._conn.execute(explain)])
    assert plan
    assert all("SEARCH" in line and "ix_steps_opened_at" in line for line in plan)
