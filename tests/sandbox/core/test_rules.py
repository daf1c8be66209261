"""Fault rules."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.core.rules import INSTANT, Call, FaultRules

CALL = Call("POST", "/soap", "Apply", "Tên: Thủy", {"x-test": "1"})
BUSY = {"kind": "http", "status": 503}


def rules(*given: dict[str, Any], draw: float = 0.0) -> FaultRules:
    """A set of rules whose chance is always ``draw``."""
    made = FaultRules(lambda: draw)
    for rule in given:
        made.add(rule)
    return made


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ({}, True),
        ({"operation": "Apply"}, True),
        ({"operation": "Other"}, False),
        ({"contains": "Thủy"}, True),
        ({"contains": "Thùy"}, False),
        ({"header": {"X-Test": "1"}}, True),
        ({"header": {"X-Test": "2"}}, False),
        ({"operation": "Apply", "contains": "Thùy"}, False),
    ],
)
def test_all_conditions_must_hold(match: dict[str, Any], hit: bool) -> None:
    """Operation, text and headers select calls; diacritics matter."""
    assert bool(rules({"match": match, "fault": BUSY}).take(CALL, INSTANT)) is hit


def test_times_run_out() -> None:
    """A rule for two calls leaves the third alone."""
    made = rules({"fault": BUSY, "times": 2})
    assert [len(made.take(CALL, INSTANT)) for _ in range(3)] == [1, 1, 0]


@pytest.mark.parametrize(("draw", "hit"), [(0.2, True), (0.3, False)])
def test_probability(draw: float, hit: bool) -> None:
    """A rule hits when the draw is below its probability."""
    assert bool(rules({"fault": BUSY, "probability": 0.3}, draw=draw).take(CALL, INSTANT)) is hit


def test_delays_add_up_before_one_other_fault() -> None:
    """Delays do not end the search; the first other fault does."""
    made = rules({"fault": {"kind": "delay", "seconds": 1}}, {"fault": BUSY}, {"fault": {"kind": "down"}})
    assert [fault.kind for fault in made.take(CALL, INSTANT)] == ["delay", "http"]


def test_only_the_asked_kinds_are_counted() -> None:
    """A fault of the answer is not used up while the request is looked at."""
    made = rules({"fault": {"kind": "wrong-signature"}, "times": 1})
    assert made.take(CALL, INSTANT) == []
    assert made.all()[0].hits == 0


def test_rules_can_be_forgotten() -> None:
    """One by its number, or all."""
    made = rules({"fault": BUSY}, {"fault": BUSY})
    made.remove(1)
    assert [rule.number for rule in made.all()] == [2]
    made.clear()
    assert made.all() == []


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ({"fault": {"kind": "explode"}}, "explode"),
        ({"fault": {"kind": "malformed", "form": "odd"}}, "odd"),
        ({"fault": BUSY, "time": 1}, "time"),
        ({"fault": {**BUSY, "state": 1}}, "state"),
        ({"match": {"operations": "x"}, "fault": BUSY}, "operations"),
        ({"fault": "down"}, "object"),
        ({}, "kind"),
    ],
)
def test_mistakes_are_named(rule: dict[str, Any], word: str) -> None:
    """A rule that would never hit because of a typo is refused."""
    with pytest.raises(ValueError, match=word):
        rules(rule)
