"""Provinces and communes in force since 2025-07-01, from the `vietnam-provinces` package.

Releases before 2026 have provisional codes of 123 communes; communes-renumbered.csv gives those of decision
19/2025/QĐ-TTg, which agencies and the hub use.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import vietnam_provinces
from vietnam_provinces import Province, Ward

FIRST_WITH_FINAL_CODES = 2026


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune (phường, xã, đặc khu) with its province; codes as 5 and 2 digits."""

    code: str
    name: str
    province: str
    province_name: str


def commune(code: str) -> Commune | None:
    """The commune with that 5-digit code, None if there is no such one."""
    return _communes().get(code)


def communes() -> list[Commune]:
    """Every commune in force, in the package's order of codes."""
    return list(_communes().values())


def address(detail: str, commune_code: str) -> str:
    """One line for people: detail, commune, province. An unknown commune is left out."""
    place = commune(commune_code)
    parts = (detail, place.name, place.province_name) if place else (detail,)
    return ", ".join(part for part in parts if part)


@cache
def _communes() -> dict[str, Commune]:
    provinces = {item.code: item for item in Province.iter_all()}
    final = _renumbered()
    found = (
        Commune(
            code=final.get(f"{ward.code.value:05d}", f"{ward.code.value:05d}"),
            name=ward.name,
            province=f"{ward.province_code.value:02d}",
            province_name=provinces[ward.province_code].name,
        )
        for ward in sorted(Ward.iter_all(), key=lambda ward: int(ward.code.value))
    )
    return {item.code: item for item in found}


def _renumbered() -> dict[str, str]:
    """Provisional code → final code, for a package that still has the provisional ones."""
    if int(vietnam_provinces.__version__.partition(".")[0]) >= FIRST_WITH_FINAL_CODES:
        return {}
    text = files("sandbox").joinpath("core", "communes-renumbered.csv").read_text(encoding="utf-8")
    return {row["provisional"]: row["code"] for row in csv.DictReader(text.splitlines())}
