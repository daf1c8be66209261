"""The register of births: entries with number, book and page, personal numbers, and suspected duplicates."""

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
from sandbox.hotich.checks import partial_date

SCHEMA = """
CREATE TABLE IF NOT EXISTS candidate (
    dossier TEXT PRIMARY KEY, mother TEXT NOT NULL, born TEXT NOT NULL, sibling TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS birth (
    dossier TEXT PRIMARY KEY, unit TEXT NOT NULL, year INTEGER NOT NULL, number INTEGER NOT NULL,
    registered TEXT NOT NULL, personal_number TEXT NOT NULL UNIQUE, UNIQUE (unit, year, number)
);
"""
PER_BOOK = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One birth in the register. ``personal_number`` is reserved at once and told when the verdict allows."""

    number: int
    year: int
    registered: datetime
    personal_number: str

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

    def suspected_twin(
        self, dossier: str, record: etree._Element, is_open: Callable[[str], bool]
    ) -> str | None:
        """Another open dossier of the same mother and birth date that a sibling order does not tell apart."""
        mother, born, sibling = _identity(record)
        if not mother:
            return None
        rows = self._database.rows(
            "SELECT dossier, sibling FROM candidate WHERE mother = ? AND born = ? AND dossier <> ?",
            (mother, born, dossier),
        )
        apart = (row for row in rows if not (sibling and row["sibling"] and sibling != row["sibling"]))
        return next((str(row["dossier"]) for row in apart if is_open(row["dossier"])), None)

    def note(self, dossier: str, record: etree._Element) -> None:
        """Remember whose birth the dossier is about."""
        with self._database.transaction() as sql:
            sql.execute("INSERT OR REPLACE INTO candidate VALUES (?, ?, ?, ?)", (dossier, *_identity(record)))

    def find(self, dossier: str) -> Entry | None:
        """The entry of a dossier, None if it has not been registered."""
        row = self._database.row("SELECT * FROM birth WHERE dossier = ?", (dossier,))
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
            (number,) = sql.execute(
                "SELECT coalesce(max(number), 0) + 1 FROM birth WHERE unit = ? AND year = ?", (unit, year)
            ).fetchone()
            values = (dossier, unit, year, number, now.isoformat(), self._personal_number(unit, record))
            sql.execute("INSERT INTO birth VALUES (?, ?, ?, ?, ?, ?)", values)
        return Entry(number, year, now, values[-1]), True

    def _personal_number(self, unit: str, record: etree._Element) -> str:
        """Province, century and sex, year, six random digits; there is no check digit."""
        place, born = commune(unit), partial_date(child(record, "nksNgaySinh"))
        assert place is not None
        assert born is not None
        year = born[0]
        century_and_sex = 2 * (year // 100 - 19) + (text(record, "nksGioiTinh") == "2")
        while True:
            number = f"0{place.province}{century_and_sex}{year % 100:02d}{self._random.randrange(10**6):06d}"
            if self._database.row("SELECT 1 FROM birth WHERE personal_number = ?", (number,)) is None:
                return number


def _identity(record: etree._Element) -> tuple[str, str, str]:
    """Mother, birth date and sibling order; the mother is empty if she is not named."""
    numbers = (text(record, "meSoDDCN"), text(record, "meSoGiayToTuyThan"))
    named = "/".join(filter(None, (text(record, "meHoTen"), text(record, "meNgaySinh/namSinh"))))
    mother = next((item for item in (*numbers, named) if item), "")
    born = "-".join(text(record, f"nksNgaySinh/{name}") for name in ("namSinh", "thangSinh", "ngaySinh"))
    return mother, born, text(record, "nksThuTuSinh")
