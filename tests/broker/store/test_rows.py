"""Cursors of pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.store.rows import cursor, place
from tests.clock import START


@given(st.text("abc -_#", min_size=1))
def test_a_cursor_is_read_back(row_id: str) -> None:
    """Time and id come back whatever the id looks like."""
    assert place(cursor(START, row_id)) == (START, row_id)


@pytest.mark.parametrize("text", ["", "x", "2026-09-01", "yesterday d1"])
def test_other_text_is_refused(text: str) -> None:
    """What is no cursor raises ValueError."""
    with pytest.raises(ValueError, match=r"cursor|isoformat"):
        place(text)
