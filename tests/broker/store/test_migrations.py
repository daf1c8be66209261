"""The migrations lead to exactly the schema, on both databases, and only when asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import Engine

from broker.store import migrations
from broker.store.connect import writer_engine
from broker.store.errors import StoreUnavailable
from broker.store.schema import log_head, metadata

VERSIONS = Path(migrations.__file__).parent / "versions"

_POSTGRES_SHAPE = (
    "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns "
    "WHERE table_schema = 'public' ORDER BY 1, 2",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
)
_SQLITE_SHAPE = ("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2",)


def shape(engine: Engine) -> list[tuple[object, ...]]:
    """All tables, columns, indexes and constraints as the database describes them, without Alembic's own."""
    queries = _SQLITE_SHAPE if engine.dialect.name == "sqlite" else _POSTGRES_SHAPE
    with engine.connect() as conn:
        rows = [tuple(row) for query in queries for row in conn.exec_driver_sql(query)]
    texts = [tuple(_unordered(cell) if isinstance(cell, str) else cell for cell in row) for row in rows]
    return sorted(row for row in texts if not any("alembic_version" in str(cell) for cell in row))


def _unordered(sql: str) -> str:
    """The text without layout, the parts of a CREATE TABLE in order: columns and constraints have no rank."""
    head, bracket, body = re.sub(r"\s+", " ", sql).partition("(")
    if not head.startswith("CREATE TABLE"):
        return head + bracket + body
    return head + ", ".join(sorted(re.split(r", (?![^(]*\))", body.strip().removesuffix(")").strip())))


@pytest.fixture(params=["sqlite", "postgresql"])
def two_urls(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Two empty databases of one kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'b.db'}"
    server = request.getfixturevalue("postgres_server")
    return server.create(), server.create()


def test_upgrade_leads_to_the_schema(two_urls: tuple[str, str]) -> None:
    """A database that was upgraded has the tables, columns, indexes and constraints that the program declares."""
    upgraded_url, declared_url = two_urls
    migrations.upgrade(upgraded_url)
    declared = writer_engine(declared_url, create=True)
    metadata.create_all(declared)
    upgraded = writer_engine(upgraded_url)
    assert shape(upgraded) == shape(declared)
    with upgraded.connect() as conn:
        assert conn.execute(log_head.select()).one().size == 0
    declared.dispose()
    upgraded.dispose()


def test_upgrade_is_idempotent(two_urls: tuple[str, str]) -> None:
    """Upgrading again changes nothing, and the revision is known."""
    url = two_urls[0]
    assert migrations.upgrade(url) == migrations.upgrade(url) == migrations.current(url) == migrations.head()


def test_looking_creates_nothing(tmp_path: Path) -> None:
    """Asking for the revision of a database that is not there leaves no file."""
    with pytest.raises(StoreUnavailable):
        migrations.current(f"sqlite:///{tmp_path / 'none.db'}")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_has_no_revision(empty_postgres_url: str) -> None:
    """A database without tables has no revision yet."""
    assert migrations.current(empty_postgres_url) is None


def test_names_of_steps() -> None:
    """Every step says in its file name whether it runs before or after the previous release is gone."""
    names = [path.name for path in VERSIONS.glob("*.py")]
    assert names
    assert all(re.fullmatch(r"v\d{4}_(pre|post)_[a-z_]+\.py", name) for name in names)
