"""Code tables too large to write by hand, taken from public data sets.

Names of provinces come from the package ``vietnam-provinces``, communes from `broker.communes`; both in force since
2025-07-01. No mapping is older, so the units before that day are not in these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from vietnam_provinces import Province

from broker import communes
from broker.communes import REFORM

Line = tuple[str, str, date, date]


def province_names() -> Iterator[Line]:
    """Province code, two digits, to its name."""
    for province in Province.iter_all():
        yield f"{int(province.code):02d}", province.name, REFORM, date.max


def commune_names() -> Iterator[Line]:
    """Commune code, five digits, to its name."""
    for commune in communes.current().values():
        yield commune.code, commune.name, REFORM, date.max


def commune_provinces() -> Iterator[Line]:
    """Commune code, five digits, to the code of its province, two digits."""
    for commune in communes.current().values():
        yield commune.code, commune.province, REFORM, date.max


PROVIDERS: dict[str, Callable[[], Iterator[Line]]] = {
    "province-names": province_names,
    "commune-names": commune_names,
    "commune-provinces": commune_provinces,
}
