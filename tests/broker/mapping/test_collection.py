"""All mappings of a project."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from broker.mapping import MappingFault
from broker.mapping.collection import check_all, load_all

Write = Callable[..., Path]


def versions(write: Write, until: str, start: str) -> None:
    """Two versions of the demo mapping."""
    path = write()
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("until: null", f"until: {until}"), encoding="utf-8")
    later = text.replace("from: 2025-07-01", f"from: {start}")
    path.with_name("mapping-2027.yaml").write_text(later, encoding="utf-8")


def test_version_by_day(write: Write, project: Path) -> None:
    """The version in force on the day is found by name."""
    versions(write, "2026-12-31", "2027-01-01")
    mappings = load_all(project)
    assert mappings.names == ("demo",)
    assert len(list(mappings)) == 2
    assert mappings.get("demo", date(2026, 12, 31)).file.name == "mapping.yaml"
    assert mappings.get("demo", date(2027, 1, 1)).file.name == "mapping-2027.yaml"
    for name, day in (("demo", date(2020, 1, 1)), ("other", date(2026, 1, 1))):
        with pytest.raises(LookupError):
            mappings.get(name, day)


@pytest.mark.parametrize(
    ("until", "start", "told"),
    [
        ("2026-12-31", "2027-01-02", "leaves a gap after"),
        ("2027-06-30", "2027-01-01", "overlaps"),
        ("null", "2027-01-01", "overlaps"),
    ],
)
def test_validity_is_seamless(write: Write, project: Path, until: str, start: str, told: str) -> None:
    """Versions follow each other day by day."""
    versions(write, until, start)
    assert any(told in finding.message for finding in check_all(project))
    with pytest.raises(MappingFault):
        load_all(project)


def test_all_faults_of_all_files(write: Write, project: Path) -> None:
    """Faults of every file are told together."""
    write({"ma": "Nope"})
    write({"ma": "Nope"}, folder="other")
    assert {finding.file for finding in check_all(project)} == {
        "mappings/demo/mapping.yaml",
        "mappings/other/mapping.yaml",
    }
