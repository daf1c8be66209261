"""Certificates of health facilities: births and deaths, each with its versions."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, delete, func, insert, select

from broker.store.schema import certificates
from broker.store.sealing import seal, unseal
from broker.store.sql import Repository, between


@dataclasses.dataclass(frozen=True, slots=True)
class Certificate:
    """What a facility certified, as the canonical ``document``; ``late`` if it came after its time."""

    code: str
    version: int
    kind: str
    facility: str
    document: bytes
    issued_on: date
    received_at: datetime
    late: bool
    message_id: str


class Certificates(Repository):
    """Certificates, found by their code or by whom they are about."""

    __slots__ = ()

    def add(self, certificate: Certificate, number: str | None) -> None:
        """Keep a version; ``number`` is the personal number of the mother or of the dead person."""
        tag = None if number is None else self._tx.vault.tag(number)
        about = {"subject": tag, "tagged_by": None if tag is None else self._tx.vault.newest}
        row = seal(self._tx.vault, certificates, dataclasses.asdict(certificate))
        self._conn.execute(insert(certificates), row | about)

    def newest(self, code: str) -> Certificate | None:
        """The latest version of a certificate; None if it never came."""
        query = select(certificates).where(certificates.c.code == code)
        row = self._conn.execute(query.order_by(certificates.c.version.desc()).limit(1)).one_or_none()
        return None if row is None else self._certificate(row)

    def about(self, number: str, *, limit: int = 100) -> Sequence[Certificate]:
        """Certificates of the births that a woman with that personal number gave, or of that person's death."""
        query = select(certificates).where(certificates.c.subject.in_(self._tx.vault.tags(number)))
        rows = self._conn.execute(query.order_by(certificates.c.received_at.desc()).limit(limit))
        return [self._certificate(row) for row in rows]

    def late(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> dict[str, tuple[int, int]]:
        """Facility → how many certificates came after their time, and how many came at all, in a period."""
        within = between(certificates.c.received_at, since, until)
        query = select(certificates.c.facility, certificates.c.late, func.count()).where(*within)
        query = query.group_by(certificates.c.facility, certificates.c.late)
        found: dict[str, tuple[int, int]] = {}
        for facility, is_late, number in self._conn.execute(query):
            too_late, all_of_them = found.get(facility, (0, 0))
            found[facility] = (too_late + (number if is_late else 0), all_of_them + number)
        return found

    def purge(self, before: datetime, limit: int) -> int:
        """Erase up to ``limit`` certificates that came before that time; says how many."""
        query = select(certificates.c.code, certificates.c.version).where(certificates.c.received_at < before)
        old = self._conn.execute(query.order_by(certificates.c.received_at).limit(limit)).all()
        for row in old:
            one = and_(certificates.c.code == row.code, certificates.c.version == row.version)
            self._conn.execute(delete(certificates).where(one))
        return len(old)

    def _certificate(self, row: Any) -> Certificate:
        values = {field.name: getattr(row, field.name) for field in dataclasses.fields(Certificate)}
        return Certificate(**values | {"document": unseal(self._tx.vault, row, certificates.c.document)})
