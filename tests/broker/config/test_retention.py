"""The retention file."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from broker.config.retention import Kept


def test_a_class_says_how_long_and_why() -> None:
    """Time and basis are both there."""
    assert Kept.model_validate({"keep": "30d", "basis": "own"}).keep == timedelta(days=30)


@pytest.mark.parametrize(
    "values",
    [{"keep": "30d"}, {"keep": "30d", "basis": " "}, {"keep": "12h", "basis": "own"}, {"basis": "own"}],
)
def test_neither_without_a_reason_nor_at_once(values: dict[str, str]) -> None:
    """A time that nobody accounts for, or one shorter than a day, is refused."""
    with pytest.raises(ValidationError):
        Kept.model_validate(values)
