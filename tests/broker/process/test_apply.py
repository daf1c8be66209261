"""Commands carried out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from broker.model import DeliveryKind, Phase, StepState
from broker.process import commands as c
from broker.process.apply import apply, transitions
from tests.broker.process.births import ENGINE, NOW, dossier

S = StepState
LATER = NOW + timedelta(hours=1)


def test_moves_set_state_time_and_reason() -> None:
    """The reason belongs to the state: the next move clears it."""
    before = dossier("registration")
    stuck = apply(before, [c.Move("registration", S.STUCK, NOW, "hub", note="gave up")])
    assert (stuck.step("registration").state, stuck.step("registration").reason) == (S.STUCK, "gave up")
    moved = apply(stuck, [c.Move("registration", S.SENDING, LATER, "hub")])
    assert (moved.step("registration").reason, moved.step("registration").since) == (None, LATER)
    assert before.step("registration").state == S.PLANNED


def test_the_first_sending_is_the_start() -> None:
    """A later sending does not change when the step began."""
    once = apply(dossier("registration"), [c.Move("registration", S.SENDING, NOW, "hub")])
    twice = apply(once, [c.Move("registration", S.SENDING, LATER, "hub")])
    assert twice.step("registration").started_at == NOW


def test_every_other_command_changes_its_own_field() -> None:
    """Codes, results, dates, waiting, polls, phases."""
    after = apply(
        dossier("registration", "card"),
        [
            c.SetAgencyCode("registration", "HT-1"),
            c.SetResult("registration", b"<R/>"),
            c.SetDue("registration", LATER),
            c.SetDue(None, LATER),
            c.SchedulePoll("registration", LATER),
            c.Wait("card", "chờ"),
            c.SetPhase(Phase.WITHDRAWN, "đổi ý"),
            c.Overdue(None, LATER),
        ],
    )
    step = after.step("registration")
    assert (step.agency_code, step.result, step.due, step.poll_at) == ("HT-1", b"<R/>", LATER, LATER)
    assert (after.due, after.phase, after.reason) == (LATER, Phase.WITHDRAWN, "đổi ý")
    assert after.step("card").reason == "chờ"


def test_a_supplement_on_its_way_stops_the_citizens_clock() -> None:
    """The step keeps its state, takes the new version and has no date by which the citizen must act."""
    asked = apply(dossier("registration"), [c.AskCitizen("registration", "Thiếu giấy", LATER)])
    sent = apply(asked, [c.Send("registration", DeliveryKind.SUPPLEMENT, 2)])
    assert (sent.step("registration").version, sent.step("registration").supplement_due) == (2, None)
    assert apply(asked, [c.Send("registration", DeliveryKind.STEP, 2)]) == asked


def test_the_history_has_moves_ends_and_what_came_late() -> None:
    """A late report is a line with the state that the step keeps."""
    before = dossier("registration", "card")
    commands = [
        c.Move("registration", S.COMPLETED, NOW, "hotich", inferred=False),
        c.Late("registration", S.ACCEPTED, NOW, "hotich", "muộn"),
        c.Contradiction("registration", "trái", NOW, "hotich"),
        c.Cancel("card", "không", NOW),
        c.SetDue(None, LATER),
    ]
    lines = transitions(before, commands, LATER)
    assert [(line.step, line.state, line.note) for line in lines] == [
        ("registration", S.COMPLETED, None),
        ("registration", S.COMPLETED, "muộn"),
        ("registration", S.COMPLETED, "trái"),
        ("card", S.CANCELLED, "không"),
    ]
    assert {line.recorded_at for line in lines} == {LATER}


def test_a_command_for_a_step_that_is_not_there_is_a_fault() -> None:
    """It is not skipped silently."""
    with pytest.raises(KeyError):
        apply(dossier("registration"), [c.Wait("card", "chờ")])
    assert ENGINE.rules.step("card").agency == "bhxh"
