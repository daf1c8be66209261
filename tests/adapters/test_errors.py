"""The errors of the edges."""

from __future__ import annotations

import pytest

from adapters import errors


@pytest.mark.parametrize(
    "kind",
    [
        errors.Unavailable,
        errors.Throttled,
        errors.Ambiguous,
        errors.Unauthorized,
        errors.Rejected,
        errors.Malformed,
    ],
)
def test_explains_itself(kind: type[errors.AdapterError]) -> None:
    """An error without words says what its class means; with words it says those, and keeps what came."""
    assert str(kind()) == (kind.__doc__ or "").strip()
    told = kind("no route", code="E1", raw=b"<x/>")
    assert (told.detail, told.code, told.raw) == ("no route", "E1", b"<x/>")


def test_throttled_is_unavailable() -> None:
    """Being too fast is a way of being unavailable, with the agency's own wish."""
    assert isinstance(errors.Throttled("slower", retry_after=3), errors.Unavailable)
    assert errors.Throttled("slower", retry_after=3).retry_after == 3


def test_refused() -> None:
    """A refusal of something inbound has a reason for machines and words for its sender."""
    refused = errors.Refused("invalid", "Name is missing", operation="ThongBao")
    assert (refused.reason, str(refused), refused.operation) == ("invalid", "Name is missing", "ThongBao")
