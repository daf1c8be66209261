"""The steps that lead a database to the present schema.

A database is created and changed by ``lienthong db upgrade`` alone; the hub refuses to run on any other
revision. Steps are named ``vNNNN_pre_…`` (safe while the previous release still runs) or ``vNNNN_post_…``
(after it is gone).
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, exc, text

from broker.store.connect import translated, writer_engine
from broker.store.errors import WrongRevision

_REMEDY = "run `lienthong db upgrade`"
_UPGRADE_LOCK = 3  # the space of the name under which upgrades follow each other


def head() -> str:
    """The revision that this program needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise WrongRevision("this installation has no migrations: install it again")
    return revision


def current(url: str) -> str | None:
    """The revision of the database, None if it is empty. Raises StoreUnavailable if there is none."""
    engine = writer_engine(url)
    try:
        with engine.connect() as conn:
            return _revision(conn)
    except exc.SQLAlchemyError as error:
        raise translated(error) from error
    finally:
        engine.dispose()


def upgrade(url: str) -> str:
    """Lead the database to the head revision, creating an SQLite file if there is none; says which that is.

    All steps are one transaction, and two upgrades at once follow each other. Raises StoreUnavailable,
    StoreError.
    """
    engine = writer_engine(url, create=True)
    try:
        with engine.begin() as conn:
            _upgrade(conn)
    except exc.SQLAlchemyError as error:
        raise translated(error) from error
    finally:
        engine.dispose()
    return head()


def require_head(engine: Engine) -> None:
    """Raise WrongRevision unless the database is at the head revision, StoreUnavailable if it is away."""
    try:
        with engine.connect() as conn:
            found = _revision(conn)
    except exc.SQLAlchemyError as error:
        if "unable to open database file" in str(error):
            raise WrongRevision(f"there is no database: {_REMEDY}") from error
        raise translated(error) from error
    if found is None:
        raise WrongRevision(f"the database is empty: {_REMEDY}")
    if found != (needed := head()):
        raise WrongRevision(f"the database is at revision {found}, this program needs {needed}: {_REMEDY}")


def _upgrade(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:space, 0)"), {"space": _UPGRADE_LOCK})
    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _revision(conn: Connection) -> str | None:
    return MigrationContext.configure(conn).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
