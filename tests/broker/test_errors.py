from __future__ import annotations

import pytest

from broker.errors import Conflict, Forbidden, HubError, Invalid, NotFound, NotNow, TooMany
from broker.model import Problem


@pytest.mark.parametrize("error", [Conflict("a", "b"), NotFound(), Forbidden(), NotNow(), TooMany()])
def test_every_error_explains_itself_in_both_languages(error: HubError) -> None:
    """Whoever catches one can tell a person what is wrong without knowing its class."""
    assert all(problem.vi and problem.en for problem in error.problems)
    assert error.reason != HubError.reason


def test_invalid_carries_every_problem() -> None:
    """All that is wrong is in the error; its text is the English of it."""
    error = Invalid([Problem("A", "a", "one"), Problem(None, "b", "two")])
    assert [problem.field for problem in error.problems] == ["A", None]
    assert str(error) == "one; two"


def test_too_many_is_a_kind_of_not_now() -> None:
    """Who knows only how to wait, waits."""
    assert isinstance(TooMany(3.0), NotNow)
    assert TooMany(3.0).retry_after == 3.0
