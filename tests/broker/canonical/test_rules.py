from __future__ import annotations

from datetime import date

from broker.canonical.document import DECLARATIONS
from broker.canonical.rules import RULES, check
from tests.broker.canonical.deaths import death
from tests.broker.canonical.samples import declaration, put


def test_every_declaration_has_rules_that_say_why() -> None:
    """A rule's docstring gives its reason, because people will ask."""
    assert set(RULES) == set(DECLARATIONS)
    assert all(rule.__doc__ for rules in RULES.values() for rule in rules)


def test_a_declaration_keeps_the_rules_of_its_kind() -> None:
    """A birth is judged as a birth, a death as a death."""
    assert check(declaration(), date(2026, 9, 15)) == check(death(), date(2026, 11, 23)) == []
    late = put("Choices/RegistrationKind", "4")
    born = check(declaration(late), date(2026, 9, 15))
    died = check(death(late), date(2026, 11, 23))
    assert ["60" in problem.vi for problem in born] == [True]
    assert ["15" in problem.vi for problem in died] == [True]
