"""What single reports mean."""

from __future__ import annotations

from datetime import date, timedelta

from broker.model import DeliveryKind, Outcome, ReportItem, StepState
from broker.process import commands as c
from tests.broker.process.births import ENGINE, Case, at, registered, registration, report

S = StepState


def kinds(commands: tuple[c.Command, ...]) -> set[type]:
    """Which commands there are."""
    return {type(command) for command in commands}


def test_skipped_states_are_inferred_with_the_time_of_the_report() -> None:
    """State 4 before 3 and 7: both are filled in and marked."""
    case = Case("registration")
    moves = [move for move in case.say("registration", registered()) if isinstance(move, c.Move)]
    assert [(move.state, move.inferred) for move in moves] == [
        (S.RECEIVED, True),
        (S.ACCEPTED, True),
        (S.PROCESSING, True),
        (S.COMPLETED, False),
    ]
    assert {move.at for move in moves} == {case.now}


def test_what_was_filled_in_and_comes_later_is_kept_as_late() -> None:
    """The real state 3 after 4 moves nothing and is not lost."""
    case = Case("registration")
    case.say("registration", registered())
    commands = case.say("registration", report(S.ACCEPTED))
    assert kinds(commands) == {c.Late}
    assert case.state("registration") == S.COMPLETED


def test_a_rejection_after_the_result_is_a_contradiction() -> None:
    """A person must look; the result stays."""
    case = Case("registration")
    case.say("registration", registered())
    assert kinds(case.say("registration", report(S.REJECTED))) == {c.Contradiction}
    assert case.state("registration") == S.COMPLETED


def test_a_second_personal_number_is_a_contradiction() -> None:
    """The first number stays, and neither is written into the note."""
    case = Case("registration")
    case.say("registration", registered("079326000123"))
    (command,) = case.say("registration", registered("079326000999"))
    assert isinstance(command, c.Contradiction)
    assert "079326000" not in command.note


def test_a_result_with_another_name_is_a_correction_and_a_new_paper_is_not() -> None:
    """Papers are signed anew each time; names are not. The history says what changed, not from what to what."""
    case = Case("registration")
    case.say("registration", registered())
    assert case.say("registration", report(S.COMPLETED, result=registration(paper="AAAA"))) == ()
    other = case.say("registration", report(S.COMPLETED, result=registration(name="NGUYỄN ÂN")))
    assert kinds(other) == {c.Replace}
    assert case.dossier.step("registration").corrections == 1
    assert "ChildName" in other[0].note  # type: ignore[union-attr]
    assert "ÂN" not in other[0].note  # type: ignore[union-attr]


def test_an_older_result_does_not_undo_a_correction() -> None:
    """What was made before the version that is known is kept as late."""
    case = Case("registration")
    case.say("registration", registered())
    first = case.now
    case.say("registration", report(S.COMPLETED, result=registration(name="NGUYỄN ÂN")), timedelta(days=1))
    old = case.say("registration", report(S.COMPLETED, result=registration(), at=first), timedelta(days=1))
    assert kinds(old) == {c.Late}
    assert "ÂN".encode() in (case.dossier.step("registration").result or b"")


def test_a_correction_that_loses_the_number_is_a_contradiction() -> None:
    """A fact on which others rest does not vanish by a correction."""
    case = Case("registration")
    case.say("registration", registered())
    other = case.say("registration", report(S.COMPLETED, result=registration(None, name="NGUYỄN ÂN")))
    assert kinds(other) == {c.Contradiction}


def test_a_result_with_an_earlier_state_is_not_taken() -> None:
    """A draft result of a dossier still being settled opens nothing."""
    case = Case("registration", "card")
    case.say("registration", report(S.PROCESSING, result=registration()))
    assert case.dossier.step("registration").result is None


