"""Dossiers: one row each, their codes in every system, their checks, and the lock that orders changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, insert, or_, select, text, update

from broker.model import Dossier, Phase, Step
from broker.store.errors import Conflict, Missing
from broker.store.rows import Check, DossierFilter, Page, cursor, place
from broker.store.schema import STEP_OPEN, checks, counters, dossier_codes, dossiers, steps
from broker.store.sealing import seal, unseal
from broker.store.sql import before, between, equal
from broker.store.steps import StepQueries

HUB = "lienthong"
"""The system under which a dossier's own code stands among its codes."""
PERSONAL_NUMBER = "personal-number"
"""The system under which a citizen's personal number leads to a dossier: stored as a keyed hash, never shown."""


_BY_ID = select(dossiers).where(dossiers.c.id == bindparam("wanted"))
_LOCKED = _BY_ID.with_for_update()
_UPDATE = update(dossiers).where(dossiers.c.id == bindparam("changed"))
_CODES = (
    select(dossier_codes)
    .where(dossier_codes.c.dossier_id == bindparam("wanted"), dossier_codes.c.system != PERSONAL_NUMBER)
    .order_by("system", "value")
)


class Dossiers(StepQueries):
    """Dossiers with their steps. A dossier is changed only between `lock` and COMMIT."""

    __slots__ = ()

    def add(self, dossier: Dossier) -> None:
        """Store a new dossier with its steps and its own code. Raises Conflict if id or code is taken."""
        self._conn.execute(insert(dossiers), seal(self._tx.vault, dossiers, _values(dossier)))
        self.add_code(dossier.id, HUB, dossier.code)
        self.add_steps(dossier.id, dossier.steps)

    def get(self, dossier_id: str) -> Dossier:
        """The dossier with its steps. Raises Missing."""
        return self._one(_BY_ID, dossier_id)

    def lock(self, dossier_id: str) -> Dossier:
        """The dossier as it is now, held against other processes until COMMIT. Raises Missing."""
        return self._one(_LOCKED if self._tx.postgres else _BY_ID, dossier_id)

    def by_code(self, value: str, system: str | None = None) -> Dossier | None:
        """The dossier with that code in ``system``, or in any.

        Raises Conflict if several systems gave this code to different dossiers: then the system must be
        named.
        """
        query = select(dossier_codes.c.dossier_id).where(self._stands_for(value)).distinct()
        if system is not None:
            query = query.where(dossier_codes.c.system == system)
        found = self._conn.execute(query.limit(2)).scalars().all()
        if len(found) > 1:
            raise Conflict(f"code {value} belongs to different dossiers: name the system")
        return self.get(found[0]) if found else None

    def add_code(self, dossier_id: str, system: str, value: str) -> None:
        """Let the dossier be found by another system's code. Raises Conflict if another dossier has it."""
        stored = self._tx.vault.tag(value).hex() if system == PERSONAL_NUMBER else value
        owner = self._owner(system, value)
        if owner is None and self._tx.insert_new(
            dossier_codes, system=system, value=stored, dossier_id=dossier_id
        ):
            return
        if (owner or self._owner(system, value)) != dossier_id:
            shown = "the personal number" if system == PERSONAL_NUMBER else f"code {value} of {system}"
            raise Conflict(f"{shown} belongs to another dossier")

    def codes(self, dossier_id: str) -> dict[str, str]:
        """System → code, without the personal number. A system that gave several shows the last in text order."""
        return {row.system: row.value for row in self._conn.execute(_CODES, {"wanted": dossier_id})}

    def update(self, dossier: Dossier) -> None:
        """Store phase, declaration, version, due and reason as they are now; the rest never changes.

        Raises Missing.
        """
        values = {
            "id": dossier.id,
            "phase": dossier.phase.value,
            "declaration": dossier.declaration,
            "version": dossier.version,
            "due": dossier.due,
            "reason": dossier.reason,
            "missed": dossier.missed,
        }
        sealed = seal(self._tx.vault, dossiers, values)
        if not self._conn.execute(_UPDATE, {**sealed, "changed": dossier.id}).rowcount:
            raise Missing(f"no dossier {dossier.id}")

    def list(
        self, wanted: DossierFilter | None = None, *, limit: int = 50, after: str | None = None
    ) -> Page[Dossier]:
        """Dossiers with their steps, newest first.

        ``after`` is the previous page's; raises ValueError if it is not.
        """
        conditions = _conditions(wanted or DossierFilter())
        if after is not None:
            conditions.append(before(dossiers.c.received_at, dossiers.c.id, place(after)))
        order = (dossiers.c.received_at.desc(), dossiers.c.id.desc())
        rows = self._conn.execute(select(dossiers).where(*conditions).order_by(*order).limit(limit + 1)).all()
        shown = rows[:limit]
        parts = self.steps_of([row.id for row in shown])
        more = cursor(shown[-1].received_at, shown[-1].id) if len(rows) > limit else None
        return Page([self._dossier(row, parts[row.id]) for row in shown], more)

    def in_phase(self, phase: Phase, limit: int, *, due_before: datetime | None = None) -> tuple[str, ...]:
        """Ids of dossiers in ``phase``, the longest waiting first; with ``due_before`` only those past their date."""
        conditions = [dossiers.c.phase == phase.value, *between(dossiers.c.due, None, due_before)]
        query = select(dossiers.c.id).where(*conditions).order_by(dossiers.c.received_at, dossiers.c.id)
        return tuple(self._conn.execute(query.limit(limit)).scalars())

    def set_checks(self, dossier_id: str, verdicts: Iterable[Check]) -> None:
        """Replace what the population check found."""
        self._conn.execute(delete(checks).where(checks.c.dossier_id == dossier_id))
        self.add_checks(dossier_id, verdicts)

    def add_checks(self, dossier_id: str, verdicts: Iterable[Check]) -> None:
        """Add verdicts; a field that has one gets the new one."""
        rows = [{"dossier_id": dossier_id, **dataclasses.asdict(check)} for check in verdicts]
        if not rows:
            return
        statement = self._tx.insert(checks)
        new = {"verdict": statement.excluded.verdict, "detail": statement.excluded.detail}
        keys = ["dossier_id", "person", "field"]
        self._conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=new), rows)

    def checks(self, dossier_id: str) -> tuple[Check, ...]:
        """What the population check found, by person and field."""
        query = select(checks).where(checks.c.dossier_id == dossier_id).order_by("person", "field")
        return tuple(
            Check(row.person, row.field, row.verdict, row.detail) for row in self._conn.execute(query)
        )

    def next_number(self, scope: str, day: date) -> int:
        """The next number of that day in ``scope``.

        From 1; never given twice, gaps only where a unit failed.
        """
        statement = (
            self._tx.insert(counters)
            .values(scope=scope, day=day, value=1)
            .on_conflict_do_update(index_elements=["scope", "day"], set_={"value": counters.c.value + 1})
            .returning(counters.c.value)
        )
        return int(self._conn.execute(statement).scalar_one())

    def _owner(self, system: str, value: str) -> str | None:
        query = select(dossier_codes.c.dossier_id).where(
            self._stands_for(value), dossier_codes.c.system == system
        )
        owner: str | None = self._conn.execute(query.limit(1)).scalar_one_or_none()
        return owner

    def _stands_for(self, value: str) -> ColumnElement[bool]:
        """The code itself, or what stands for it if it is a personal number."""
        tags = [tag.hex() for tag in self._tx.vault.tags(value)]
        number = and_(dossier_codes.c.system == PERSONAL_NUMBER, dossier_codes.c.value.in_(tags))
        other = and_(dossier_codes.c.system != PERSONAL_NUMBER, dossier_codes.c.value == value)
        return or_(number, other)

    def _one(self, query: Any, dossier_id: str) -> Dossier:
        row = self._conn.execute(query, {"wanted": dossier_id}).one_or_none()
        if row is None:
            raise Missing(f"no dossier {dossier_id}")
        return self._dossier(row, self.steps_of([row.id])[row.id])

    def _dossier(self, row: Row[Any], parts: tuple[Step, ...]) -> Dossier:
        return _dossier(row, unseal(self._tx.vault, row, dossiers.c.declaration), parts)


