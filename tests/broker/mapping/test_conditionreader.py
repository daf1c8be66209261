"""Conditions as authors write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from broker.mapping import load
from broker.mapping.mapping import Prepared


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("{exists: Born}", True),
        ("{exists: Mother}", False),
        ("{exists: Note}", True),
        ("{exists: File}", False),
        ("{equals: {Sex: ['1', '2']}}", True),
        ("{equals: {Sex: '2', Code: X}}", False),
        ("{any: [{exists: Mother}, {exists: Born}]}", True),
        ("{all: [{exists: Mother}, {exists: Born}]}", False),
        ("{not: {exists: Mother}}", True),
        ("{known: {Born: month}}", False),
        ("{exists: Born, equals: {Sex: '2'}}", True),
        ('{equals: {Note: "it\'s"}}', False),
    ],
)
def test_condition(
    write: Callable[..., Path], project: Path, document: Callable[..., bytes], condition: str, holds: bool
) -> None:
    """Each form of condition, on a document with sex 2 and born in 1978."""
    mapping = load(write({"ngan": f"{{const: x, when: {condition}}}"}), project)
    output = mapping.transform(document(), on=date(2026, 3, 1))
    assert (output.findtext("ngan") == "x") is holds


def test_parameter_given(write: Callable[..., Path], project: Path, document: Callable[..., bytes]) -> None:
    """A condition may ask whether an optional parameter was passed."""
    more = "tables: [sex]\nparams: {clerk: {type: 'target.xsd#Short', optional: true}}\n"
    rule = {"ngan": "{cases: [{when: {given: clerk}, value: {param: clerk}}, {value: {const: nobody}}]}"}
    mapping = load(write(rule, more=more), project)
    day = date(2026, 3, 1)
    assert mapping.transform(document(), on=day, params={"clerk": "An"}).findtext("ngan") == "An"
    assert mapping.transform(document(), on=day).findtext("ngan") == "nobody"


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("Mother", "is not a condition"),
        ("{}", "is not a condition"),
        ("{missing: Mother}", "missing is not a condition here"),
        ("{exists: Mohter}", "Did you mean Mother?"),
        ("{equals: {File/Title: x}}", "may be there several times"),
        ("{known: {Born: year}}", "known needs month or day"),
        ("{given: nobody}", "given is not a condition here"),
    ],
)
def test_misuse(check: Callable[..., Prepared], condition: str, told: str) -> None:
    """A condition that makes no sense is told."""
    found = check({"ngan": f"{{const: x, when: {condition}}}"}).findings
    assert told in "\n".join(str(finding) for finding in found)
