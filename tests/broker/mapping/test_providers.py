"""Code tables from public data."""

from __future__ import annotations

from broker.communes import REFORM
from broker.mapping.providers import PROVIDERS


def test_units_of_the_reform() -> None:
    """34 provinces and 3,321 communes since 1 July 2025, codes with their leading zeros."""
    provinces, communes = (list(PROVIDERS[name]()) for name in ("province-names", "commune-provinces"))
    assert (len(provinces), len(communes)) == (34, 3321)
    assert ("01", "Thành phố Hà Nội") in {(code, name) for code, name, _, _ in provinces}
    assert {len(code) for code, *_ in communes} == {5}
    assert {start for *_, start, _ in communes} == {REFORM}
    assert {province for _, province, _, _ in communes} == {code for code, *_ in provinces}
