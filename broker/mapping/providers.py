"""Code tables too large to write by hand, taken from public data sets.

Names of administrative units come from the package ``vietnam-provinces`` (34 provinces and their communes, in
force since 2025-07-01). Units before that day are not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from vietnam_provinces import Province, Ward

REFORM = date(2025, 7, 1)
"""The day on which 63 provinces became 34 and the districts ended."""

Line = tuple[str, str, date, date]


def province_names() -> Iterator[Line]:
    """Province code, two digits, to its name."""
    for province in Province.iter_all():
        yield f"{int(province.code):02d}", province.name, REFORM, date.max


def commune_names() -> Iterator[Line]:
    """Commune code, five digits, to its name."""
    for ward in Ward.iter_all():
        yield f"{int(ward.code):05d}", ward.name, REFORM, date.max


def commune_provinces() -> Iterator[Line]:
    """Commune code, five digits, to the code of its province, two digits."""
    for ward in Ward.iter_all():
        yield f"{int(ward.code):05d}", f"{int(ward.province_code):02d}", REFORM, date.max


PROVIDERS: dict[str, Callable[[], Iterator[Line]]] = {
    "province-names": province_names,
    "commune-names": commune_names,
    "commune-provinces": commune_provinces,
}
