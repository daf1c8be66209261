"""Dates of which only a part is known: ``1978`` stays ``1978`` and never becomes the first of January."""

from __future__ import annotations

import calendar
import dataclasses
import re
from datetime import date

_FORM = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")


@dataclasses.dataclass(frozen=True, slots=True)
class PartialDate:
    """A calendar date known to the year, the month or the day (common.xsd, PartialDateValue).

    Raises ValueError for a date that does not exist, such as 30 February.
    """

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.day is not None and self.month is None:
            raise ValueError("a day needs its month")
        if not 1 <= self.year <= 9999:
            raise ValueError(f"year {self.year} is out of range")
        date(self.year, self.month or 1, self.day or 1)

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Read ``yyyy``, ``yyyy-mm`` or ``yyyy-mm-dd``. Raises ValueError for anything else."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"{text!r} is not a date: write yyyy, yyyy-mm or yyyy-mm-dd")
        year, month, day = found.groups()
        return cls(int(year), int(month) if month else None, int(day) if day else None)

    @classmethod
    def of(cls, day: date) -> PartialDate:
        """The same date, wholly known."""
        return cls(day.year, day.month, day.day)

    def __str__(self) -> str:
        """The canonical form: as many parts as are known."""
        parts = [f"{self.year:04d}"]
        parts += [f"{part:02d}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)

    @property
    def complete(self) -> bool:
        """True if the day is known."""
        return self.day is not None

    def agrees(self, other: PartialDate) -> bool:
        """True if both say the same as far as both are known: 1978 agrees with 1978-05-02."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(mine == theirs for mine, theirs in pairs if mine is not None and theirs is not None)

    def latest(self) -> date:
        """The last day that this date can mean."""
        month = self.month or 12
        return date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    def earliest(self) -> date:
        """The first day that this date can mean."""
        return date(self.year, self.month or 1, self.day or 1)
