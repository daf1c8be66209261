from __future__ import annotations

from datetime import date

import pytest

from broker.canonical import rules_family as family
from broker.canonical.case import Case
from broker.canonical.rules_common import Rule
from tests.broker.canonical.samples import Change, declaration, drop, put


@pytest.mark.parametrize(
    ("rule", "change", "field"),
    [
        (family.parents_fit_kind, drop("Father"), "Father"),
        (family.parents_are_two, put("Mother/PersonalNumber", "001090000018"), "Father/PersonalNumber"),
        (family.parents_are_older, put("Father/BirthDate", "2026-09-01"), "Father/BirthDate"),
        (family.marriage_needs_both, drop("Mother"), "Marriage"),
        (family.applicant_is_who_they_say, drop("Father"), "Applicant/Relation"),
        (family.residence_is_stated, drop("Applicant/Residence"), "Applicant/Residence"),
    ],
)
def test_each_rule_alone(rule: Rule, change: Change, field: str) -> None:
    """A rule speaks of its own matter only, and is silent when it is kept."""
    day = date(2026, 9, 15)
    assert [problem.field for problem in rule(Case(declaration(change), day))] == [field]
    assert list(rule(Case(declaration(), day))) == []
