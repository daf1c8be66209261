"""Provinces and communes by code and day: a bare code is ambiguous, seven of them changed their meaning.

Provinces come from config/units/provinces.yaml; communes from the ``vietnam-provinces`` package, which knows
those since the reform of 2025-07-01 and none before.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from broker.model import Problem

COMMUNES_SINCE = date(2025, 7, 1)
"""First day of the communes that are known."""


class NotCovered(LookupError):
    """Communes of that day are not known here."""


@dataclasses.dataclass(frozen=True, slots=True)
class Province:
    """A province while its code meant it. ``into`` is the code of the province that it was merged into."""

    code: str
    name: str
    first_day: date | None = None
    last_day: date | None = None
    into: str | None = None

    def exists(self, on: date) -> bool:
        """True if the code meant this province on that day."""
        return (self.first_day is None or self.first_day <= on) and (
            self.last_day is None or on <= self.last_day
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Commune:
    """A commune, ward or special zone; ``name`` begins with its kind."""

    code: str
    name: str
    province: str


class Units:
    """Looks up administrative units."""

    def __init__(self, provinces: Iterable[Province]) -> None:
        """Raises ValueError if a code means two provinces on one day."""
        self._provinces: dict[str, tuple[Province, ...]] = {}
        for province in provinces:
            known = self._provinces.get(province.code, ())
            for other in known:
                _refuse_overlap(province, other)
            self._provinces[province.code] = (*known, province)

    def province(self, code: str, on: date) -> Province | None:
        """What the code meant on that day, None if nothing."""
        return next((province for province in self._provinces.get(code, ()) if province.exists(on)), None)

    def today(self, province: Province) -> Province:
        """Today's province around ``province``; itself if it was not merged. Raises LookupError."""
        if province.into is None:
            return province
        found = self.province(province.into, date.max)
        if found is None:
            raise LookupError(f"province {province.code} went into {province.into}, which does not exist")
        return found

    @property
    def codes(self) -> frozenset[str]:
        """Every province code that was ever in use: personal numbers keep the old ones."""
        return frozenset(self._provinces)

    def commune(self, code: str, on: date) -> Commune | None:
        """The commune of that code on that day, None if there is none. Raises NotCovered before the reform."""
        if on < COMMUNES_SINCE:
            raise NotCovered(f"communes before {COMMUNES_SINCE} are not known")
        return _communes().get(code)

    def problem(self, field: str, province: str, commune: str, on: date) -> Problem | None:
        """Why no unit of these codes can act on that day; None if one can. ``field`` is the office's path."""
        there = self.province(province, on)
        if there is None:
            vi = f"Mã tỉnh {province} không có hiệu lực vào ngày {on:%d/%m/%Y}"
            return Problem(f"{field}/Province", vi, f"Province code {province} means nothing on {on}")
        here = self.commune(commune, on)
        if here is None:
            vi = f"Mã phường, xã {commune} không có hiệu lực vào ngày {on:%d/%m/%Y}"
            return Problem(f"{field}/Commune", vi, f"Commune code {commune} means nothing on {on}")
        if here.province != province:
            vi = f"{here.name} (mã {commune}) không thuộc {there.name} (mã {province})"
            return Problem(f"{field}/Commune", vi, f"Commune {commune} does not lie in province {province}")
        return None


def _refuse_overlap(one: Province, other: Province) -> None:
    first = max(one.first_day or date.min, other.first_day or date.min)
    if one.exists(first) and other.exists(first):
        raise ValueError(f"code {one.code} means both {other.name} and {one.name} on {first}")


@functools.cache
def _communes() -> Mapping[str, Commune]:
    # The package builds thousands of objects when it is imported: only who asks for a commune pays for it.
    from vietnam_provinces import Ward

    found = (Commune(f"{ward.code:05d}", ward.name, f"{ward.province_code:02d}") for ward in Ward.iter_all())
    return MappingProxyType({commune.code: commune for commune in found})
