"""Every golden case of every mapping in the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.mapping.cases import Case, cases, run_case
from broker.mapping.collection import Mappings, load_all
from broker.mapping.mapping import Mapping
from signing.xml import parse
from tests.mappings.inverse import losses

PROJECT = Path(__file__).parents[2]
MAPPINGS = load_all(PROJECT)
CASES = [(mapping, case) for mapping in MAPPINGS for case in cases(mapping)]


@pytest.mark.parametrize(("mapping", "case"), CASES, ids=[f"{m.name}/{c.name}" for m, c in CASES])
def test_case(mapping: Mapping, case: Case) -> None:
    """The mapping does what its golden case says."""
    result = run_case(mapping, case)
    assert result.passed, str(result)


@pytest.mark.parametrize(("mapping", "case"), CASES, ids=[f"{m.name}/{c.name}" for m, c in CASES])
def test_there_and_back(mapping: Mapping, case: Case) -> None:
    """What the golden output carries can be read back: codes, dates and names say what the input says."""
    if not case.refused:
        source, form = (parse(path.read_bytes()) for path in (case.source, case.expected))
        assert losses(mapping, source, form, case.on) == []


def test_every_mapping_has_cases() -> None:
    """No mapping is without a golden case, and none with only refusals."""
    proven = {mapping.name for mapping, case in CASES if not case.refused}
    assert set(MAPPINGS.names) - proven == set()


def test_no_warnings() -> None:
    """The repository's own mappings have no findings at all, not even warnings."""
    mappings: Mappings = MAPPINGS
    assert [str(finding) for mapping in mappings for finding in mapping.findings] == []
