"""What a death led to: allowances granted and pensions stopped, each once per insurance number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sandbox.core.database import Database, Row
from sandbox.core.readable import VIETNAM

SCHEMA = """
CREATE TABLE IF NOT EXISTS benefit (
    kind TEXT NOT NULL, insurance_number TEXT NOT NULL, dossier TEXT NOT NULL, paper TEXT NOT NULL, name TEXT NOT NULL,
    decided TEXT NOT NULL, amount INTEGER, payee TEXT, stopped TEXT, PRIMARY KEY (kind, insurance_number),
    UNIQUE (kind, dossier)
);
"""
PAPERS = {"MTP": "{}/QĐ-MTP", "TT": "{}/QĐ-TT", "DLH": "{}/TB-DLH"}


@dataclass(frozen=True, slots=True)
class Benefit:
    """A decision. ``name`` is the deceased's; amount (đồng) and payee of an allowance, or the day a pension stops."""

    kind: str
    insurance_number: str
    dossier: str
    name: str
    amount: int | None = None
    payee: str | None = None
    stopped: date | None = None
    paper: str = ""
    decided: date | None = None


class Benefits:
    """Decides each dossier's matter once."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """``clock`` dates decisions."""
        self._database, self._clock = database, clock

    def of_deceased(self, kind: str, insurance_number: str) -> Benefit | None:
        """What was decided about a number, None if nothing was."""
        row = self._database.row(
            "SELECT * FROM benefit WHERE kind = ? AND insurance_number = ?", (kind, insurance_number)
        )
        return None if row is None else _benefit(row)

    def find(self, kind: str, dossier: str) -> Benefit | None:
        """What was decided in a dossier, None if nothing was."""
        row = self._database.row("SELECT * FROM benefit WHERE kind = ? AND dossier = ?", (kind, dossier))
        return None if row is None else _benefit(row)

    def decide(self, wanted: Benefit) -> tuple[Benefit, bool]:
        """The decision with its number and day, and whether it was made now."""
        with self._database.transaction() as sql:
            known = self.find(wanted.kind, wanted.dossier)
            if known is not None:
                return known, False
            count = self._database.rows("SELECT count(*) AS n FROM benefit")[0]["n"]
            values = (
                wanted.kind,
                wanted.insurance_number,
                wanted.dossier,
                PAPERS[wanted.kind].format(f"{count + 1:05d}"),
                wanted.name,
                self._clock().astimezone(VIETNAM).date().isoformat(),
                wanted.amount,
                wanted.payee,
                wanted.stopped.isoformat() if wanted.stopped else None,
            )
            sql.execute("INSERT INTO benefit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
            made = self.find(wanted.kind, wanted.dossier)
        assert made is not None
        return made, True

    def correct(self, kind: str, dossier: str, name: str, stopped: date | None) -> bool:
        """Put another name and last day into a decision; False if there is none yet."""
        with self._database.transaction() as sql:
            changed = sql.execute(
                "UPDATE benefit SET name = ?, stopped = ? WHERE kind = ? AND dossier = ?",
                (name, stopped.isoformat() if stopped else None, kind, dossier),
            )
            return changed.rowcount == 1


def _benefit(row: Row) -> Benefit:
    return Benefit(
        kind=row["kind"],
        insurance_number=row["insurance_number"],
        dossier=row["dossier"],
        name=row["name"],
        amount=row["amount"],
        payee=row["payee"],
        stopped=date.fromisoformat(row["stopped"]) if row["stopped"] else None,
        paper=row["paper"],
        decided=date.fromisoformat(row["decided"]),
    )
