"""The page of known troubles says what is so: each is there, and the tests that it names exist and name it."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator

import pytest

from tests.docs.pages import ROOT

PAGE = ROOT / "docs/troubles.md"
WAYS = ("Valid", "Invalid", "Duplicate", "Late", "Out of order", "Correction", "Rejection")
_TEST = re.compile(r"`([\w./-]+\.py)::(\w+)`")


def table(head: str) -> list[list[str]]:
    """The rows of the table below a heading, cell by cell, without its own head."""
    text = PAGE.read_text(encoding="utf-8").split(f"## {head}\n")[1].split("\n## ")[0]
    lines = [line.strip("| ") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.split(" | ")] for line in lines if not line.startswith("---")]


TROUBLES, SITUATIONS, AGENCIES = (table(head)[1:] for head in ("Troubles", "Situations", "Agencies"))


@functools.cache
def docstrings(file: str) -> dict[str, str]:
    """Test → docstring, of a file that may be named within tests/cases."""
    path = ROOT / (file if file.startswith("tests/") else f"tests/cases/{file}")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node.name: ast.get_docstring(node) or "" for node in functions}


def named(cell: str) -> Iterator[tuple[str, str]]:
    """The tests in a cell, with their docstrings. Fails if one does not exist."""
    for file, name in _TEST.findall(cell):
        assert name in docstrings(file), f"{file}::{name}"
        yield f"{file}::{name}", docstrings(file)[name]


def test_no_trouble_is_missing() -> None:
    """T1 to T39, in their order."""
    assert [row[0] for row in TROUBLES] == [f"T{number}" for number in range(1, 40)]


@pytest.mark.parametrize("row", TROUBLES, ids=[row[0] for row in TROUBLES])
def test_a_trouble_has_its_tests(row: list[str]) -> None:
    """Each test exists, and its docstring names the trouble."""
    number, _, _, shown = row
    tests = list(named(shown))
    assert tests
    assert [name for name, said in tests if re.search(rf"\b{number}\b", said) is None] == []


@pytest.mark.parametrize("row", SITUATIONS, ids=[row[0] for row in SITUATIONS])
def test_a_situation_has_its_tests(row: list[str]) -> None:
    """Each test exists."""
    assert list(named(row[1]))


@pytest.mark.parametrize("row", AGENCIES, ids=[row[0] for row in AGENCIES])
def test_an_agency_has_every_way(row: list[str]) -> None:
    """Each way is shown by a test that exists; no agency is left out."""
    assert len(row) == len(WAYS) + 1
    assert all(list(named(cell)) for cell in row[1:])


def test_no_agency_is_left_out() -> None:
    """Every agency of the project is in the table, but for the relay of mails, which knows no dossiers."""
    known = {file.stem for file in (ROOT / "config/agencies").glob("*.yaml")} - {"thu"}
    assert {row[0] for row in AGENCIES} == known
