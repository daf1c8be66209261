"""The register of residence: who is registered where, who was removed, and what must agree before that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from lxml import etree

from sandbox.core.database import Database
from sandbox.core.fields import FieldError
from sandbox.core.xml import local_name, text
from sandbox.dancu.population import generate

SCHEMA = """
CREATE TABLE IF NOT EXISTS residence (
    personal_number TEXT PRIMARY KEY, dossier TEXT NOT NULL UNIQUE, commune TEXT NOT NULL,
    head TEXT NOT NULL, registered TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS removal (
    personal_number TEXT PRIMARY KEY, dossier TEXT NOT NULL UNIQUE, closed INTEGER NOT NULL, removed TEXT NOT NULL
);
"""
REMOVAL = "ToKhaiXoaThuongTru"


@dataclass(frozen=True, slots=True)
class Resident:
    """A person of the register before anything happened; ``head`` is the number of the head of household."""

    name: str
    commune: str
    household: str
    head: str


class Register:
    """Enters and removes each dossier once, whatever is asked how often."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """``database`` has the tables of `SCHEMA`."""
        self._database, self._clock = database, clock

    def settle(self, dossier: str, form: etree._Element) -> tuple[datetime, str | None]:
        """When the dossier was settled, and what was done if it was now."""
        table, day = ("removal", "removed") if is_removal(form) else ("residence", "registered")
        row = self._database.row(f"SELECT {day} AS at FROM {table} WHERE dossier = ?", (dossier,))  # noqa: S608 - two constants
        if row is not None:
            return datetime.fromisoformat(row["at"]), None
        now = self._clock()
        return now, self._remove(dossier, form, now) if is_removal(form) else self._enter(dossier, form, now)

    def closed(self, dossier: str) -> bool:
        """Whether the removal left nobody in the household."""
        row = self._database.row("SELECT closed FROM removal WHERE dossier = ?", (dossier,))
        return row is not None and bool(row["closed"])

    def errors(self, form: etree._Element) -> list[FieldError]:
        """Why the register cannot do what the form asks for."""
        return list(self._removal_errors(form) if is_removal(form) else self._entry_errors(form))

    def _enter(self, dossier: str, form: etree._Element, now: datetime) -> str:
        commune = text(form, "NoiThuongTru/MaXa")
        values = (text(form, "SoDinhDanh"), dossier, commune, text(form, "ChuHo/SoDinhDanh"), now.isoformat())
        with self._database.transaction() as sql:
            sql.execute("INSERT INTO residence VALUES (?, ?, ?, ?, ?)", values)
        return f"Đăng ký thường trú tại xã {commune}"

    def _remove(self, dossier: str, form: etree._Element, now: datetime) -> str:
        number = text(form, "SoDinhDanh")
        closed = not self._others(number, text(form, "ChuHo/SoDinhDanh"))
        with self._database.transaction() as sql:
            sql.execute("INSERT INTO removal VALUES (?, ?, ?, ?)", (number, dossier, closed, now.isoformat()))
        return f"Xóa đăng ký thường trú{', hộ chấm dứt' if closed else ''}"

    def _entry_errors(self, form: etree._Element) -> Iterator[FieldError]:
        row = self._database.row(
            "SELECT dossier FROM residence WHERE personal_number = ?", (text(form, "SoDinhDanh"),)
        )
        if row is not None:
            yield FieldError("content", "SoDinhDanh", f"Đã đăng ký thường trú theo hồ sơ {row['dossier']}")

    def _removal_errors(self, form: etree._Element) -> Iterator[FieldError]:
        """Nothing is removed on a name alone: number, name, household and place must all agree."""
        number, head = text(form, "SoDinhDanh"), text(form, "ChuHo/SoDinhDanh")
        removed = self._database.row("SELECT dossier FROM removal WHERE personal_number = ?", (number,))
        resident = _residents().get(number)
        if removed is not None:
            yield _wrong("SoDinhDanh", f"đã xóa đăng ký thường trú theo hồ sơ {removed['dossier']}")
        elif resident is None:
            yield _wrong("SoDinhDanh", "không có đăng ký thường trú")
        else:
            if resident.name.upper() != text(form, "HoTen"):
                yield _wrong("HoTen", "họ tên không khớp với số định danh")
            if resident.head != head:
                yield _wrong("ChuHo.SoDinhDanh", "người này không thuộc hộ của chủ hộ đã khai")
            if resident.commune != text(form, "NoiThuongTru/MaXa"):
                yield _wrong("NoiThuongTru.MaXa", "người này không thường trú tại xã đã khai")
            if text(form, "HoMotNguoi") == "true" and self._others(number, head):
                yield _wrong("HoMotNguoi", "hộ còn thành viên khác")

    def _others(self, number: str, head: str) -> bool:
        """Whether anybody else is left in the household of ``head``."""
        gone = {row["personal_number"] for row in self._database.rows("SELECT personal_number FROM removal")}
        born = self._database.rows("SELECT personal_number FROM residence WHERE head = ?", (head,))
        household = {other for other, one in _residents().items() if one.head == head}
        return bool((household | {row["personal_number"] for row in born}) - gone - {number})


def is_removal(form: etree._Element) -> bool:
    """Whether the form asks to remove a residence and not to register one."""
    return local_name(form) == REMOVAL


def _wrong(field: str, sentence: str) -> FieldError:
    return FieldError("content", field, f"{field}: {sentence}")


@cache
def _residents() -> dict[str, Resident]:
    """Everybody of the synthetic population by personal number."""
    return {
        one.number: Resident(one.full_name, one.residence.commune, one.household, one.head)
        for one in generate().people
    }
