"""The legal order of states."""

from __future__ import annotations

import itertools

import pytest

from sandbox.dvcqg.states import ILLEGAL, KNOWN, NEXT, OK, TOO_EARLY, rule


@pytest.mark.parametrize(
    "path",
    [
        [1, 3, 7, 4, 5],
        [1, 2, 1, 3, 7, 4, 5],
        [1, 3, 2, 3, 7, 4],
        [1, 3, 7, 2, 3, 7, 4, 5],
        [1, 6],
        [1, 3, 7, 6],
    ],
)
def test_legal_paths(path: list[int]) -> None:
    """The straight way, and ways with supplements and refusals, are taken."""
    assert all(rule(path[:position], state).code == OK for position, state in enumerate(path))


@pytest.mark.parametrize(
    ("history", "state", "missing"),
    [([], 3, 1), ([], 6, 1), ([1], 7, 3), ([1], 4, 3), ([1, 3], 4, 7), ([1, 3, 7], 5, 4), ([1, 2], 7, 3)],
)
def test_a_skipped_state_is_named(history: list[int], state: int, missing: int) -> None:
    """Who is too early hears which state is missing, in the observed words."""
    ruling = rule(history, state)
    assert (ruling.code, ruling.text) == (TOO_EARLY, f"Hồ sơ chưa cập nhật trạng thái {missing}")


@pytest.mark.parametrize(
    ("history", "state"), [([1], 1), ([1, 3, 7], 3), ([1, 2], 2), ([1, 6], 6), ([1, 3, 7, 4, 5], 5)]
)
def test_a_state_that_is_there_is_known(history: list[int], state: int) -> None:
    """A repeated state is no error: "đã tồn tại" counts as done."""
    ruling = rule(history, state)
    assert (ruling.code, "đã tồn tại" in ruling.text) == (KNOWN, True)


@pytest.mark.parametrize(
    ("history", "state"), [([1, 3, 7, 4], 2), ([1, 3, 7, 4], 6), ([1, 6], 4), ([1, 6], 3), ([1, 2, 3], 1)]
)
def test_there_is_no_way_back(history: list[int], state: int) -> None:
    """After a result or a refusal nothing else is possible."""
    ruling = rule(history, state)
    assert (ruling.code, ruling.text.startswith("Logic xử lý không hợp lệ")) == (ILLEGAL, True)


def test_only_declared_steps_are_accepted() -> None:
    """Whatever history is built from accepted states, each accepted step is in the table."""
    for wanted in itertools.product(range(1, 8), repeat=5):
        history: list[int] = []
        for state in wanted:
            if rule(history, state).code == OK:
                assert not history or state in NEXT[history[-1]]
                history.append(state)
