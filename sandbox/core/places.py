"""Provinces and communes in force since 2025-07-01, from the `vietnam-provinces` package."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from vietnam_provinces import Province, Ward


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
    """Every commune in force, by code."""
    return [item for _, item in sorted(_communes().items())]


def address(detail: str, commune_code: str) -> str:
    """One line for people: detail, commune, province. An unknown commune is left out."""
    place = commune(commune_code)
    parts = (detail, place.name, place.province_name) if place else (detail,)
    return ", ".join(part for part in parts if part)


@cache
def _communes() -> dict[str, Commune]:
    provinces = {item.code: item for item in Province.iter_all()}
    found = (
        Commune(
            code=f"{ward.code.value:05d}",
            name=ward.name,
            province=f"{ward.province_code.value:02d}",
            province_name=provinces[ward.province_code].name,
        )
        for ward in Ward.iter_all()
    )
    return {item.code: item for item in found}
