"""The engine: whose turn it is, what failures, citizens and time do, and what holds for every order."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.model import DeliveryKind, DossierState, Outcome, Phase, ReportItem, StepState
from broker.process import commands as c
from broker.process import states, texts
from broker.process.engine import can_withdraw
from broker.process.parent import derive
from tests.broker.process.births import (
    ENGINE,
    NOW,
    NUMBER,
    Case,
    at,
    dossier,
    registered,
    registration,
    report,
)

K, S = DeliveryKind, StepState
ALL = ("registration", "residence", "card", "identity-card")


def sends(commands: tuple[c.Command, ...]) -> list[tuple[str, DeliveryKind]]:
    """What is to be sent, and for which step."""
    return [(command.step, command.kind) for command in commands if isinstance(command, c.Send)]


def test_only_the_registration_is_sent_at_first() -> None:
    """The others wait for its result; the dossier gets its total deadline."""
    commands = ENGINE.open_steps(dossier(*ALL), NOW)
    assert sends(commands) == [("registration", K.STEP)]
    assert c.SetDue(None, at("2026-09-10 17:00")) in commands
    assert c.SetDue("registration", at("2026-09-07 17:00")) in commands


def test_the_deadline_counts_from_receipt_and_after_a_correction_from_then() -> None:
    """A check that takes until 15:01 does not cost a day; a citizen who had to correct starts anew."""
    received, now = at("2026-09-07 14:59"), at("2026-09-07 15:01")
    fresh = dossier("registration", received=received)
    assert c.SetDue("registration", at("2026-09-07 17:00")) in ENGINE.open_steps(fresh, now)
    corrected = dataclasses.replace(fresh, version=2)
    assert c.SetDue("registration", at("2026-09-08 17:00")) in ENGINE.open_steps(corrected, now)


def test_the_result_of_the_registration_opens_the_others_at_once() -> None:
    """Residence, card and identity card go out together, each with its own working days."""
    case = Case(*ALL)
    commands = case.say("registration", registered())
    assert sends(commands) == [(step, K.STEP) for step in ALL[1:]]
    assert c.SetDue("residence", at("2026-09-09 17:00")) in commands
    assert case.told["registration"] == [S.RECEIVED, S.ACCEPTED, S.PROCESSING, S.COMPLETED]


def test_steps_wait_for_a_late_personal_number_and_go_on_by_themselves() -> None:
    """The registration is complete without the number; the others say what they wait for; asking goes on."""
    case = Case("registration", "residence")
    commands = case.say("registration", registered(None))
    assert c.Wait("residence", "chờ số định danh cá nhân") in commands
    assert c.SchedulePoll("registration", case.now + timedelta(minutes=5)) in commands
    assert case.state("registration") == S.COMPLETED
    again = case.say("registration", registered(None))
    assert again == (c.SchedulePoll("registration", case.now + timedelta(minutes=5)),)
    arrived = case.say("registration", registered(), after=timedelta(days=3))
    assert c.SetResult("registration", registration(), NUMBER) in arrived
    assert sends(arrived) == [("residence", K.STEP)]
    assert c.SchedulePoll("registration", None) in arrived
    assert case.dossier.step("residence").due == at("2026-09-14 17:00")


def test_a_rejected_registration_cancels_what_hangs_on_it() -> None:
    """Nothing is sent to the other agencies, and the dossier is rejected."""
    case = Case(*ALL)
    commands = case.say("registration", report(S.REJECTED, reason="Thiếu giấy chứng sinh"))
    assert not sends(commands)
    assert {case.state(step) for step in ALL[1:]} == {S.CANCELLED}
    assert case.dossier.step("card").reason == "Không thực hiện vì bước “Đăng ký khai sinh”: từ chối"
    assert derive(case.dossier.phase, case.dossier.steps) == DossierState.REJECTED


def test_a_refused_residence_leaves_birth_and_card() -> None:
    """The civil act stands: the dossier is partially completed."""
    case = Case("registration", "residence", "card")
    case.say("registration", registered())
    case.say("residence", report(S.REJECTED))
    assert derive(case.dossier.phase, case.dossier.steps) == DossierState.PROCESSING
    case.say("card", report(S.COMPLETED))
    assert derive(case.dossier.phase, case.dossier.steps) == DossierState.PARTIAL


def test_a_receipt_makes_the_step_received() -> None:
    """ "Already received" counts as received, and the agency's number is kept."""
    case = Case("registration")
    receipt = ReportItem(Outcome.DUPLICATE, agency_code="HT-77")
    commands = case.run(ENGINE.on_sent(case.dossier, "registration", K.STEP, receipt, case.now, "hotich"))
    assert c.SetAgencyCode("registration", "HT-77") in commands
    assert case.told["registration"] == [S.RECEIVED]
    assert not ENGINE.on_sent(case.dossier, "registration", K.STEP, None, case.now, "hotich")[:-1]


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.DATA_ERROR])
def test_a_refused_submission_is_stuck_with_the_agencys_words(outcome: Outcome) -> None:
    """A person sees why; the portal is told nothing."""
    case = Case("registration")
    refusal = ReportItem(outcome, reason="nksHoTen có độ dài vượt quá số lượng cho phép")
    case.run(ENGINE.on_sent(case.dossier, "registration", K.STEP, refusal, case.now, "hotich"))
    assert case.state("registration") == S.STUCK
    assert case.dossier.step("registration").reason == refusal.reason
    assert case.told["registration"] == []


