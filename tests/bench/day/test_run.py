"""A small day from end to end, and a judge that can find fault."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bench.day import report
from bench.day.judge import judge
from bench.day.run import Day, Options, Run
from broker.model import DossierState
from tests.worlds import ROOT


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def day(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Day]:
    """A dozen dossiers and what became of them."""
    folder = Path(tmp_path_factory.mktemp("day"))
    found = await Run(ROOT, folder / "hub", Options(dossiers=12, seed=3), lambda line: None).run()
    yield found
    await found.hub.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_every_dossier_ends_right(day: Day) -> None:
    """All end as they should, every deadline is right, nothing is lost or twice, the log verifies."""
    assert judge(day) == []
    values = report.figures(day, [])
    assert values["ended"] == values["dossiers"] == 12
    assert values["refused_while_down"]["hotich"] > 0
    assert "0 problems" in report.text(values)


@pytest.mark.asyncio(loop_scope="module")
async def test_the_judge_notices(day: Day) -> None:
    """A wrong end, a wrong promise and a file that an agency lacks are each named."""
    code, (state, ended) = next(
        (code, end) for code, end in day.ended.items() if end[0] is DossierState.COMPLETED
    )
    spoiled = dataclasses.replace(
        day,
        ended=day.ended | {code: (DossierState.STUCK, ended)},
        promised=day.promised | {code: day.promised[code].replace(year=2030)},
    )
    kept = dict(day.offices["hotich"].files)
    del day.offices["hotich"].files[code, "registration"]
    found = judge(spoiled)
    day.offices["hotich"].files = kept
    assert state is DossierState.COMPLETED
    assert [sentence for sentence in found if f"instead of {state}" in sentence]
    assert [sentence for sentence in found if "promised 2030" in sentence]
    assert [sentence for sentence in found if "hotich lacks it" in sentence]
    assert all(code in sentence for sentence in found)
