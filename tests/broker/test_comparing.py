"""Two lists compared: pure."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.comparing import Ours, compare, submissions
from broker.model import Listed, Step, StepState
from tests.broker.process.births import NOW

HOUR = timedelta(hours=1)


def ours(number: int, state: StepState = StepState.RECEIVED, age: timedelta = timedelta(days=1)) -> Ours:
    """A step that stands in ``state`` for ``age``."""
    return Ours(f"d{number}", f"G22-{number}", Step("registration", "hotich", state, NOW - age))


def listed(one: Ours, state: StepState = StepState.RECEIVED, agency_code: str | None = None) -> Listed:
    """The agency's line about it."""
    return Listed(one.code, f"{one.code}:registration:1", agency_code, state)


@settings(deadline=None)
@given(st.sets(st.integers(0, 20)), st.sets(st.integers(0, 20)), st.sets(st.integers(21, 40)))
def test_exactly_what_one_side_lacks(here: set[int], there: set[int], strange: set[int]) -> None:
    """Whatever the lists are: missing is ours without theirs, unknown theirs without ours, and nothing else."""
    lines = [(listed(ours(number)), ours(number)) for number in sorted(there)]
    unknown = [(Listed(f"G22-{number}"), None) for number in sorted(strange)]
    found = list(compare([*lines, *unknown], [ours(number) for number in sorted(here)], NOW, HOUR))
    assert {one.what for one in found if one.kind == "missing"} == {
        f"G22-{number}:registration" for number in here - there
    }
    assert {one.what for one in found if one.kind == "unknown"} == {f"G22-{number}" for number in strange}
    assert {one.kind for one in found} <= {"missing", "unknown"}


@pytest.mark.parametrize(
    ("mine", "other", "differs"),
    [
        (StepState.RECEIVED, StepState.PROCESSING, False),
        (StepState.COMPLETED, StepState.RETURNED, False),
        (StepState.PROCESSING, StepState.COMPLETED, True),
        (StepState.COMPLETED, StepState.REJECTED, True),
        (StepState.RECEIVED, StepState.SUPPLEMENT, True),
        (StepState.STUCK, StepState.RECEIVED, False),
    ],
)
def test_states_that_count_as_the_same(mine: StepState, other: StepState, differs: bool) -> None:
    """On the way to a result it does not matter how far; a question and an end do."""
    found = list(compare([(listed(ours(1, mine), other), ours(1, mine))], [], NOW, HOUR))
    assert [one.kind for one in found] == (["state"] if differs else [])


def test_what_has_just_changed_is_on_its_way() -> None:
    """Within the grace a state may differ."""
    fresh = ours(1, StepState.PROCESSING, timedelta(minutes=5))
    assert list(compare([(listed(fresh, StepState.COMPLETED), fresh)], [], NOW, HOUR)) == []


def test_two_numbers_for_one_step() -> None:
    """Double entry at the agency."""
    one = ours(1)
    twice = [(listed(one, agency_code=code), one) for code in ("A", "B", "A")]
    assert [found.kind for found in compare(twice, [], NOW, HOUR)] == ["duplicate"]


def test_supplements_are_no_submissions() -> None:
    """Their keys end in a letter and a number; a line without our key counts."""
    keys = ["c:registration:1", "c:registration:s2", "c:card:w1", "c:card:c1", None, "theirs"]
    assert [line.key for line in submissions(Listed(key=key) for key in keys)] == [keys[0], None, "theirs"]


def test_a_difference_keeps_its_name() -> None:
    """The same disagreement has the same digest every night, another agency's has another."""
    (found,) = compare([], [ours(1)], NOW, HOUR)
    (again,) = compare([], [ours(1, StepState.PROCESSING)], NOW, HOUR)
    assert found.digest("hotich") == again.digest("hotich") != found.digest("cutru")
