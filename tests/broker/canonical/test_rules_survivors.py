from __future__ import annotations

from datetime import date

import pytest

from broker.canonical import rules_survivors as survivors
from broker.canonical.case import Case
from broker.canonical.rules_common import Rule
from tests.broker.canonical.deaths import death
from tests.broker.canonical.samples import Change, drop, put
from tests.broker.canonical.test_rules_death import HUSBAND


@pytest.mark.parametrize(
    ("rule", "changes", "expected"),
    [
        (survivors.survivors_with_office, [drop("Survivors")], ["Survivors"]),
        (survivors.survivors_with_office, [drop("Choices/SurvivorOffice")], ["Survivors"]),
        (
            survivors.relatives_are_several,
            [put("Survivors/Relative[2]/PersonalNumber", HUSBAND)],
            ["Survivors/Relative[2]/PersonalNumber"],
        ),
        (
            survivors.lump_sum_to_a_relative,
            [drop("Survivors/Relative[1]")],
            ["Survivors/Recipient/PersonalNumber"],
        ),
        (
            survivors.lump_sum_to_a_relative,
            [drop("Survivors/Relative[1]"), put("Survivors/Kind", "monthly")],
            [],
        ),
        (survivors.account_for_transfer, [drop("Funeral/Payment/Bank")], ["Funeral/Payment/Bank"]),
        (
            survivors.account_for_transfer,
            [put("Survivors/Recipient/Payment/Method", "cash")],
            [f"Survivors/Recipient/Payment/{name}" for name in ("AccountHolder", "AccountNumber", "Bank")],
        ),
    ],
)
def test_each_rule_alone(rule: Rule, changes: list[Change], expected: list[str]) -> None:
    """A rule speaks of its own matter only, and is silent when it is kept."""
    day = date(2026, 11, 23)
    assert [problem.field for problem in rule(Case(death(*changes), day))] == expected
    assert list(rule(Case(death(), day))) == []
