"""Messages as text, and deadlines."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.core.readable import local, readable, supplement_deadline
from sandbox.core.xml import DSIG, parse

FRIDAY = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


def test_one_line_per_value() -> None:
    """Leaves and attributes are there, the signature is not, long content is cut."""
    root = parse(
        f'<a x="1"><b>Thủy</b><c>{"z" * 900}</c><s:Signature xmlns:s="{DSIG}">q</s:Signature></a>'.encode()
    )
    assert readable("Tên", root).split("\n") == ["Tên", "a@x: 1", "b: Thủy", "c: " + "z" * 500]


def test_local_time() -> None:
    """Vietnam is seven hours ahead of UTC."""
    assert local(FRIDAY, "%d/%m/%Y %H:%M") == "20/11/2026 12:00"


def test_seven_working_days() -> None:
    """Weekends do not count; the whole last day counts."""
    assert local(supplement_deadline(None, FRIDAY), "%Y-%m-%d %H:%M") == "2026-12-01 23:59"


def test_a_given_deadline() -> None:
    """With its own zone, or in Vietnam's."""
    assert supplement_deadline("2026-12-01T10:00:00+00:00", FRIDAY) == datetime(2026, 12, 1, 10, tzinfo=UTC)
    assert supplement_deadline("2026-12-01T17:00", FRIDAY) == datetime(2026, 12, 1, 10, tzinfo=UTC)
