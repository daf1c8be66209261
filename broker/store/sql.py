"""What the repositories share: a transaction's connection and services, and spelling for two dialects."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, text
from sqlalchemy.dialects import postgresql, sqlite

from broker.model import Message
from broker.store.errors import StoreError
from signing.vault import Vault

INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclasses.dataclass(slots=True)
class Session:
    """One transaction: its connection and what is passed in.

    ``pending`` messages get their numbers just before COMMIT; ``people`` are the keyed hashes of the personal numbers
    that they bring.
    """

    conn: Connection
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    salt: Callable[[], bytes]
    vault: Vault
    writable: bool
    pending: dict[str, Message] = dataclasses.field(default_factory=dict)
    people: dict[str, set[bytes]] = dataclasses.field(default_factory=dict)

    @property
    def postgres(self) -> bool:
        """Whether several processes may write at once, so that row locks are needed."""
        return self.conn.dialect.name == "postgresql"

    def insert(self, table: Table) -> Any:
        """The dialect's INSERT, which knows ON CONFLICT."""
        return INSERT[self.conn.dialect.name](table)

    def insert_new(self, table: Table, **values: Any) -> bool:
        """Insert unless the key exists; says whether it was new."""
        statement = self.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        return bool(self.conn.execute(statement, values).rowcount)

    def need_writable(self) -> None:
        """Raise StoreError in a read-only transaction.

        Where a buffered change would vanish without a word.
        """
        if not self.writable:
            raise StoreError("this transaction is read-only: use Store.write")

    def lock_name(self, space: int, name: str) -> None:
        """Hold a name until the end of the transaction.

        Against other processes (SQLite has one writer anyway).
        """
        if self.postgres:
            self.conn.execute(
                text("SELECT pg_advisory_xact_lock(:space, hashtext(:name))"), {"space": space, "name": name}
            )


class Repository:
    """Base of the repositories: the queries of one subject, in one transaction."""

    __slots__ = ("_conn", "_tx")

    def __init__(self, session: Session) -> None:
        """A view on ``session``; holds nothing of its own."""
        self._tx = session
        self._conn = session.conn


def equal(table: Table, values: Iterable[tuple[str, Any]]) -> list[ColumnElement[bool]]:
    """One condition for each (column, value) whose value is set."""
    return [table.c[name] == value for name, value in values if value is not None]


def between(
    column: ColumnElement[Any], since: datetime | None, until: datetime | None
) -> list[ColumnElement[bool]]:
    """``since`` <= column < ``until``, each bound only if set."""
    low = [column >= since] if since is not None else []
    high = [column < until] if until is not None else []
    return [*low, *high]


def before(
    at: ColumnElement[Any], row_id: ColumnElement[Any], place: tuple[datetime, str]
) -> ColumnElement[bool]:
    """Rows that follow ``place`` in a listing from new to old."""
    return and_(at <= place[0], or_(at < place[0], row_id < place[1]))
