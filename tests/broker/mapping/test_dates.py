"""Dates at the edges."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.mapping.dates import ISO, DateRefused, check_format, language, parse_zone, precision, read, write
from broker.mapping.inclusion import matches

HANOI = timedelta(hours=7)


@pytest.mark.parametrize(
    ("text", "reads", "writes", "expected"),
    [
        ("1978", ISO, "yyyy", "1978"),
        ("1978-05", ISO, ISO, "1978-05"),
        ("2026-02-27", ISO, "dd.MM.yyyy", "27.02.2026"),
        ("20260227", "yyyyMMdd", ISO, "2026-02-27"),
        ("202602270805", "yyyyMMddHHmm", ISO, "2026-02-27T08:05:00+07:00"),
        ("2026-03-01T20:15:00Z", ISO, "dd/MM/yyyy HH:mm:ss", "02/03/2026 03:15:00"),
        ("2026-03-01T20:15:00", ISO, ISO, "2026-03-01T20:15:00+07:00"),
        ("01/08/2025 10:00:00", "dd/MM/yyyy HH:mm:ss", "yyyyMMddHHmmss", "20250801100000"),
        ("2026-03-01+09:00", ISO, "yyyy-MM-dd", "2026-03-01"),
    ],
)
def test_rewrite(text: str, reads: str, writes: str, expected: str) -> None:
    """A date is read in one format and written in another, in Vietnam's time."""
    assert write(read(text, (reads,)), (writes,), HANOI) == expected


def test_first_format_that_is_known() -> None:
    """1978 is never turned into a day: a shorter format is used, or none."""
    assert write(read("1978", (ISO,)), ("dd.MM.yyyy", "yyyy"), HANOI) == "1978"
    assert write(read("1978", (ISO,)), ("dd.MM.yyyy",), HANOI) is None


@pytest.mark.parametrize("text", ["1990-02-31", "2026-13", "26-01-01", "2026-01-01T25:00:00", "", "２０２６"])
def test_refuses_what_is_no_date(text: str) -> None:
    """A day that does not exist is refused, never corrected."""
    with pytest.raises(DateRefused):
        read(text, (ISO,))


@given(day=st.dates(date(1000, 1, 1)))
def test_round_trip(day: date) -> None:
    """Writing and reading again gives the same day."""
    text = write(read(day.isoformat(), (ISO,)), ("dd.MM.yyyy",), HANOI)
    assert text is not None
    assert write(read(text, ("dd.MM.yyyy",)), (ISO,), HANOI) == day.isoformat()


@given(
    day=st.dates(date(1900, 1, 1), date(2099, 12, 31)),
    form=st.sampled_from(["dd/MM/yyyy", "yyyyMMdd", "MM.yyyy", ISO]),
)
def test_language_describes_what_is_written(day: date, form: str) -> None:
    """The value space that the proof uses contains whatever is written."""
    text = write(read(day.isoformat(), (ISO,)), (form,), HANOI)
    assert text is not None
    assert matches(language((form,), "(19|20)[0-9]{2}"), text)


@pytest.mark.parametrize(
    ("form", "fault"), [("dd.MM.yyyy", None), ("ddddMM", "twice"), ("xx", "names no"), ("yyyyQ", "unknown")]
)
def test_check_format(form: str, fault: str | None) -> None:
    """A format names each field once and nothing else."""
    found = check_format(form)
    assert found is None if fault is None else fault in str(found)


def test_zones_and_precision() -> None:
    """Offsets are read with their sign; a format needs as much as its last field."""
    assert parse_zone("-08:30") == -timedelta(hours=8, minutes=30)
    assert precision("dd/MM/yyyy") == 3
    with pytest.raises(DateRefused):
        parse_zone("7")
