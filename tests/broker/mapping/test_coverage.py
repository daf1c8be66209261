"""No data disappears unnoticed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from broker.mapping.mapping import Prepared

Check = Callable[..., Prepared]


@pytest.mark.parametrize(
    ("rules", "drops", "told"),
    [
        ({}, {"At": None}, "At: of the source is neither mapped nor dropped"),
        (
            {"me": None},
            {"Mother/Name/Family": None, "Mother/Name/Middle": None},
            "Mother: of the source is neither",
        ),
        ({}, {"Code": "unused"}, "Code: is dropped, but also mapped"),
        ({}, {"Nope": "unused"}, "Nope: is dropped, but the source has no such field"),
        ({}, {"At": "''"}, "At: is dropped without a reason"),
    ],
)
def test_faults(check: Check, rules: dict[str, str | None], drops: dict[str, str | None], told: str) -> None:
    """Every field is mapped or dropped, never both, always with a reason."""
    assert told in "\n".join(
        f"{finding.field}: {finding.message}" for finding in check(rules, drops).findings
    )


def test_an_element_stands_for_its_parts(check: Check) -> None:
    """Of an element that nobody thought of, one finding is enough."""
    found = check({"tep": None}, {}).findings
    assert [finding.field for finding in found] == ["File"]


def test_patterns(check: Check) -> None:
    """A star stands for a step, two for any number; such drops may cover mapped fields."""
    drops = {
        "At": None,
        "Mother/Name/Family": None,
        "Mother/Name/Middle": None,
        "'*'": "the rest",
        "'**/M*'": "names",
    }
    assert [str(f) for f in check({}, {**drops, "'**/Family'": "names"}).findings] == []


def test_a_condition_counts_as_use(check: Check) -> None:
    """A field that decides something is not forgotten; that an element is asked for is not enough for its parts."""
    rules = {
        "ngan": "{const: x, when: {equals: {Mother/Phone: '1'}}}",
        "me": "{from: Mother, map: {ten: Name/Given}}",
    }
    assert check(rules).findings == ()
    asked = {"ngan": "{const: x, when: {exists: Mother}}", "me": None}
    found = check(asked, {"Mother/Name/Family": None, "Mother/Name/Middle": None}).findings
    assert [finding.field for finding in found] == ["Mother"]
