"""What must hold across the fields of a declaration: rules of the procedure that no schema can express.

Each rule is one function that yields problems. Every rule is applied, so that a person learns of everything
at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from lxml import etree

from broker.canonical import rules_birth, rules_death
from broker.canonical.case import Case
from broker.canonical.plan import Node
from broker.canonical.rules_common import Rule
from broker.model import Problem

RULES: Mapping[str, tuple[Rule, ...]] = {
    "BirthDeclaration": rules_birth.RULES,
    "DeathDeclaration": rules_death.RULES,
}
"""Declaration → its rules, in the order in which problems are told."""


def check(declaration: Node, received: date) -> list[Problem]:
    """Every rule that the declaration breaks on the day of receipt. The declaration must be valid for its
    schema.
    """
    case = Case(declaration, received)
    return [problem for rule in RULES[etree.QName(declaration).localname] for problem in rule(case)]
