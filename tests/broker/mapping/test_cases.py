"""Golden cases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from broker.mapping import MappingFault, load
from broker.mapping.cases import Result, cases, run_case

Make = Callable[..., Result]


@pytest.fixture
def make(write: Callable[..., Path], project: Path, document: Callable[..., bytes]) -> Make:
    """Writes one case and runs it."""

    def run(side: str | None = None, expected: bytes | None = None, source: bytes | None = None) -> Result:
        mapping = load(
            write({"ngan": "{from: Mother/Phone, refuse: true}", "me/ten": "Mother/Name/Given", "me": None}),
            project,
        )
        folder = mapping.file.parent / "cases"
        folder.mkdir(exist_ok=True)
        (folder / "one.in.xml").write_bytes(source or document())
        if side is not None:
            (folder / "one.yaml").write_text(side, encoding="utf-8")
        if expected is not None:
            (folder / "one.out.xml").write_bytes(expected)
        (case,) = cases(mapping)
        return run_case(mapping, case)

    return run


def test_passes_when_the_output_is_as_expected(make: Make) -> None:
    """The first run gives the output, the second compares it."""
    first = make()
    assert first.output is not None
    assert str(first) == "one: failed\nthere is no one.out.xml"
    assert make(expected=first.output).passed


def test_differences_are_told_by_path(make: Make) -> None:
    """A difference names the place, what was expected and what came."""
    output = make().output
    assert output is not None
    result = make(expected=output.replace(b"A1234", b"B9999"))
    assert str(result) == "one: failed\n! /hoSo/ma: expected 'B9999', got 'A1234'"


def test_refusals_must_name_their_fields(make: Make, document: Callable[..., bytes]) -> None:
    """A case may say that a document is refused, and for which fields."""
    mother = f"<Mother><Name><Given>Hoa</Given></Name><Phone>{'9' * 20}</Phone></Mother>"
    assert make("refused: [ngan]", source=document(Mother=mother)).passed
    assert "expected hoTen" in make("refused: [hoTen]", source=document(Mother=mother)).complaint
    assert "expected none" in make("on: 2026-01-01", source=document(Mother=mother)).complaint
    assert "is mapped, but" in make("refused: [ngan]").complaint


def test_side_file(make: Make) -> None:
    """The side file gives the day; unknown keys are refused; without it, the mapping's first day is taken."""
    assert make("on: 2026-05-05\nsummary: x").case.on == date(2026, 5, 5)
    with pytest.raises(MappingFault, match="day: is not a key of a case"):
        make("day: 2026-05-05")


def test_default_day(make: Make) -> None:
    """Without a side file the case is of the mapping's first day."""
    assert make().case.on == date(2025, 7, 1)


def test_an_invalid_source_proves_nothing(make: Make, document: Callable[..., bytes]) -> None:
    """A case whose source is not valid is no case."""
    assert "the source is not valid" in make(source=document(Code="x")).complaint