def _conditions(wanted: DossierFilter) -> list[ColumnElement[bool]]:
    exact = (
        ("process", wanted.process),
        ("phase", wanted.phase and wanted.phase.value),
        ("sender", wanted.sender),
        ("unit", wanted.unit),
    )
    conditions = equal(dossiers, exact) + between(dossiers.c.received_at, wanted.since, wanted.until)
    conditions += between(dossiers.c.due, None, wanted.due_before)
    of_step = equal(steps, (("agency", wanted.agency), ("state", wanted.step_state)))
    if of_step:
        conditions.append(dossiers.c.id.in_(select(steps.c.dossier_id).where(text(STEP_OPEN), *of_step)))
    return conditions


def _values(dossier: Dossier) -> dict[str, Any]:
    return {
        "id": dossier.id,
        "code": dossier.code,
        "process": dossier.process,
        "rule_set": dossier.rule_set,
        "sender": dossier.sender,
        "received_at": dossier.received_at,
        "phase": dossier.phase.value,
        "declaration": dossier.declaration,
        "officer": dossier.officer,
        "unit": dossier.unit,
        "version": dossier.version,
        "due": dossier.due,
        "reason": dossier.reason,
        "missed": dossier.missed,
    }


def _dossier(row: Row[Any], declaration: bytes, parts: tuple[Step, ...]) -> Dossier:
    received: datetime = row.received_at
    return Dossier(
        id=row.id,
        code=row.code,
        process=row.process,
        rule_set=row.rule_set,
        sender=row.sender,
        received_at=received,
        phase=Phase(row.phase),
        declaration=declaration,
        officer=row.officer,
        unit=row.unit,
        version=row.version,
        due=row.due,
        reason=row.reason,
        steps=parts,
        missed=row.missed,
    )