def test_a_failure_after_the_agency_acted_blocks_nothing() -> None:
    """A submission given up although the agency has the dossier does not set the step back."""
    case = Case("registration")
    case.say("registration", report(S.PROCESSING))
    assert ENGINE.on_failed(case.dossier, "registration", K.STEP, "no answer", case.now) == ()


def test_a_stuck_step_goes_on_when_it_is_replayed_or_the_agency_reports() -> None:
    """Both ways out lead on from what the portal knows."""
    case = Case("registration")
    case.run(ENGINE.on_failed(case.dossier, "registration", K.STEP, "gave up", case.now))
    replayed = ENGINE.on_replayed(case.dossier, "registration", case.now)
    assert replayed == (c.Move("registration", S.SENDING, case.now, "hub"),)
    case.say("registration", report(S.ACCEPTED))
    assert case.told["registration"] == [S.RECEIVED, S.ACCEPTED]
    assert ENGINE.on_replayed(case.dossier, "registration", case.now) == ()


def test_a_supplement_goes_to_the_agency_that_asked() -> None:
    """It carries the next version; while it is on its way the citizen's clock stands still."""
    case = Case("registration")
    case.say("registration", report(S.SUPPLEMENT, reason="Thiếu giấy chứng sinh"))
    case.now = at("2026-09-16 20:00")  # the evening of the seventh working day
    commands = case.run(ENGINE.on_supplement(case.dossier, case.now))
    assert c.Send("registration", K.SUPPLEMENT, 2) in commands
    assert not sends(ENGINE.on_tick(case.dossier, at("2026-09-20 10:00")))
    case.run(
        ENGINE.on_sent(case.dossier, "registration", K.SUPPLEMENT, None, at("2026-09-17 09:00"), "hotich")
    )
    assert case.told["registration"] == [S.RECEIVED, S.SUPPLEMENT, S.RECEIVED]


def test_a_supplement_on_the_eighth_day_is_too_late() -> None:
    """The step is rejected, with the reason, and the agency is told."""
    case = Case("registration")
    case.say("registration", report(S.SUPPLEMENT))
    commands = case.run(ENGINE.on_supplement(case.dossier, at("2026-09-17 08:00")))
    assert sends(commands) == [("registration", K.WITHDRAWAL)]
    assert case.state("registration") == S.REJECTED
    assert case.dossier.step("registration").reason == "Không bổ sung hồ sơ trong thời hạn 07 ngày làm việc"


def test_silence_after_a_request_ends_in_rejection_once() -> None:
    """At the end of the last day the hub rejects; the next tick finds nothing more to do."""
    case = Case("registration", "card")
    case.say("registration", report(S.SUPPLEMENT))
    assert not sends(ENGINE.on_tick(case.dossier, at("2026-09-16 23:59")))
    case.run(ENGINE.on_tick(case.dossier, at("2026-09-17 00:00")))
    assert case.state("card") == S.CANCELLED
    assert ENGINE.on_tick(case.dossier, at("2026-09-17 00:01")) == ()


def test_an_agency_that_takes_no_supplement_needs_a_person() -> None:
    """The step is stuck and says whom to call."""
    case = Case("registration", "identity-card")
    case.say("registration", registered())
    case.say("identity-card", report(S.SUPPLEMENT))
    case.run(ENGINE.on_supplement(case.dossier, case.now))
    assert case.dossier.step("identity-card").reason == texts.NO_SUPPLEMENT


def test_overdue_steps_and_dossiers_are_named() -> None:
    """The agency's clock stands still while the citizen has to act; the dossier's does not."""
    case = Case("registration")
    late = at("2026-09-11 08:00")
    assert ENGINE.on_tick(case.dossier, case.now) == ()
    named = [command for command in ENGINE.on_tick(case.dossier, late) if isinstance(command, c.Overdue)]
    assert named == [
        c.Overdue("registration", at("2026-09-07 17:00")),
        c.Overdue(None, at("2026-09-10 17:00")),
    ]
    case.say("registration", report(S.SUPPLEMENT))
    assert ENGINE.on_tick(case.dossier, late) == (c.Overdue(None, at("2026-09-10 17:00")),)


def test_an_unsettled_difference_ends_the_dossier() -> None:
    """A citizen who does not settle the population check in seven working days is refused."""
    asking = dataclasses.replace(dossier(), phase=Phase.ASKING, due=ENGINE.asking_due(NOW))
    assert ENGINE.on_tick(asking, at("2026-09-16 23:59")) == ()
    (command,) = ENGINE.on_tick(asking, at("2026-09-17 00:00"))
    assert command == c.SetPhase(Phase.REFUSED, texts.not_settled(7))


