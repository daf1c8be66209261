"""Personal data at rest: which columns are sealed, and how a repository seals and opens them.

A value is sealed for its place (``table.column/row``), so that two rows' values cannot be swapped in the database. A
row says in ``sealed_by`` which data key sealed it; null means that its values are plain, as they were before there were
data keys. Values that are absent or empty stay so: an erased row has nothing to hide.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table

from broker.store.schema import certificates, deliveries, dossiers, drafts, intake, messages, sessions, steps
from signing.vault import Vault

SEALED: Mapping[Table, tuple[tuple[str, ...], tuple[str, ...]]] = {
    messages: (("id",), ("body",)),
    dossiers: (("id",), ("declaration",)),
    steps: (("dossier_id", "id"), ("result",)),
    deliveries: (("id",), ("payload", "context")),
    intake: (("sender", "message_id"), ("answer",)),
    drafts: (("id",), ("content",)),
    certificates: (("code", "version"), ("document",)),
    sessions: (("id",), ("person",)),
}
"""Table → the columns that name a row, and its sealed columns."""


def seal(vault: Vault, table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with its personal columns sealed. It needs the columns that name it; absent ones stay absent."""
    names, columns = SEALED[table]
    sealed = {
        column: _seal(vault, row[column], _place(table, column, [row[name] for name in names]))
        for column in columns
        if row.get(column)
    }
    return {**row, **sealed, "sealed_by": vault.newest if sealed else None}


def unseal(vault: Vault, row: Any, column: Any) -> Any:
    """The plain value of a sealed ``column`` (of a table in `SEALED`) in a row that was read.

    Raises KeyProblem if the data key is not there, SealBroken if the value was changed or moved.
    """
    value = getattr(row, column.name)
    if not value or row.sealed_by is None:
        return value
    place = _place(column.table, column.name, [getattr(row, name) for name in SEALED[column.table][0]])
    if isinstance(value, str):
        return vault.open(base64.b64decode(value), place).decode()
    return vault.open(bytes(value), place)


def _seal(vault: Vault, value: bytes | str, place: str) -> bytes | str:
    """Bytes as bytes, text as base64 text: the column's type stays."""
    if isinstance(value, str):
        return base64.b64encode(vault.seal(value.encode(), place)).decode()
    return vault.seal(value, place)


def _place(table: Table, column: str, row: list[Any]) -> str:
    return f"{table.name}.{column}/{'/'.join(map(str, row))}"
