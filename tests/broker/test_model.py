"""Values of the middle."""

from __future__ import annotations

import dataclasses

import pytest

from tests.broker.store.samples import dossier


def test_step_by_id() -> None:
    """A dossier finds its steps by their ids, and knows no others."""
    known = dossier("d1")
    assert known.step("residence").agency == "cutru"
    with pytest.raises(KeyError):
        known.step("card")


def test_values_do_not_change() -> None:
    """A value is never changed in place."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        dossier("d1").version = 2  # type: ignore[misc]
