"""Decisions about dossiers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.core.decisions import After, Decision, DecisionRules, Progress, Verdict, judge

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


def decided(decision: Decision, polls: int = 0, seconds: float = 0) -> Verdict:
    """The verdict after so many questions and seconds."""
    return judge(Progress(decision, NOON, polls), NOON + timedelta(seconds=seconds))


def test_without_rules_everything_is_approved_at_once() -> None:
    """The default is the short way."""
    assert decided(DecisionRules().take("Apply", "x")) == Verdict("approve")


@pytest.mark.parametrize(("polls", "outcome"), [(0, "pending"), (1, "pending"), (2, "reject")])
def test_decision_may_wait_for_questions(polls: int, outcome: str) -> None:
    """``after.polls`` is the question that gets the decision."""
    assert decided(Decision("reject", "vì", after=After(polls=2)), polls).outcome == outcome


@pytest.mark.parametrize(("seconds", "outcome"), [(0, "pending"), (59, "pending"), (60, "approve")])
def test_decision_may_wait_for_time(seconds: float, outcome: str) -> None:
    """``after.seconds`` counts by the agency's clock."""
    assert decided(Decision(after=After(seconds=60)), seconds=seconds).outcome == outcome


def test_late_number_is_approved_without_its_number() -> None:
    """The act is done; only the personal number comes later."""
    late = Decision("late-number", polls=3)
    assert decided(late, 2) == Verdict("approve", number_ready=False)
    assert decided(late, 3) == Verdict("approve", number_ready=True)


def test_hold_waits_for_a_person() -> None:
    """No time and no question ends a hold; a person does."""
    assert decided(Decision("hold"), 99, 1e6).outcome == "pending"
    by_hand = Verdict("supplement", "Thiếu giấy", "2026-12-01")
    assert judge(Progress(Decision("hold"), NOON, 0, by_hand), NOON) is by_hand


def test_first_matching_rule_decides_and_is_used_up() -> None:
    """Rules are tried in order; ``times`` counts dossiers."""
    rules = DecisionRules()
    rules.add({"match": {"contains": "Thủy"}, "outcome": "reject", "reason": "trùng", "times": 1})
    assert [rules.take("Apply", "Lê Thủy").outcome for _ in range(2)] == ["reject", "approve"]
    assert [rule.hits for rule in rules.all()] == [1]


def test_rules_can_be_forgotten() -> None:
    """One by its number, or all."""
    rules = DecisionRules()
    numbers = [rules.add({"outcome": "hold"}).number for _ in range(2)]
    rules.remove(numbers[0])
    assert [rule.number for rule in rules.all()] == [numbers[1]]
    rules.clear()
    assert rules.all() == []


@pytest.mark.parametrize(
    ("rule", "word"),
    [({"outcome": "perhaps"}, "perhaps"), ({"outcom": "hold"}, "outcom"), ({"after": {"days": 1}}, "days")],
)
def test_mistakes_are_named(rule: dict[str, Any], word: str) -> None:
    """Unknown names and outcomes are refused."""
    with pytest.raises(ValueError, match=word):
        DecisionRules().add(rule)
