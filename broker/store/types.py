"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, String
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit key. SQLite gives out row numbers only to a column declared INTEGER, which holds 64 bits there."""


def utc_text(at: datetime) -> str:
    """The instant in UTC with six decimals and ``Z``: texts of this form sort as the instants do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


class UtcTime(TypeDecorator[datetime]):
    """An instant with microseconds: text in UTC on SQLite, ``timestamptz`` on PostgreSQL.

    Takes aware datetimes only (raises ValueError otherwise) and gives aware UTC ones.
    """

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The native type on PostgreSQL, text elsewhere."""
        native: TypeEngine[Any] = TIMESTAMP(timezone=True) if dialect.name == "postgresql" else String(27)
        return dialect.type_descriptor(native)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a naive time: it has no place on the one time line of the log."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive time {value.isoformat()}: pass an aware datetime")
        return value.astimezone(UTC) if dialect.name == "postgresql" else utc_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """An aware UTC datetime."""
        if value is None:
            return None
        at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return at.astimezone(UTC)