def test_a_withdrawal_stops_what_is_not_settled() -> None:
    """Results stay, agencies are told, planned steps are cancelled; who cannot be told needs a person."""
    case = Case(*ALL)
    case.say("registration", registered())
    case.say("card", report(S.COMPLETED))
    assert can_withdraw(case.dossier)
    commands = case.run(ENGINE.on_withdraw(case.dossier, "Gia đình đổi ý", case.now))
    assert sends(commands) == [("residence", K.WITHDRAWAL)]
    assert case.dossier.step("identity-card").reason == texts.NO_WITHDRAWAL
    case.run(ENGINE.on_sent(case.dossier, "residence", K.WITHDRAWAL, None, case.now, "cutru"))
    assert [case.state(step) for step in ALL] == [S.COMPLETED, S.WITHDRAWN, S.COMPLETED, S.STUCK]


def test_a_withdrawal_before_anything_was_registered_sends_nothing_more() -> None:
    """A result that overtakes the withdrawal opens no further step."""
    case = Case("registration", "card")
    case.run(ENGINE.on_withdraw(case.dossier, "Gia đình đổi ý", case.now))
    assert case.state("card") == S.CANCELLED
    assert not sends(case.say("registration", registered()))
    assert not can_withdraw(case.dossier)


agency_states = st.sampled_from([*sorted(states.REPORTED), None])
events = st.tuples(
    st.sampled_from(ALL),
    agency_states,
    st.sampled_from(
        [
            registration(),
            registration(None),
            registration("079326000999"),
            registration(name="NGUYỄN ÂN"),
            None,
        ]
    ),
    st.sampled_from(list(Outcome)),
    st.integers(-600, 600),
    st.sampled_from(
        ["report"] * 3
        + ["sent", "failed", "replayed", "supplement", "tick", "withdraw", "unsent", "handover", "resume"]
    ),
    st.sampled_from([K.STEP, K.SUPPLEMENT, K.WITHDRAWAL, K.CORRECTION]),
)


def happen(case: Case, event: tuple[str, S | None, bytes | None, Outcome, int, str, DeliveryKind]) -> None:
    """Let one event happen to the dossier."""
    step, state, result, outcome, shift, what, kind = event
    case.now += timedelta(hours=3)
    d, now, told = case.dossier, case.now, case.last(step)
    item = ReportItem(outcome, state=state, at=now + timedelta(seconds=shift), result=result)
    happenings = {
        "report": lambda: ENGINE.on_report(d, step, item, now, "agency", told),
        "sent": lambda: ENGINE.on_sent(d, step, kind, item, now, "agency", told),
        "failed": lambda: ENGINE.on_failed(d, step, kind, "gave up", now, told),
        "replayed": lambda: ENGINE.on_replayed(d, step, now),
        "supplement": lambda: ENGINE.on_supplement(d, now),
        "tick": lambda: ENGINE.on_tick(d, now),
        "withdraw": lambda: ENGINE.on_withdraw(d, "đổi ý", now) if can_withdraw(d) else (),
        "unsent": lambda: ENGINE.on_withdraw(d, "đổi ý", now, {step}) if can_withdraw(d) else (),
        "handover": lambda: ENGINE.on_handover(d, step, now, "dvcqg"),
        "resume": lambda: ENGINE.on_resume(d, now),
    }
    case.run(happenings[what]())


@settings(deadline=None)
@given(st.lists(events, max_size=30))
def test_whatever_happens_the_portal_is_told_a_legal_story(happenings: list[tuple]) -> None:  # type: ignore[type-arg]
    """Any events in any order: nothing raises, no step leaves the legal order, ends are final, sent once."""
    case = Case(*ALL)
    ended: dict[str, S] = {}
    for event in happenings:
        happen(case, event)
        for step in case.dossier.steps:
            assert ended.get(step.id, step.state) in (step.state, S.COMPLETED)
            if step.state in states.FINAL:
                ended[step.id] = step.state
    for story in case.told.values():
        assert not story or story[0] == S.RECEIVED
        assert all(after in states.NEXT[before] for before, after in pairwise(story))
    submissions = [step for step, kind in sends(tuple(case.log)) if kind == K.STEP]
    assert len(submissions) == len(set(submissions))
    derive(case.dossier.phase, case.dossier.steps)


@settings(deadline=None)
@given(st.lists(events, max_size=12), st.data())
def test_a_report_heard_twice_is_heard_once(happenings: list[tuple], data: st.DataObject) -> None:  # type: ignore[type-arg]
    """A duplicate call-back moves, asks and sends nothing."""
    case = Case(*ALL)
    for event in happenings:
        happen(case, event)
    step = data.draw(st.sampled_from(ALL))
    item = report(data.draw(agency_states), result=registration(), at=case.now)
    case.say(step, item, after=timedelta())
    again = case.say(step, item, after=timedelta())
    assert not [
        command
        for command in again
        if isinstance(command, c.Move | c.Send | c.AskCitizen | c.SetResult | c.Replace | c.Corrected)
    ]
