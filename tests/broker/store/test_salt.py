"""Salt for the log."""

from __future__ import annotations

from broker.store.salt import SIZE, new_salt


def test_salts_are_long_and_differ() -> None:
    """Sixteen bytes, other ones each time."""
    salts = {new_salt() for _ in range(100)}
    assert len(salts) == 100
    assert {len(salt) for salt in salts} == {SIZE} == {16}
