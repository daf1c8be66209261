"""The agency's database."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.core.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """One table."""
    return Database(tmp_path / "a.db", "CREATE TABLE IF NOT EXISTS t (x INTEGER)")


def test_block_is_one_transaction(database: Database) -> None:
    """An error undoes everything in the block, nested blocks included."""

    def broken() -> None:
        with database.transaction() as sql:
            sql.execute("INSERT INTO t VALUES (1)")
            with database.transaction() as inner:
                inner.execute("INSERT INTO t VALUES (2)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert database.rows("SELECT * FROM t") == []


def test_nested_blocks_commit_with_the_outer(database: Database) -> None:
    """The outer block decides."""
    with database.transaction() as sql:
        sql.execute("INSERT INTO t VALUES (1)")
        with database.transaction() as inner:
            inner.execute("INSERT INTO t VALUES (2)")
    assert [row["x"] for row in database.rows("SELECT x FROM t ORDER BY x")] == [1, 2]


def test_data_survives_reopening(tmp_path: Path, database: Database) -> None:
    """A restart finds what was committed."""
    with database.transaction() as sql:
        sql.execute("INSERT INTO t VALUES (7)")
    database.close()
    again = Database(tmp_path / "a.db", "CREATE TABLE IF NOT EXISTS t (x INTEGER)")
    row = again.row("SELECT x FROM t WHERE x = ?", (7,))
    assert row is not None
    assert again.row("SELECT x FROM t WHERE x = 8") is None
