"""Health-insurance cards of children under 6: numbers, validity, one per child."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from random import Random

from sandbox.core.database import Database
from sandbox.core.readable import VIETNAM

SCHEMA = """
CREATE TABLE IF NOT EXISTS card (
    personal_number TEXT PRIMARY KEY, dossier TEXT NOT NULL UNIQUE, insurance_number TEXT NOT NULL UNIQUE,
    province TEXT NOT NULL, born TEXT NOT NULL, issued TEXT NOT NULL
);
"""
YEARS = 6


@dataclass(frozen=True, slots=True)
class Card:
    """An issued card; benefit level 1 is full cover."""

    insurance_number: str
    province: str
    born: date
    issued: datetime
    benefit: str = "1"

    @property
    def number(self) -> str:
        """15 characters: TE, level, province, insurance number."""
        return f"TE{self.benefit}{self.province}{self.insurance_number}"

    @property
    def valid_until(self) -> date:
        """The 30th of September of the year the child turns six, or the end of the month if that is later."""
        year, month = self.born.year + YEARS, self.born.month
        school, end = date(year, 9, 30), date(year, month, calendar.monthrange(year, month)[1])
        return max(school, end)


def is_under_six(born: date, today: date) -> bool:
    """Whether the child has not reached 72 months."""
    return (today.year - born.year, today.month, today.day) < (YEARS, born.month, born.day)


class Cards:
    """Issues each dossier's card once."""

    def __init__(self, database: Database, clock: Callable[[], datetime], random: Random) -> None:
        """``random`` draws the last eight digits of insurance numbers."""
        self._database, self._clock, self._random = database, clock, random

    def of_child(self, personal_number: str) -> str | None:
        """The dossier under which the child got its card, None if it has none."""
        row = self._database.row("SELECT dossier FROM card WHERE personal_number = ?", (personal_number,))
        return None if row is None else str(row["dossier"])

    def find(self, dossier: str) -> Card | None:
        """The card of a dossier, None if none was issued."""
        row = self._database.row("SELECT * FROM card WHERE dossier = ?", (dossier,))
        if row is None:
            return None
        issued = datetime.fromisoformat(row["issued"])
        return Card(row["insurance_number"], row["province"], date.fromisoformat(row["born"]), issued)

    def issue(self, dossier: str, personal_number: str, province: str, born: date) -> tuple[Card, bool]:
        """The card of a dossier and whether it was issued now."""
        with self._database.transaction() as sql:
            known = self.find(dossier)
            if known is not None:
                return known, False
            number, now = self._new_number(province), self._clock()
            values = (personal_number, dossier, number, province, born.isoformat(), now.isoformat())
            sql.execute("INSERT INTO card VALUES (?, ?, ?, ?, ?, ?)", values)
        return Card(number, province, born, now.astimezone(VIETNAM)), True

    def correct(self, dossier: str, personal_number: str, born: date) -> bool:
        """Put another personal number and birth date on a card; False if none was issued."""
        with self._database.transaction() as sql:
            values = (personal_number, born.isoformat(), dossier)
            changed = sql.execute("UPDATE card SET personal_number = ?, born = ? WHERE dossier = ?", values)
            return changed.rowcount == 1

    def _new_number(self, province: str) -> str:
        while True:
            number = f"{province}{self._random.randrange(10**8):08d}"
            if self._database.row("SELECT 1 FROM card WHERE insurance_number = ?", (number,)) is None:
                return number
