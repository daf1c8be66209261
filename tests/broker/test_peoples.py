"""Names by which people call their ethnic group."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from broker.mapping.codes import load
from broker.peoples import groups, unclear_groups
from signing.xml import parse

PROJECT = Path(__file__).parents[2]
NAMES = load(PROJECT / "mappings/codes/ethnic-names.yaml", PROJECT)
NOW = date(2026, 9, 15)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Kinh", ("01",)),
        ("cil", ("16", "20")),
        ("CHIL", ("16", "20")),
        ("Xơ Đăng", ("14",)),
        ("HMông", ("08",)),
        ("Xá", ("09",)),
        ("Xa", ("25",)),
        ("người nước ngoài", ("55",)),
        ("Klingon", ()),
    ],
)
def test_a_name_means_its_groups(name: str, meant: tuple[str, ...]) -> None:
    """Capitals and hyphens do not matter, marks do; a name that nobody has means nothing."""
    assert groups(name, NAMES, NOW) == meant


@pytest.mark.parametrize(
    ("code", "stated", "asked"),
    [
        ("01", ' stated="Chàm"', ["“Chàm” có thể là dân tộc: Chăm (17)"]),
        ("17", ' stated="Chàm"', []),
        ("01", ' stated="Klingon"', []),
        ("01", "", []),
    ],
)
def test_a_group_that_does_not_fit_its_name_is_a_question(code: str, stated: str, asked: list[str]) -> None:
    """The field, the name and the groups are told; what nobody knows contradicts nothing."""
    xml = (
        f'<BirthDeclaration xmlns="urn:lienthong:1.0"><Child><Ethnicity{stated}>{code}</Ethnicity></Child>'
        "</BirthDeclaration>"
    )
    found = list(unclear_groups(parse(xml.encode()), NAMES, NOW))
    assert [problem.field for problem in found] == ["Child/Ethnicity"] * len(asked)
    for problem, words in zip(found, asked, strict=True):
        assert words in problem.vi
