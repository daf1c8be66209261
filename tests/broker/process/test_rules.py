"""Rule sets: chosen by the day of receipt, refused when they do not fit together."""

from __future__ import annotations

import copy
from datetime import date, datetime
from typing import Any

import pytest
import yaml
from lxml import etree
from pydantic import ValidationError

from broker.calendar import WorkingCalendar
from broker.model import StepState
from broker.process.rules import NoRuleSet, Process, RuleSet, StepRule, exclusions, first_steps, plan
from signing.xml import parse
from tests.broker.process.births import BIRTH, NOW, ROOT

DEATH = Process.model_validate(
    yaml.safe_load((ROOT / "config/processes/death.yaml").read_text(encoding="utf-8"))
)
RAW = yaml.safe_load((ROOT / "config/processes/birth.yaml").read_text(encoding="utf-8"))


def declaration(*choices: str, foreign: str = "false") -> etree._Element:
    """A declaration with these offices chosen."""
    offices = "".join(f"<{name}/>" for name in choices)
    text = (
        f'<BirthDeclaration xmlns="urn:lienthong:1.0"><Choices><ForeignElement>{foreign}</ForeignElement>'
        f"{offices}</Choices></BirthDeclaration>"
    )
    return parse(text.encode())


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    """The birth process with one value changed."""
    raw = copy.deepcopy(RAW)
    place = raw
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return raw


@pytest.mark.parametrize(
    ("day", "rules"),
    [("2024-07-01", "nd63"), ("2026-08-31", "nd63"), ("2026-09-01", "nd301"), ("2031-01-01", "nd301")],
)
def test_the_day_of_receipt_chooses_the_rules(day: str, rules: str) -> None:
    """The identity card joins on 1 September 2026."""
    assert BIRTH.in_force(date.fromisoformat(day)).id == rules


def test_a_day_without_rules_and_an_unknown_id_are_errors() -> None:
    """Nothing falls back to "today"."""
    with pytest.raises(NoRuleSet, match="2024-06-30"):
        BIRTH.in_force(date(2024, 6, 30))
    with pytest.raises(NoRuleSet, match="nd99"):
        BIRTH.rule_set("nd99")
    assert BIRTH.rule_set("nd63").procedure == "2.002621"


def test_the_citizens_choices_are_the_plan() -> None:
    """Two of three is allowed: birth and card without residence."""
    rules = BIRTH.rule_set("nd301")
    chosen = plan(rules, declaration("InsuranceOffice", "IdentityCardOffice"))
    assert [step.id for step in chosen] == ["registration", "card", "identity-card"]
    older = plan(BIRTH.rule_set("nd63"), declaration("InsuranceOffice", "IdentityCardOffice"))
    assert [step.id for step in older] == ["registration", "card"]
    assert {step.state for step in first_steps(chosen, NOW)} == {StepState.PLANNED}


def test_a_case_outside_the_linked_procedure_is_told_so() -> None:
    """A birth with a foreign element gets a clear message at the field."""
    rules = BIRTH.rule_set("nd301")
    assert exclusions(rules, declaration()) == ()
    (problem,) = exclusions(rules, declaration(foreign="true"))
    assert problem.field == "Choices/ForeignElement"
    assert problem.vi.startswith("Khai sinh có yếu tố nước ngoài")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (
            changed("rule_sets", 0, "until", to="2026-08-30"),
            "gap or overlap: 'until' of 'nd63' must be 2026-08-31",
        ),
        (changed("rule_sets", 0, "until", to="2026-09-02"), "gap or overlap"),
        (changed("rule_sets", 0, "until", to=None), "gap or overlap"),
        (changed("rule_sets", 0, "until", to="2024-06-01"), "ends before it begins"),
        (changed("rule_sets", 1, "id", to="nd63"), "two rule sets have one id"),
        (changed("rule_sets", 0, "steps", 1, "after", to=["card"]), "write that step above it"),
        (changed("rule_sets", 0, "steps", 1, "id", to="registration"), "written twice"),
        (
            changed("rule_sets", 0, "steps", 1, "needs", to=["shoe-size"]),
            "no step in its 'after' always gives it",
        ),
        (changed("rule_sets", 0, "steps", 0, "deadline", to="soon"), "write 'same working day'"),
        (changed("rule_sets", 0, "steps", 0, "colour", to="red"), "Extra inputs are not permitted"),
        (changed("waiting", to={}), "'waiting' has no words for 'personal-number'"),
    ],
)
def test_rules_that_do_not_fit_together_are_refused(raw: dict[str, Any], says: str) -> None:
    """Each fault is named with what to do."""
    with pytest.raises(ValidationError) as caught:
        Process.model_validate(raw)
    assert says in str(caught.value)


def test_a_long_step_makes_the_whole_longer() -> None:
    """A dossier is bounded by the total of its rule set and by those of its own steps only."""
    rules = DEATH.rule_set("nd301")
    days = {step.id: step.total for step in rules.steps}
    assert rules.totals(["registration", "residence-removal"]) == (rules.total,)
    assert rules.totals(["registration", "funeral-merit"]) == (rules.total, days["funeral-merit"])


def test_no_total_is_shorter_than_its_longest_way() -> None:
    """What is promised for a death as a whole can be kept when every step takes the time that it has."""
    calendar = WorkingCalendar()

    def ends(rules: RuleSet, step: StepRule) -> datetime:
        begun = max((ends(rules, rules.step(name)) for name in step.after), default=NOW)
        return calendar.due(begun, step.deadline)

    for rules in DEATH.rule_sets:
        for step in rules.steps:
            promised = max(calendar.due(NOW, total) for total in rules.totals({step.id, *step.after}))
            assert ends(rules, step) <= promised, f"{rules.id}/{step.id}"
