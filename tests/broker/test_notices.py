"""From a change of a dossier to what the citizen reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import yaml

from broker.config.notices import NoticesConfig
from broker.model import Dossier, Phase
from broker.model import StepState as S
from broker.notices import Event, Names, of_change, of_intake, render
from broker.process import commands as c
from broker.process.apply import apply
from tests.broker.process import test_consents as consents
from tests.broker.process.births import BIRTH, ENGINE, Case, at, registered, registration, report

ROOT = Path(__file__).parents[2]
CONFIG = NoticesConfig.model_validate(
    yaml.safe_load((ROOT / "config/notices.yaml").read_text(encoding="utf-8"))
)
NAMES = Names(BIRTH, ENGINE.rules, {})


def told(before: Dossier, commands: tuple[c.Command, ...]) -> list[Event]:
    """What the citizen hears of these commands."""
    return of_change(before, apply(before, commands), commands, NAMES)


def kinds(events: list[Event]) -> list[str]:
    """Kinds of notices."""
    return [event.kind for event in events]


def said(case: Case, step: str, item: object) -> list[Event]:
    """What the citizen hears when an agency reports."""
    before = case.dossier
    return told(before, case.say(step, item))  # type: ignore[arg-type]


def test_the_receipt_names_code_and_day() -> None:
    """T30: what is asked at once is asked in a notice of its own."""
    case = Case("registration")
    due = at("2026-09-10 17:00")
    assert kinds(of_intake(case.dossier, due)) == ["received"]
    asking = replace(case.dossier, phase=Phase.ASKING, due=due, reason="Họ tên khác")
    assert kinds(of_intake(asking, due)) == ["received", "asked"]
    words = render(of_intake(case.dossier, due)[0], CONFIG, case.dossier.code, NAMES)
    assert words is not None
    subject, paragraphs = words
    assert subject.vi == f"Đã tiếp nhận hồ sơ {case.dossier.code}"
    assert "17:00 10/09/2026" in paragraphs[1].vi


def test_a_supplement_says_what_and_until_when() -> None:
    """Asked in the same words again it is no news; with another date it is."""
    case = Case("registration")
    (event,) = said(case, "registration", report(S.SUPPLEMENT, reason="Thiếu giấy chứng sinh"))
    assert event.kind == "supplement"
    assert event.values["what"].vi == "Thiếu giấy chứng sinh"
    assert said(case, "registration", report(S.SUPPLEMENT, reason="Thiếu giấy chứng sinh")) == []


def test_one_result_of_several_and_then_the_end() -> None:
    """The last result is told by the notice that everything is done."""
    case = Case("registration", "residence", "card", "identity-card")
    assert kinds(said(case, "registration", registered())) == ["step-completed"]
    for step in ("residence", "card"):
        assert kinds(said(case, step, report(S.COMPLETED))) == ["step-completed"]
    assert kinds(said(case, "identity-card", report(S.COMPLETED))) == ["completed"]


def test_a_good_card_and_a_refused_residence() -> None:
    """Domain 2.5: the birth stays registered; the letter says what is done and what is not."""
    case = Case("registration", "residence", "card", "identity-card")
    said(case, "registration", registered())
    assert kinds(said(case, "residence", report(S.REJECTED, reason="Không đủ chỗ ở"))) == ["step-rejected"]
    said(case, "card", report(S.COMPLETED))
    (event,) = said(case, "identity-card", report(S.COMPLETED))
    assert event.kind == "partly-completed"
    assert event.values["undone"].vi == "Đăng ký thường trú"


def test_linked_steps_that_were_not_chosen() -> None:
    """T11: once, with the result on which they could be built."""
    case = Case("registration", "card")
    events = said(case, "registration", registered())
    assert kinds(events) == ["step-completed", "not-chosen"]
    assert events[1].values["steps"].vi == "Đăng ký thường trú, Cấp thẻ căn cước"
    assert kinds(said(case, "card", report(S.COMPLETED))) == ["completed"]


def test_a_refused_birth_ends_it() -> None:
    """The reason is the agency's own."""
    case = Case("registration", "card")
    (event,) = said(case, "registration", report(S.REJECTED, reason="Không đúng thẩm quyền"))
    assert event.kind == "rejected"
    assert "Không đúng thẩm quyền" in event.values["reason"].vi


def test_one_letter_for_all_that_is_late() -> None:
    """If the appointment of the whole is missed too, its letter speaks for the steps."""
    case = Case("registration")
    late = at("2026-09-08 08:00")
    (one,) = told(case.dossier, ENGINE.on_tick(case.dossier, late))
    assert (one.kind, one.step) == ("apology", "registration")
    (whole,) = told(case.dossier, ENGINE.on_tick(case.dossier, late + timedelta(days=7)))
    assert (whole.kind, whole.step) == ("apology", None)


def test_a_corrected_result_is_told_but_not_a_late_fact() -> None:
    """A personal number that comes days after the registration is no correction (T5); another name is (T7)."""
    case = Case("registration", "card")
    said(case, "registration", registered(None))
    before = case.dossier
    late = (c.SetResult("registration", registration(), None),)
    assert kinds(told(before, late)) == []
    other = (c.SetResult("registration", registration(None, name="NGUYỄN BÌNH"), None),)
    assert kinds(told(before, other)) == ["corrected"]


def test_relatives_are_asked_once_and_reminded_once() -> None:
    """When the step begins to wait, and after the days of the configuration; not whenever one of them agrees."""
    names = Names(consents.PROCESS, consents.ENGINE.rules, {})
    waiting, _ = consents.registered(None, None)
    step = waiting.step("allowance")
    assert step.alarm_at is not None

    def changed(**values: object) -> Dossier:
        steps = (replace(one, **values) if one is step else one for one in waiting.steps)  # type: ignore[arg-type]
        return replace(waiting, steps=tuple(steps))

    (asked,) = of_change(changed(supplement_due=None, alarm_at=None), waiting, (), names)
    assert (asked.kind, asked.step, asked.due) == ("consents", "allowance", step.supplement_due)
    assert of_change(waiting, changed(reason="Chờ ý kiến đồng ý của: Lê Bình"), (), names) == []
    reminder = consents.ENGINE.on_tick(waiting, step.alarm_at)
    assert "consents" in kinds(of_change(waiting, apply(waiting, reminder), reminder, names))


def test_kinds_without_words_are_not_told() -> None:
    """A project may leave a kind out."""
    silent = CONFIG.model_copy(update={"texts": {}})
    assert render(Event("withdrawn", {}), silent, "G22", NAMES) is None
