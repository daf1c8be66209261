"""The check after a run finds what was lost, doubled or made up."""

from __future__ import annotations

from collections import Counter

from bench.correct import _arrived, _compared


def test_every_declaration_once_is_right() -> None:
    """In any order."""
    assert _arrived([2, 0, 1], 3) == []


def test_what_did_not_arrive_once_is_told() -> None:
    """Lost, doubled and foreign declarations, each with a sentence."""
    assert [line.split(",")[0] for line in _arrived([0, 0, 7], 2)] == [
        "1 declarations never arrived",
        "1 declarations arrived more than once",
        "1 declarations arrived that nobody sent",
    ]


def test_agencies_and_log_must_have_the_same_bytes() -> None:
    """One request beside the log is the log-in; anything more was altered, anything less was lost."""
    assert _compared(Counter(a=1, b=1, token=1), Counter(a=1, b=1)) == []
    assert len(_compared(Counter(a=1, altered=1, token=1), Counter(a=1, b=1))) == 2
