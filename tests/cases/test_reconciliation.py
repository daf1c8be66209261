"""The nightly comparison with what the agencies themselves say they have, and what people do about a difference."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from broker.model import StepState, WorkItem
from broker.reconciliation import KIND
from lienthong.cli import app
from lienthong.demo.death import Merit
from sandbox.core.agency import Agency
from sandbox.core.decisions import Verdict
from sandbox.core.xml import parse
from sandbox.cutru import CuTru
from tests.cases.evidence import effects, submission
from tests.cases.test_insurance import FUNERAL, insured, lump_sum
from tests.lienthong.cli.conftest import copied
from tests.worlds import Stage, birth, stage


async def night(world: Stage) -> dict[str, WorkItem]:
    """A day later every agency is asked for its list; the open differences by agency, at most one each."""
    await world.advance(timedelta(days=1), step=timedelta(hours=12))
    assert await world.hub.reconciliation.run() == 4
    await world.settle()
    found = world.work(KIND)
    items = {item.agency: item for item in found}
    assert len(items) == len(found), [item.reason for item in found]
    return items


def forget(agency: Agency, key: str) -> tuple[Any, ...]:
    """The agency loses a message that it took in; what was lost."""
    with agency.database.transaction() as sql:
        row = tuple(sql.execute("SELECT * FROM received WHERE key = ?", (key,)).fetchone())
        sql.execute("DELETE FROM effect WHERE key = ?", (key,))
        sql.execute("DELETE FROM received WHERE key = ?", (key,))
    return row


def find_again(agency: Agency, row: tuple[Any, ...]) -> None:
    """The agency has it again."""
    with agency.database.transaction() as sql:
        sql.execute(f"INSERT INTO received VALUES ({','.join('?' * len(row))})", row)


def type_in(world: Stage, code: str) -> str:
    """An officer of the police types in what our dossier ``code`` wants, and has not decided it; their own code."""
    police = world.sandbox.agency("cutru")
    assert isinstance(police, CuTru)
    police.decisions.add({"outcome": "hold", "times": 1})
    return police.type_in(parse(submission(world, code, "residence").payload))


async def test_births_and_deaths_against_four_lists(tmp_path: Path) -> None:
    """T1, T2, T39: equal lists raise nothing; a lost file, one typed in by hand and a decision that was taken back are
    three items, each with its owner and its day; each closes itself when both sides agree again.
    """
    merit = Merit("Thương binh", "1234/QĐ-UBND", date(1998, 7, 27), "Sở Nội vụ", 65)
    plain = insured("1", **lump_sum())
    event = dataclasses.replace(plain, merit=merit, merit_funeral=plain.registration)
    async with stage(tmp_path) as world:
        born, died = await world.submit(birth()), await world.submit(event)
        for code in (born, died):
            assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        assert await night(world) == {}
        bhxh, police, btxh = (world.sandbox.agency(name) for name in ("bhxh", "cutru", "btxh"))
        lost = forget(bhxh, f"{died}:{FUNERAL}:1")
        by_hand = type_in(world, born)
        (support,) = btxh.desk.records()
        btxh.desk.decide(support.key, Verdict("reject", "Thu hồi quyết định"))
        items = await night(world)
        assert sorted(items) == ["bhxh", "btxh", "cutru"]
        assert f"{died} {FUNERAL}" in items["bhxh"].reason
        assert by_hand in items["cutru"].reason
        assert "rejected there" in items["btxh"].reason
        for agency, item in items.items():
            assert item.owner == world.hub.book.owner(agency)
            assert item.due is not None
            assert item.due > world.clock()
        assert await night(world) == items
        find_again(bhxh, lost)
        forget(police, by_hand)
        btxh.desk.decide(support.key, Verdict("approve"))
        assert await night(world) == {}
        closed = world.hub.store.read(lambda tx: [tx.work.get(item.id) for item in items.values()])
        assert {item.closed_at for item in closed} == {world.clock()}


def command(folder: Path, *arguments: str) -> str:
    """What ``lienthong`` says."""
    result = CliRunner().invoke(app, [*arguments, "--project", str(folder)])
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    return result.stdout


async def test_typed_in_by_hand_and_joined(tmp_path: Path) -> None:
    """T39: while the link was down staff typed the residence in; joined by command, it is ours under their number,
    our own submission leaves no more, and the next comparison finds both sides agreed.
    """
    folder = copied(tmp_path / "project")
    async with stage(folder) as world:
        police = world.sandbox.agency("cutru")
        away = {"match": {"operation": "TiepNhanToKhai"}, "fault": {"kind": "http", "status": 503}}
        police.faults.add(away)
        code = await world.submit(birth())
        await world.until(lambda: world.states(code).get("card") is StepState.COMPLETED)
        by_hand = type_in(world, code)
        await world.advance(timedelta(minutes=1))
        await world.hub.reconciliation.ask(world.hub.agencies["cutru"])
        await world.settle()
        why = ("--who", "trực ban", "--why", "công an xã đã nhập tay")
        assert by_hand in world.work(KIND)[0].reason
        said = await asyncio.to_thread(command, folder, "dossier", "join", code, "residence", by_hand, *why)
        assert by_hand in said
        shown = json.loads(await asyncio.to_thread(command, folder, "dossier", "show", by_hand, "--json"))
        assert shown["code"] == code
        assert world.work(KIND) == []
        assert world.states(code)["residence"] is StepState.RECEIVED
        police.faults.clear()
        await world.advance(timedelta(hours=6), step=timedelta(hours=1))
        assert effects(world, "cutru", code) == []
        assert await night(world) == {}
