"""Facts in results."""

from __future__ import annotations

from broker.process import results
from tests.broker.process.births import ENGINE, NUMBER, Case, registered, registration

RULE = ENGINE.rules.step("registration")


def test_facts_are_read_from_the_results_that_exist() -> None:
    """The personal number is known once a result brings it."""
    case = Case("registration", "card")
    assert results.facts(ENGINE.rules, case.dossier) == {}
    case.say("registration", registered(None))
    assert results.missing(RULE, case.dossier.step("registration")) == ("personal-number",)
    case.say("registration", registered())
    assert results.facts(ENGINE.rules, case.dossier) == {"personal-number": NUMBER}


def test_results_are_the_same_apart_from_late_facts_and_papers() -> None:
    """Another name is another result."""
    assert results.same(RULE, registration(None), registration(paper="AAAA"))
    assert not results.same(RULE, registration(), registration(name="NGUYỄN ÂN"))
