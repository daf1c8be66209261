"""Words in which people ask become filters, or problems at the word."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest

from broker.errors import Invalid
from broker.log.asked import WORDS, wanted


def test_days_and_moments() -> None:
    """A day is one of Vietnam, whole; a moment without a zone is Vietnam's, one with a zone its own."""
    found = wanted({"from": "2026-11-22", "to": "2026-11-22"})
    assert found.since == datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
    assert found.until == datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
    found = wanted({"from": "2026-11-22T09:00", "to": "2026-11-22T09:00Z"})
    assert found.since == datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
    assert found.until == datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_every_question_has_its_filter() -> None:
    """All words together; Vietnamese in whatever form it was typed."""
    decomposed = unicodedata.normalize("NFD", "Nguyễn Thị Ánh")
    asked = dict.fromkeys(WORDS, "x") | {"direction": "in", "from": "2026-11-22", "to": "2026-11-23"}
    found = wanted(asked | {"officer": f" {decomposed} "}, citizen="001 199 000 123")
    assert (found.officer, found.person, found.code, found.dossier) == (
        "Nguyễn Thị Ánh",
        "001199000123",
        "x",
        None,
    )
    assert found.since is not None
    assert found.until is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("direction", "up"),
        ("agency", " "),
        ("outcome", "x" * 201),
        ("from", "yesterday"),
        ("to", "9999-12-31"),
        ("from", "0001-01-01T00:00:00+23:00"),
        ("agencies", "bhxh"),
        ("citizen", "001199000123"),
    ],
)
def test_what_cannot_be_asked(name: str, value: str) -> None:
    """Each wrong word is named, and a personal number never repeated."""
    with pytest.raises(Invalid) as caught:
        wanted({name: value})
    assert [problem.field for problem in caught.value.problems] == [name]
    assert "001199000123" not in repr(caught.value.problems)


@pytest.mark.parametrize("number", ["", "12", "00119900012x", "٠٠١١٩٩٠٠٠١٢٣", "001199000123 OR 1=1"])
def test_what_is_no_personal_number(number: str) -> None:
    """Twelve digits, or nine of an old card."""
    with pytest.raises(Invalid):
        wanted({}, citizen=number)
    assert wanted({}, citizen="012345678").person == "012345678"
