"""Corrections of registered acts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.core.xml import parse
from sandbox.hotich.corrections import corrected, latest, note, words

RECORD = parse("<hoTich><nksHoTen><Ten>Thủy</Ten></nksHoTen></hoTich>".encode())


def test_the_field_is_changed_in_a_copy() -> None:
    """The record as it was stays as it was."""
    assert corrected(RECORD, {"nksHoTen/Ten": "Thùy"}).findtext("nksHoTen/Ten") == "Thùy"
    assert RECORD.findtext("nksHoTen/Ten") == "Thủy"


@pytest.mark.parametrize("values", [{}, {"nksHoTen": "x"}, {"nktHoTen/Ten": "x"}])
def test_only_fields_that_are_there(values: dict[str, str]) -> None:
    """Groups and unknown fields are refused, and so is nothing."""
    with pytest.raises(ValueError, match=r"\w"):
        corrected(RECORD, values)


def test_corrections_are_remembered_in_order() -> None:
    """The last one is told with its time; without any nothing is said."""
    assert latest({}) is None
    assert words({}) == ""
    first = note({}, {"a": "1"}, datetime(2026, 11, 23, tzinfo=UTC))
    second = note(first, {"b": "2"}, datetime(2026, 11, 24, tzinfo=UTC))
    assert latest(second) == datetime(2026, 11, 24, tzinfo=UTC)
    assert words(second) == "Đã cải chính: b"
    assert len(second["corrections"]) == 2
