"""The legal order of states."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.model import StepState, Transition
from broker.process import states

S = StepState
AGENCY_STATES = st.sampled_from(sorted(states.REPORTED))


@pytest.mark.parametrize(
    ("start", "end", "between"),
    [
        (S.SENDING, S.COMPLETED, (S.RECEIVED, S.ACCEPTED, S.PROCESSING)),
        (S.RECEIVED, S.COMPLETED, (S.ACCEPTED, S.PROCESSING)),
        (S.ACCEPTED, S.RETURNED, (S.PROCESSING, S.COMPLETED)),
        (S.SENDING, S.SUPPLEMENT, (S.RECEIVED,)),
        (S.SUPPLEMENT, S.COMPLETED, (S.ACCEPTED, S.PROCESSING)),
        (S.SUPPLEMENT, S.RECEIVED, ()),
        (S.SENDING, S.REJECTED, (S.RECEIVED,)),
        (S.PROCESSING, S.SUPPLEMENT, ()),
    ],
)
def test_states_that_an_agency_skipped_are_filled_in(start: S, end: S, between: tuple[S, ...]) -> None:
    """The portal refuses 4 before 3 and 7, so the way there is completed."""
    assert states.path(start, end) == (*between, end)


@pytest.mark.parametrize(
    ("current", "reported", "kind"),
    [
        (S.COMPLETED, S.COMPLETED, "repeat"),
        (S.COMPLETED, S.ACCEPTED, "late"),
        (S.PROCESSING, S.RECEIVED, "late"),
        (S.COMPLETED, S.SUPPLEMENT, "late"),
        (S.REJECTED, S.PROCESSING, "late"),
        (S.COMPLETED, S.REJECTED, "contradiction"),
        (S.REJECTED, S.COMPLETED, "contradiction"),
        (S.WITHDRAWN, S.COMPLETED, "contradiction"),
        (S.PLANNED, S.RECEIVED, "contradiction"),
        (S.CANCELLED, S.COMPLETED, "contradiction"),
    ],
)
def test_what_does_not_advance_is_told_apart(current: S, reported: S, kind: str) -> None:
    """A repeat is no news, a late report lies behind, a contradiction cannot be true as well."""
    assert states.read(current, reported) == states.Reading(kind)  # type: ignore[arg-type]


@settings(deadline=None)
@given(AGENCY_STATES, AGENCY_STATES)
def test_every_way_is_legal_and_guesses_neither_questions_nor_ends(start: S, end: S) -> None:
    """Each step of a path is allowed by the table; what lies between can be inferred without harm."""
    way = states.read(start, end).path
    for before, after in zip((start, *way), way, strict=False):
        assert after in states.NEXT[before]
    assert not {S.SUPPLEMENT, S.REJECTED, S.WITHDRAWN} & set(way[:-1])


def test_a_stuck_step_stands_where_the_portal_saw_it_last() -> None:
    """Being stuck is the hub's own trouble: the order goes on from what was told."""
    when = datetime(2026, 9, 7, tzinfo=UTC)
    history = [
        Transition("card", S.RECEIVED, when, when, "bhxh"),
        Transition("card", S.STUCK, when, when, "hub"),
        Transition("residence", S.ACCEPTED, when, when, "cutru"),
    ]
    assert states.told(history, "card") == S.RECEIVED
    assert states.told(history, "identity-card") is None
    assert states.position(S.STUCK, S.RECEIVED) == S.RECEIVED
    assert states.position(S.STUCK, None) == S.SENDING
    assert states.position(S.ACCEPTED, S.RECEIVED) == S.ACCEPTED
