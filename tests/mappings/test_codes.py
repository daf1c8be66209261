"""Every row of every code table, on both sides of every day on which something changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from broker.canonical.plan import read_plan
from broker.mapping.codes import AmbiguousCode, CodeTable, Row, UnknownCode, load_all

PROJECT = Path(__file__).parents[2]
TABLES = {table.name: table for table in load_all(PROJECT)}
NOW = date(2026, 9, 15)

BOTH_WAYS = (
    "countries-bhxh",
    "countries-yte",
    "death-papers-hotich",
    "ethnic-groups-btxh",
    "ethnic-groups-hotich",
    "facility-glns-yte",
    "identity-papers-btxh",
    "identity-papers-hotich",
    "relations-cancuoc",
    "relations-deceased-btxh",
    "relations-deceased-hotich",
    "relations-hotich",
    "relations-to-head",
    "relations-to-head-words",
    "residence-kinds-hotich",
    "sex-btxh",
    "sex-cancuoc",
    "sex-cutru",
)
"""Tables that lose nothing: the agency's code leads back to the one that it came from."""

TOTAL = {
    "SexValue": ("sex-btxh", "sex-cancuoc", "sex-cutru"),
    "EthnicityValue": ("ethnic-groups-btxh", "ethnic-groups-hotich"),
    "IdentityPaperKindValue": ("identity-papers-btxh", "identity-papers-hotich"),
    "ResidenceKindValue": ("residence-kinds-hotich",),
    "RelationToDeceasedValue": ("relations-deceased-btxh", "relations-deceased-hotich"),
}
"""Canonical type → tables that must have each of its values."""


def expected(table: CodeTable, code: str, day: date, reverse: bool) -> set[str]:
    """What the rows say of a code on a day, read one by one."""
    if reverse and code in table.settled:
        return {table.settled[code]}
    pairs = (
        (row.target, row.source) if reverse else (row.source, row.target) for row in _in_force(table, day)
    )
    return {text for key, text in pairs if key == code}


def translated(table: CodeTable, code: str, day: date, reverse: bool) -> set[str]:
    """What the table gives: one value, or the candidates of a question, or nothing."""
    try:
        return {table.lookup(code, day, reverse=reverse)}
    except AmbiguousCode as question:
        return set(question.candidates)
    except UnknownCode:
        return set()


def days(row: Row) -> Iterator[date]:
    """Today, the row's first and last day, and the days beside them."""
    yield NOW
    for edge in (row.start, row.end):
        yield edge
        if edge > date.min:
            yield edge - timedelta(days=1)
        if edge < date.max:
            yield edge + timedelta(days=1)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
def test_every_row_at_every_boundary(name: str, reverse: bool) -> None:
    """T25: one row is its translation, several are a question with all of them, none is nothing; never a guess."""
    table = TABLES[name]
    asked = {(row.target if reverse else row.source, day) for row in table.rows for day in days(row)}
    for code, day in asked if len(asked) < 2000 else sorted(asked)[::50]:
        assert translated(table, code, day, reverse) == expected(table, code, day, reverse), (code, day)


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_there_and_back(name: str) -> None:
    """T25: an agency's code leads back to the one that it came from, on every day of its row."""
    table = TABLES[name]
    for row in table.rows:
        for day in {row.start, row.end, NOW}:
            there = table.lookup(row.source, day)
            assert table.lookup(there, day, reverse=True) == row.source


@pytest.mark.parametrize(("name", "table"), [(kind, table) for kind in TOTAL for table in TOTAL[kind]])
def test_every_canonical_value_has_a_code(name: str, table: str) -> None:
    """What a citizen may declare, the agency can be told."""
    values = _enumerations()[name]
    assert len(values) > 1
    assert TABLES[table].missing(values, date.min, date.max) == []


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("Kinh", {"01"}),
        ("Thổ", {"24"}),
        ("Cil", {"16", "20"}),
        ("Xá Lá Vàng", {"24", "44", "45"}),
        ("Klingon", set()),
    ],
)
def test_a_local_name_is_a_group_or_a_question(name: str, groups: set[str]) -> None:
    """The names of the list mean themselves; a name that several groups use names them all."""
    assert translated(TABLES["ethnic-names"], name, NOW, False) == groups


def test_official_names_lead_back() -> None:
    """Each of the 54 groups and the foreigners has its name."""
    table = TABLES["ethnic-names"]
    for code in _enumerations()["EthnicityValue"]:
        assert table.lookup(table.lookup(code, NOW, reverse=True), NOW) == code


def test_location_numbers_have_their_check_digit() -> None:
    """GS1: digits weighted 1 and 3 in turn add up to a multiple of ten."""
    for row in TABLES["facility-glns-yte"].rows:
        digits = [int(digit) for digit in row.target]
        assert len(digits) == 13
        assert sum(digit * (3 if at % 2 else 1) for at, digit in enumerate(digits)) % 10 == 0
        assert TABLES["facilities-yte"].lookup(row.source, NOW)


def test_procedures_agree_with_the_processes() -> None:
    """T29: two codes for one form at one time are known to both, on exactly the days of the rule set."""
    table = TABLES["procedures-dvcqg"]
    for path in sorted((PROJECT / "config/processes").glob("*.yaml")):
        process = yaml.safe_load(path.read_text(encoding="utf-8"))
        for rules in process["rule_sets"]:
            for code in rules["procedures"]:
                for day in filter(None, (rules["from"], rules.get("until"))):
                    assert table.lookup(code, day) == process["process"], (code, day)


def _in_force(table: CodeTable, day: date) -> Iterator[Row]:
    return (row for row in table.rows if row.start <= day <= row.end)


def _enumerations() -> dict[str, tuple[str, ...]]:
    """Name of a canonical simple type → its values."""
    found: dict[str, tuple[str, ...]] = {}
    for root in read_plan(PROJECT / "xsd/lienthong/1.0").values():
        for leaf in root.leaves():
            if leaf.value is not None and leaf.value.name and leaf.value.enumeration:
                found[leaf.value.name] = leaf.value.enumeration
    return found