def test_the_agencys_own_date_for_a_supplement_counts() -> None:
    """Without one it is the end of the seventh working day after the request."""
    case = Case("registration")
    case.say("registration", report(S.SUPPLEMENT, reason="Thiếu giấy", supplement_due=date(2026, 9, 11)))
    assert case.dossier.step("registration").supplement_due == at("2026-09-11 23:59:59")
    other = Case("registration")
    other.say("registration", report(S.SUPPLEMENT))
    assert other.dossier.step("registration").supplement_due == at("2026-09-16 23:59:59")


def test_a_request_in_other_words_is_asked_again() -> None:
    """The same request is no news; another reason is."""
    case = Case("registration")
    case.say("registration", report(S.SUPPLEMENT, reason="Thiếu giấy chứng sinh"))
    assert c.AskCitizen not in kinds(
        case.say("registration", report(S.SUPPLEMENT, reason="Thiếu giấy chứng sinh"))
    )
    assert c.AskCitizen in kinds(case.say("registration", report(S.SUPPLEMENT, reason="Giấy chứng sinh mờ")))


def test_an_old_request_after_the_answer_is_not_asked_again() -> None:
    """The agency has not looked at the supplement yet; a request of later date is a new one."""
    case = Case("registration")
    asked = case.now + timedelta(hours=1)
    case.say("registration", report(S.SUPPLEMENT, at=asked), after=timedelta(hours=1))
    case.now += timedelta(hours=1)
    case.run(ENGINE.on_supplement(case.dossier, case.now))
    assert c.AskCitizen not in kinds(case.say("registration", report(S.SUPPLEMENT, at=asked)))
    case.run(ENGINE.on_sent(case.dossier, "registration", DeliveryKind.SUPPLEMENT, None, case.now, "hotich"))
    assert c.AskCitizen not in kinds(case.say("registration", report(S.SUPPLEMENT, at=asked)))
    assert case.state("registration") == S.RECEIVED
    later = report(S.SUPPLEMENT, at=case.now + timedelta(hours=1))
    assert c.AskCitizen in kinds(case.say("registration", later, after=timedelta(hours=1)))


def test_a_report_from_before_the_request_does_not_end_it() -> None:
    """A call-back that was under way when the agency asked is late."""
    case = Case("registration")
    before = case.now + timedelta(minutes=10)
    asked = case.now + timedelta(minutes=20)
    case.say("registration", report(S.SUPPLEMENT, at=asked), after=timedelta(hours=1))
    assert c.Late in kinds(case.say("registration", report(S.PROCESSING, at=before)))
    assert case.state("registration") == S.SUPPLEMENT


def test_the_agencys_clock_starts_again_after_a_supplement() -> None:
    """What was due the same day is due the same day again."""
    case = Case("registration")
    case.say("registration", report(S.SUPPLEMENT))
    case.now = at("2026-09-09 10:00")
    case.say("registration", report(S.ACCEPTED), after=timedelta())
    assert case.dossier.step("registration").due == at("2026-09-09 17:00")


def test_a_new_appointment_moves_the_deadline() -> None:
    """The late agency's apology names a day: the close of office on it."""
    case = Case("registration")
    case.say("registration", report(None, new_appointment=date(2026, 9, 12)))  # a Saturday
    assert case.dossier.step("registration").due == at("2026-09-14 17:00")


def test_an_agency_that_lost_the_dossier_needs_a_person() -> None:
    """It had acknowledged it; before that, absence is no news."""
    case = Case("registration")
    absent = ReportItem(Outcome.ABSENT)
    assert c.Contradiction not in kinds(case.say("registration", absent))
    case.say("registration", report(S.RECEIVED))
    assert c.Contradiction in kinds(case.say("registration", absent))


def test_not_now_is_no_news_and_an_error_is() -> None:
    """A poll that fails for the moment changes nothing; one that says an error is shown to a person."""
    case = Case("registration")
    case.say("registration", report(S.RECEIVED))
    assert kinds(case.say("registration", ReportItem(Outcome.RETRY))) == {c.SchedulePoll}
    failed = case.say("registration", ReportItem(Outcome.FAILED, reason="logic xử lý không hợp lệ"))
    assert c.Contradiction in kinds(failed)
