"""The demo's tables."""

from __future__ import annotations

import io
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest
from lxml import etree
from rich.console import Console

from broker.model import StepState
from lienthong.demo.cases import cases
from lienthong.demo.families import Families
from lienthong.demo.parts import NS
from lienthong.demo.portal import Finding, Journey
from lienthong.demo.report import Outcome, StepTime
from lienthong.demo.tables import WIDTH, show
from tests.worlds import population

STATUS = (
    f"<StatusResponse xmlns='{NS}'><State>partially-completed</State><Step><Id>funeral-insurance</Id>"
    "<State>completed</State><FuneralSupport><DecisionNumber>01/QĐ-MTP</DecisionNumber><Amount>23400000</Amount>"
    "</FuneralSupport></Step><Step><Id>residence-removal</Id><State>rejected</State><Reason>Không đủ</Reason></Step>"
    "</StatusResponse>"
)


def printed(width: int) -> str:
    """The tables of one death and one birth."""
    found = cases(Families(population(), date(2026, 11, 23)))
    status = etree.fromstring(STATUS)  # noqa: TID251 - the test's own reading
    death = Journey(found[0], code="one", seconds=2.5, status=status)
    birth = Journey(found[20], refusal="Child/Name: sai")
    steps = {
        "one": [
            StepTime("registration", "hotich", StepState.COMPLETED, 1234.0),
            StepTime("residence-removal", "cutru", StepState.REJECTED, 500.0),
            StepTime("funeral-insurance", "bhxh", StepState.PLANNED, None),
        ]
    }
    ends = {"dossiers": 1, "completed": 1, "partially_completed": 0, "refused": 0, "failed": 0}
    figures: dict[str, Any] = {
        **ends,
        "groups": {"birth": ends, "death": ends},
        "exchanges": 3,
        "mails": 4,
        "results_filed": 1,
        "per_step_ms": {step: {"p50": 1.0, "p99": 2.0} for step in ("registration", "residence-removal")},
        "per_dossier_ms": {"p50": 1.0, "p99": 2.0},
        "log": {"entries": 9, "verified": True},
    }
    review = [Finding("Household", "Phải khai hộ gia đình", ["residence-removal"])]
    log = cast("Any", SimpleNamespace(ok=True))
    out = io.StringIO()
    show(Console(file=out, width=width), Outcome([death, birth], steps, review, log, [], figures))
    return out.getvalue()


@pytest.mark.parametrize("width", [WIDTH, 100])
def test_what_a_family_got_and_from_whom(width: int) -> None:
    """Decision and amount, each agency with its state and time, what was refused and what a review found."""
    text = printed(width)
    for words in (
        "01/QĐ-MTP",
        "23.400.000 đ",
        "hotich ✓ 1.2",
        "cutru ✗ 0.5",
        "bhxh –",
        "Không đủ",
        "Household",
    ):
        assert words in text
    assert "4 mails" in " ".join(text.split())
