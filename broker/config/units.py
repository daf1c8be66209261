"""Administrative units: config/units/provinces.yaml."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from broker.config.base import Frozen
from broker.units import Province, Units

Code = Annotated[str, StringConstraints(pattern=r"^\d{2}$")]


class ProvinceRow(Frozen):
    """What a code meant from a day to a day."""

    code: Code
    """Code of the statistics office."""
    name: str
    """Name of the province."""
    first_day: date | None = Field(default=None, alias="from")
    """First day of this meaning."""
    last_day: date | None = Field(default=None, alias="until")
    """Last day of this meaning."""
    into: Code | None = None
    """Code of the province that it was merged into."""

    def province(self) -> Province:
        """The same as the rest of the hub uses it."""
        return Province(self.code, self.name, self.first_day, self.last_day, self.into)


class ProvinceTable(Frozen):
    """All provinces, of before and of today."""

    provinces: tuple[ProvinceRow, ...] = Field(min_length=1)
    """One row for each meaning of a code."""

    @field_validator("provinces")
    @classmethod
    def _sound(cls, rows: tuple[ProvinceRow, ...]) -> tuple[ProvinceRow, ...]:
        units = Units(row.province() for row in rows)
        for row in rows:
            try:
                units.today(row.province())
            except LookupError as error:
                raise ValueError(str(error)) from error
        return rows

    def units(self) -> Units:
        """The look-up over them."""
        return Units(row.province() for row in self.provinces)
