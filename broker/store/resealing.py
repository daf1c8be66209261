"""Moving rows to the newest data key, a piece at a time, so that an old key can be retired."""

from __future__ import annotations

from typing import Any, TypeAlias

from sqlalchemy import Table, and_, func, or_, select, tuple_, update

from broker.store.dossiers import PERSONAL_NUMBER
from broker.store.schema import dossier_codes, dossiers, metadata
from broker.store.sealing import SEALED, seal, unseal
from broker.store.sql import Repository

Place: TypeAlias = tuple[Any, ...]
"""The columns that name the last row of a piece."""

_TAG = 64  # hexadecimal digits of a keyed hash


class Resealing(Repository):
    """Which key sealed what, and sealing it again."""

    __slots__ = ()

    def keys(self) -> dict[str | None, int]:
        """Data key → rows that are sealed with it; None counts rows that are plain and should not be."""
        counts: dict[str | None, int] = {}
        for table in SEALED:
            query = select(table.c.sealed_by, func.count()).where(_filled(table)).group_by(table.c.sealed_by)
            for key_id, number in self._conn.execute(query):
                counts[key_id] = counts.get(key_id, 0) + number
        return counts

    def reseal(self, name: str, after: Place | None, limit: int) -> tuple[int, Place | None]:
        """Seal up to ``limit`` rows of table ``name`` that lie behind ``after`` with the newest key.

        Gives how many, and the place to go on from; None if there are no more. Raises KeyProblem for a row whose key
        is not there, SealBroken for one that was changed.
        """
        table = metadata.tables[name]
        names, columns = SEALED[table]
        keys = [table.c[key] for key in names]
        newest = self._tx.vault.newest
        old = and_(_filled(table), or_(table.c.sealed_by.is_(None), table.c.sealed_by != newest))
        query = select(*keys, *(table.c[column] for column in columns), table.c.sealed_by).where(old)
        if after is not None:
            query = query.where(tuple_(*keys) > tuple_(*after))
        query = query.order_by(*keys).limit(limit)
        rows = self._conn.execute(query.with_for_update() if self._tx.postgres else query).all()
        for row in rows:
            plain = {column: unseal(self._tx.vault, row, table.c[column]) for column in columns}
            named = {key: getattr(row, key) for key in names}
            sealed = seal(self._tx.vault, table, named | plain)
            changed = {column: sealed[column] for column in (*columns, "sealed_by")}
            where = and_(*(table.c[key] == value for key, value in named.items()))
            self._conn.execute(update(table).where(where).values(changed))
        more = tuple(getattr(rows[-1], key) for key in names) if len(rows) == limit else None
        return len(rows), more

    def declarations(self, after: str, limit: int) -> list[tuple[str, str, bytes]]:
        """Id, own code and declaration of up to ``limit`` dossiers behind the id ``after``, erased ones left out."""
        query = select(dossiers).where(dossiers.c.id > after, func.length(dossiers.c.declaration) > 0)
        rows = self._conn.execute(query.order_by(dossiers.c.id).limit(limit))
        return [(row.id, row.code, unseal(self._tx.vault, row, dossiers.c.declaration)) for row in rows]

    def retag(self, limit: int) -> int:
        """Put keyed hashes in the place of up to ``limit`` personal numbers from before there were data keys."""
        number = and_(dossier_codes.c.system == PERSONAL_NUMBER, func.length(dossier_codes.c.value) < _TAG)
        rows = self._conn.execute(select(dossier_codes).where(number).limit(limit)).all()
        for row in rows:
            same = and_(dossier_codes.c.value == row.value, dossier_codes.c.system == PERSONAL_NUMBER)
            tag = self._tx.vault.tag(row.value).hex()
            self._conn.execute(update(dossier_codes).where(same), {"value": tag})
        return len(rows)


def _filled(table: Table) -> Any:
    """Rows that hold something to seal."""
    return or_(*(func.length(table.c[column]) > 0 for column in SEALED[table][1]))
