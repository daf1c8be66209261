"""Communes of before and since the reform of 2025-07-01, and which of the old ones went into which of today.

The lists in broker/data are those of the statistics office: today's codes as decision 19/2025/QĐ-TTg gave them, and
the old communes with the conversion table of the reform. They were taken from release 2026.9.0 of the package
``vietnam-provinces``, which needs a newer Python than the hub; earlier releases know no old communes and still have
provisional codes for 123. The old list is that of 2025-06-30: what was merged before is not in it. 28 of its communes
are missing in the conversion table and so lead nowhere; 10 of the conversion table have no name; 27691 stands in it
under another province than its district, whose province is taken.
"""

from __future__ import annotations

import csv
import dataclasses
import functools
from collections.abc import Iterator, Mapping
from datetime import date
from importlib.resources import files
from types import MappingProxyType

REFORM = date(2025, 7, 1)
"""The day on which 63 provinces became 34, 10,000 communes 3,321, and the districts ended."""
EVE = date(2025, 6, 30)
"""The last day of the old units."""


@dataclasses.dataclass(frozen=True, slots=True)
class Commune:
    """A commune, ward or special zone; ``name`` begins with its kind.

    An old one also has its district (three digits) and the codes of today's communes ``into`` which it went.
    """

    code: str
    name: str
    province: str
    district: str | None = None
    into: tuple[str, ...] = ()


@functools.cache
def current() -> Mapping[str, Commune]:
    """Today's communes by code."""
    found = (Commune(row["code"], row["name"], row["province"]) for row in _rows("communes"))
    return MappingProxyType({commune.code: commune for commune in found})


@functools.cache
def former() -> Mapping[str, Commune]:
    """The communes of 2025-06-30 by code. Most of today's codes meant another, smaller commune then."""
    found = (
        Commune(
            row["code"],
            row["name"] or "Phường, xã (chưa rõ tên)",
            row["province"],
            row["district"],
            tuple(row["into"].split()),
        )
        for row in _rows("communes-until-2025-06-30")
    )
    return MappingProxyType({commune.code: commune for commune in found})


@functools.cache
def districts() -> Mapping[str, str]:
    """Names of the districts of 2025-06-30 by code, three digits."""
    return MappingProxyType({row["code"]: row["name"] for row in _rows("districts-until-2025-06-30")})


@functools.cache
def origins() -> Mapping[str, tuple[str, ...]]:
    """Code of a commune of today → codes of the old communes of which it has all or a part."""
    found: dict[str, tuple[str, ...]] = {}
    for old in former().values():
        for code in old.into:
            found[code] = (*found.get(code, ()), old.code)
    return MappingProxyType(found)


def places_today(province: str, commune: str) -> frozenset[str]:
    """Today's communes that a pair of codes of unknown date can mean: by today's list, by the old one, or by both.

    An old commune may stand under its old province or under today's: some systems translated only the province.
    """
    found: set[str] = set()
    here, before = current().get(commune), former().get(commune)
    if here is not None and here.province == province:
        found.add(commune)
    if before is not None:
        found.update(into for into in before.into if province in (before.province, current()[into].province))
    return frozenset(found)


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("broker").joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())
