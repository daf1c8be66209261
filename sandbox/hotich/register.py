"""The registers of births and deaths: entries with number, book and page, and suspected duplicates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random

from lxml import etree

from sandbox.core.database import Database
from sandbox.core.places import commune
from sandbox.core.readable import VIETNAM
from sandbox.core.xml import child, text
from sandbox.hotich.records import is_death, partial_date

SCHEMA = """
CREATE TABLE IF NOT EXISTS candidate (
    dossier TEXT PRIMARY KEY, register TEXT NOT NULL, person TEXT NOT NULL, day TEXT NOT NULL, sibling TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS act (
    dossier TEXT PRIMARY KEY, register TEXT NOT NULL, unit TEXT NOT NULL, year INTEGER NOT NULL,
    number INTEGER NOT NULL, registered TEXT NOT NULL, personal_number TEXT UNIQUE,
    UNIQUE (register, unit, year, number)
);
"""
BIRTHS, DEATHS = "births", "deaths"
PER_BOOK = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One act in its register.

    ``personal_number``, of a birth, is reserved at once and told when the verdict allows.
    """

    number: int
    year: int
    registered: datetime
    personal_number: str | None = None

    @property
    def book(self) -> str:
        """The book of the year, at most 10 characters."""
        return f"{(self.number - 1) // PER_BOOK + 1:02d}/{self.year}"

    @property
    def page(self) -> str:
        """The page in the book; an entry is a page."""
        return str((self.number - 1) % PER_BOOK + 1)


class Register:
    """Enters each dossier once, whatever is asked how often."""

    def __init__(self, database: Database, clock: Callable[[], datetime], random: Random) -> None:
        """``random`` draws the last six digits of personal numbers."""
        self._database, self._clock, self._random = database, clock, random

    def suspected(self, dossier: str, record: etree._Element, is_open: Callable[[str], bool]) -> str | None:
        """Another open dossier about the same event, None if there is none.

        The same event: the same mother and birth date, unless a sibling order tells the children apart; the
        same person's death, on whatever day.
        """
        kind, person, day, sibling = _identity(record)
        if not person:
            return None
        rows = self._database.rows(
            "SELECT dossier, sibling FROM candidate "
            "WHERE register = ? AND person = ? AND day = ? AND dossier <> ?",
            (kind, person, day, dossier),
        )
        apart = (row for row in rows if not (sibling and row["sibling"] and sibling != row["sibling"]))
        return next((str(row["dossier"]) for row in apart if is_open(row["dossier"])), None)

    def note(self, dossier: str, record: etree._Element) -> None:
        """Remember whose birth or death the dossier is about."""
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT OR REPLACE INTO candidate VALUES (?, ?, ?, ?, ?)", (dossier, *_identity(record))
            )

    def find(self, dossier: str) -> Entry | None:
        """The entry of a dossier, None if it has not been registered."""
        row = self._database.row("SELECT * FROM act WHERE dossier = ?", (dossier,))
        if row is None:
            return None
        registered = datetime.fromisoformat(row["registered"])
        return Entry(row["number"], row["year"], registered, row["personal_number"])

    def enter(self, dossier: str, unit: str, record: etree._Element) -> tuple[Entry, bool]:
        """The entry of a dossier and whether it was made now."""
        with self._database.transaction() as sql:
            known = self.find(dossier)
            if known is not None:
                return known, False
            now = self._clock()
            year = now.astimezone(VIETNAM).year
            kind = DEATHS if is_death(record) else BIRTHS
            (number,) = sql.execute(
                "SELECT coalesce(max(number), 0) + 1 FROM act WHERE register = ? AND unit = ? AND year = ?",
                (kind, unit, year),
            ).fetchone()
            given = self._personal_number(unit, record) if kind == BIRTHS else None
            sql.execute(
                "INSERT INTO act VALUES (?, ?, ?, ?, ?, ?, ?)",
                (dossier, kind, unit, year, number, now.isoformat(), given),
            )
        return Entry(number, year, now, given), True

    def _personal_number(self, unit: str, record: etree._Element) -> str:
        """Province, century and sex, year, six random digits; there is no check digit."""
        place, born = commune(unit), partial_date(child(record, "nksNgaySinh"))
        assert place is not None
        assert born is not None
        year = born[0]
        century_and_sex = 2 * (year // 100 - 19) + (text(record, "nksGioiTinh") == "2")
        while True:
            number = f"0{place.province}{century_and_sex}{year % 100:02d}{self._random.randrange(10**6):06d}"
            if self._database.row("SELECT 1 FROM act WHERE personal_number = ?", (number,)) is None:
                return number


def _identity(record: etree._Element) -> tuple[str, str, str, str]:
    """Register, whose event it is, its day and the sibling order; nobody if the mother is not named."""
    if is_death(record):
        return DEATHS, text(record, "nktSoDDCN") or text(record, "nktSoGiayToTuyThan"), "", ""
    numbers = (text(record, "meSoDDCN"), text(record, "meSoGiayToTuyThan"))
    named = "/".join(filter(None, (text(record, "meHoTen"), text(record, "meNgaySinh/namSinh"))))
    mother = next((item for item in (*numbers, named) if item), "")
    born = "-".join(text(record, f"nksNgaySinh/{name}") for name in ("namSinh", "thangSinh", "ngaySinh"))
    return BIRTHS, mother, born, text(record, "nksThuTuSinh")
