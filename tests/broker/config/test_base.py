"""Small values written as words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from broker.calendar import Deadline
from broker.config.base import DeadlineText, Duration, ElementPath, Frozen, Name, Words


class Sample(Frozen):
    """One of each."""

    name: Name = "x"
    path: ElementPath = "A/B"
    pause: Duration = timedelta(0)
    deadline: DeadlineText = Deadline("same-working-day")


@pytest.mark.parametrize(
    ("text", "seconds"), [("250ms", 0.25), ("30s", 30), ("1.5m", 90), ("2h", 7200), ("3d", 259200)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    """Milliseconds to days; a timedelta is taken as it is."""
    assert Sample.model_validate({"pause": text}).pause == timedelta(seconds=seconds)
    assert Sample(pause=timedelta(seconds=seconds)).pause == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["30", "s", "half an hour", "-1s", "1 week"])
def test_other_words_are_no_duration(text: str) -> None:
    """The message shows the form."""
    with pytest.raises(ValidationError, match="such as 30s"):
        Sample.model_validate({"pause": text})


def test_a_deadline_is_read_from_words() -> None:
    """As the calendar reads it."""
    assert Sample.model_validate({"deadline": "2 working days"}).deadline == Deadline("working-days", 2)
    assert Sample(deadline=Deadline("working-days", 2)).deadline.count == 2


@pytest.mark.parametrize("changes", [{"name": "Ho Tich"}, {"path": "/A"}, {"colour": "red"}])
def test_what_does_not_fit_is_refused(changes: dict[str, str]) -> None:
    """Ids, paths, unknown keys."""
    with pytest.raises(ValidationError):
        Sample.model_validate(changes)


def test_values_do_not_change() -> None:
    """Configuration is read once."""
    words = Words(vi="Hộ tịch", en="Civil status")
    with pytest.raises(ValidationError, match="frozen"):
        words.vi = "x"
