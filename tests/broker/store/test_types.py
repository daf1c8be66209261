"""Times keep their instant and their order on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from broker.store.types import UtcTime, utc_text

HANOI = timezone(timedelta(hours=7))
TIMES = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=st.sampled_from([UTC, HANOI]))  # noqa: DTZ001


@given(TIMES, TIMES)
def test_texts_sort_as_instants_do(one: datetime, other: datetime) -> None:
    """Comparing the texts is comparing the instants, whatever the zone they were given in."""
    assert (utc_text(one) < utc_text(other)) == (one < other)


@given(TIMES)
def test_an_instant_comes_back_in_utc(at: datetime) -> None:
    """Stored and read again it is the same instant, aware, in UTC."""
    column, dialect = UtcTime(), sqlite.dialect()
    back = column.process_result_value(column.process_bind_param(at, dialect), dialect)
    assert back == at
    assert back is not None
    assert back.tzinfo is UTC


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["sqlite", "postgresql"])
def test_a_naive_time_is_refused(dialect) -> None:  # type: ignore[no-untyped-def]
    """A time without zone is an error, not a guess."""
    with pytest.raises(ValueError, match="naive"):
        UtcTime().process_bind_param(datetime(2026, 9, 1), dialect)  # noqa: DTZ001
