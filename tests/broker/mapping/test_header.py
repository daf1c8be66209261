"""The head of a mapping file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from broker.mapping.mapping import Prepared

Write = Callable[..., Path]
HEAD = """\
mapping: demo
valid: {from: 2025-07-01, until: null}
source: {schema: source.xsd, element: Person}
target: {schema: target.xsd, element: hoSo}
"""


def test_head_is_read(check: Callable[..., Prepared]) -> None:
    """Validity without end, Vietnam's time by default."""
    head = check().header
    assert head is not None
    assert (head.start, head.end, head.zone) == (date(2025, 7, 1), date.max, timedelta(hours=7))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("mapping: demo", "mapping: other", "mapping: must be 'demo'"),
        ("2025-07-01", "2025-02-30", "valid: has a date that does not exist"),
        ("until: null", "until: 2020-01-01", "valid: ends before it begins"),
        ("valid: {from: 2025-07-01, until: null}\n", "", "valid: is missing"),
        ("source.xsd", "absent.xsd", "there is no absent.xsd below xsd/"),
        ("source.xsd", "../mappings/codes/sex.yaml", "below xsd/"),
        ("element: Person", "element: Nobody", "has no element Nobody; it has Person"),
        ("source: {schema: source.xsd, element: Person}\n", "", "source: is missing"),
        ("mapping: demo", "mapping: demo\nsurprise: 1", "surprise: is not a key of a mapping"),
        ("mapping: demo", "mapping: demo\nzone: noon", "is not an offset"),
    ],
)
def test_faults(check: Callable[..., Prepared], old: str, new: str, told: str) -> None:
    """Each fault of the head is told."""
    assert told in "\n".join(str(finding) for finding in check(head=HEAD.replace(old, new)).findings)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("tables: [sex, absent]\n", "there is no code table mappings/codes/absent.yaml"),
        ("tables: [sex]\nparams: {a: nothing}\n", "has no type 'nothing'"),
        ("tables: [sex]\nparams: {a: 'absent.xsd#T'}\n", "has no type"),
        ("tables: [sex]\nparams: {a: string}\n", "a: is a parameter that no rule uses"),
    ],
)
def test_tables_and_parameters(check: Callable[..., Prepared], more: str, told: str) -> None:
    """Tables and types must exist, and what is declared must be used."""
    assert told in "\n".join(str(finding) for finding in check(more=more).findings)


def test_parameters_may_be_optional(check: Callable[..., Prepared]) -> None:
    """An optional parameter may feed an optional field, not a required one."""
    more = "tables: [sex]\nparams: {clerk: {type: 'target.xsd#Short', optional: true}}\n"
    assert check({"ngan": "{param: clerk}"}, more=more).findings == ()
    found = check({"hoTen": "{param: clerk}"}, {"Name": "unused"}, more=more).findings
    assert [finding.field for finding in found] == ["hoTen"]


def test_a_faulty_code_table_is_told_with_the_mapping(check: Callable[..., Prepared], project: Path) -> None:
    """Faults of a table are findings of the mapping that uses it, with the table's own file."""
    (project / "mappings" / "codes" / "sex.yaml").write_text("table: sex\nrows: []\n", encoding="utf-8")
    assert any(finding.file == "mappings/codes/sex.yaml" for finding in check().findings)
