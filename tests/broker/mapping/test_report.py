"""What a mapping does, told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from broker.mapping import load, report
from broker.mapping.mapping import Mapping


@pytest.fixture
def mapping(write: Callable[..., Path], project: Path) -> Mapping:
    """The demo mapping with a refusal and a condition."""
    rules = {"ngan": "{from: Name/Given, when: {equals: {Sex: '1'}}, refuse: true}"}
    return load(write(rules), project)


def test_lineage(mapping: Mapping) -> None:
    """Each target field tells its sources, the steps, and whether it is always written."""
    lines = {line.target: line for line in report.lineage(mapping)}
    assert lines["ma"].how == "copy"
    assert not lines["ma"].conditional
    assert lines["hoTen"].sources == ("Name/Family", "Name/Middle", "Name/Given")
    assert lines["hoTen"].how == "letters(join)"
    assert lines["tep/@loai"].sources == ("File/@kind",)
    assert lines["ngan"].conditional


def test_coverage(mapping: Mapping) -> None:
    """Each source field tells where it goes, or why it goes nowhere."""
    told = {one.source: one for one in report.coverage(mapping)}
    assert told["Name/Given"].targets == ("hoTen", "ngan")
    assert told["At"].dropped == "the destination keeps its own time"
    assert not [source for source, one in told.items() if not one.targets and one.dropped is None]


def test_runtime_checks(mapping: Mapping) -> None:
    """What is left for run time, in the order of the file."""
    names = [check.name for check in report.runtime_checks(mapping)]
    assert "ngan#value" in names
    assert "tep/duLieu#blob" in names


def test_describe_constants_and_parameters(write: Callable[..., Path], project: Path) -> None:
    """Constants and parameters are told by their text and name."""
    more = "tables: [sex]\nparams: {clerk: 'target.xsd#Short'}\n"
    rule = {"ngan": "{join: [{const: x}, {param: clerk}], cut: 10}"}
    lines = {line.target: line.how for line in report.lineage(load(write(rule, more=more), project))}
    assert lines["ngan"] == "cut(join(constant 'x', parameter clerk))"
