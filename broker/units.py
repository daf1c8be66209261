"""Provinces and communes by code and day: a bare code is ambiguous, most of them changed their meaning.

Provinces come from config/units/provinces.yaml, communes and the edges between old and new from `broker.communes`.
A code is translated from one day's list to another's only where exactly one unit corresponds to it; where several do,
a person has to choose among them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import date
from typing import TypeAlias

from broker import communes
from broker.communes import REFORM, Commune
from broker.model import Problem


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


Unit: TypeAlias = Province | Commune
"""A unit of either level; both have ``code`` and ``name``."""


class NoUnit(LookupError):
    """The code means nothing on that day, or nothing is known to correspond to it on the other."""


class Ambiguous(LookupError):
    """Several units correspond to the code: ``candidates``, by code. A person has to choose."""

    def __init__(self, code: str, candidates: Iterable[Unit]) -> None:
        self.candidates = tuple(sorted(candidates, key=lambda unit: unit.code))
        super().__init__(f"{code} corresponds to {_listed(self.candidates)}")


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

    @property
    def codes(self) -> frozenset[str]:
        """Every province code that was ever in use: personal numbers keep the old ones."""
        return frozenset(self._provinces)

    # ------------------------------------------------------------------ what a code meant on a day

    def province(self, code: str, on: date) -> Province | None:
        """What the code meant on that day, None if nothing."""
        return next((province for province in self._provinces.get(code, ()) if province.exists(on)), None)

    def commune(self, code: str, on: date) -> Commune | None:
        """The commune of that code on that day, None if there is none; every day before the reform is its eve."""
        return (communes.current() if on >= REFORM else communes.former()).get(code)

    def unit(self, code: str, on: date) -> Unit | None:
        """The province of a code of two digits, else the commune."""
        return self.province(code, on) if len(code) == 2 else self.commune(code, on)

    def listed(self, on: date, province: str | None = None) -> tuple[Unit, ...]:
        """The provinces of a day by code, or the communes of one of them; empty for a province that there is not."""
        if province is None:
            found = (self.province(code, on) for code in sorted(self._provinces))
            return tuple(one for one in found if one is not None)
        known = communes.current() if on >= REFORM else communes.former()
        inside = (one for one in known.values() if one.province == province)
        return tuple(sorted(inside, key=lambda one: one.code))

    # ------------------------------------------------------------------ from one list to the other

    def today(self, province: Province) -> Province:
        """Today's province around ``province``; itself if it was not merged. Raises LookupError."""
        if province.into is None:
            return province
        found = self.province(province.into, date.max)
        if found is None:
            raise LookupError(f"province {province.code} went into {province.into}, which does not exist")
        return found

    def successors(self, code: str) -> tuple[Unit, ...]:
        """The units of today in which the old unit of that code lies, wholly or in part."""
        if len(code) == 2:
            old = self.province(code, communes.EVE)
            return () if old is None else (self.today(old),)
        before = communes.former().get(code)
        return () if before is None else tuple(communes.current()[into] for into in before.into)

    def predecessors(self, code: str) -> tuple[Unit, ...]:
        """The old units of which today's unit of that code has all or a part."""
        if len(code) != 2:
            return tuple(communes.former()[old] for old in communes.origins().get(code, ()))
        here = self.province(code, date.max)
        before = (self.province(old, communes.EVE) for old in sorted(self._provinces))
        return tuple(
            old for old in before if old is not None and here is not None and self.today(old) == here
        )

    def translate(self, code: str, was: date, now: date) -> Unit:
        """The unit in the list of the day ``now`` that ``code`` of the list of the day ``was`` corresponds to.

        Raises `Ambiguous` if it corresponds to several, and `NoUnit`.
        """
        unit = self.unit(code, was)
        if unit is None:
            raise NoUnit(f"{code} means nothing on {was}")
        if (was < REFORM) == (now < REFORM):
            return unit
        found = self.successors(code) if was < REFORM else self.predecessors(code)
        if not found:
            raise NoUnit(f"{unit.name} ({code}) corresponds to no known unit on {now}")
        if len(found) > 1:
            raise Ambiguous(code, found)
        return found[0]

    # ------------------------------------------------------------------ what a declaration says

    def renewed(self, province: str, commune: str | None, on: date) -> tuple[str, str | None]:
        """The codes of ``on`` for codes of the old list; the same if they are valid then, or cannot be translated.

        Only the pair tells of which list a commune's code is, and where it went decides the province too.
        """
        if on < REFORM or self.problem("", province, commune, on) is None:
            return province, commune
        if commune is None:
            successors = self.successors(province)
            return (successors[0].code, None) if successors else (province, None)
        places = communes.places_today(province, commune)
        if len(places) != 1:
            return province, commune
        (place,) = places
        return communes.current()[place].province, place

    def problem(self, field: str, province: str, commune: str | None, on: date) -> Problem | None:
        """Why no unit has these codes on that day; None if one has. ``field`` is the path of the office or address.

        For codes of the old list the communes of today are named among which the citizen has to choose.
        """
        there = self.province(province, on)
        here = self.commune(commune, on) if commune is not None else None
        if there is not None and (commune is None or (here is not None and here.province == province)):
            return None
        vi_more, en_more = _choices(province, commune) if on >= REFORM else ("", "")
        if there is None:
            vi = f"Mã tỉnh {province} không có hiệu lực vào ngày {on:%d/%m/%Y}{vi_more}"
            return Problem(
                f"{field}/Province", vi, f"Province code {province} means nothing on {on}{en_more}"
            )
        if here is None:
            vi = f"Mã phường, xã {commune} không có hiệu lực vào ngày {on:%d/%m/%Y}{vi_more}"
            return Problem(f"{field}/Commune", vi, f"Commune code {commune} means nothing on {on}{en_more}")
        vi = f"{here.name} (mã {commune}) không thuộc {there.name} (mã {province}){vi_more}"
        en = f"Commune {commune} does not lie in province {province}{en_more}"
        return Problem(f"{field}/Commune", vi, en)


def _choices(province: str, commune: str | None) -> tuple[str, str]:
    """What the codes mean by the old list, in Vietnamese and English; empty if they mean nothing there either."""
    places = communes.places_today(province, commune) if commune is not None else frozenset()
    if commune is None or not places:
        return "", ""
    old = communes.former()[commune].name
    today = _listed(communes.current()[code] for code in sorted(places))
    return (
        f". Theo danh mục trước 01/07/2025 là {old}, nay thuộc: {today}; đề nghị chọn đúng đơn vị",
        f". By the list before 2025-07-01 it was {old}, now in: {today}; choose the right one",
    )


def _listed(units: Iterable[Unit]) -> str:
    return ", ".join(f"{unit.name} ({unit.code})" for unit in units)


def _refuse_overlap(one: Province, other: Province) -> None:
    first = max(one.first_day or date.min, other.first_day or date.min)
    if one.exists(first) and other.exists(first):
        raise ValueError(f"code {one.code} means both {other.name} and {one.name} on {first}")
