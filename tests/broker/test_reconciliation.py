"""The nightly comparison over a fake agency that says what it has, page by page."""

from __future__ import annotations

from datetime import timedelta

from adapters.errors import Unavailable
from broker.model import StepState, WorkItem
from broker.reconciliation import KIND
from tests.broker.rig import Rig, line


async def night(rig: Rig, *pages: list[str]) -> list[WorkItem]:
    """A day later the agency is asked for its list; the open differences."""
    rig.agencies["hotich"].pages = list(pages)
    rig.clock.advance(days=1)
    assert await rig.hub.reconciliation.run() == 1
    await rig.settle()
    return rig.work(KIND)


async def test_both_sides_agree(rig: Rig) -> None:
    """T1, T33: nothing is raised when every dossier is there, in the same state, over several pages."""
    codes = [await rig.opened(f"message-{number}") for number in range(3)]
    assert await night(rig, *([line(code, "received")] for code in codes)) == []
    assert rig.agencies["hotich"].count("list") == 3
    assert rig.deliveries(agency="hotich")[-1].context["purpose"] == "reconciliation"


async def test_ours_missing_there(rig: Rig) -> None:
    """T2, T3: what the agency acknowledged and does not list has an owner and a date, once; it closes itself."""
    code = await rig.opened()
    (item,) = await night(rig, [])
    assert (item.step, item.agency, item.owner) == ("registration", "hotich", rig.hub.book.owner("hotich"))
    assert item.due is not None
    assert code in item.reason
    assert await night(rig, []) == [item]
    assert await night(rig, [line(code, "processing")]) == []


async def test_it_comes_back(rig: Rig) -> None:
    """A difference that was settled and is there again is a new item."""
    code = await rig.opened()
    (first,) = await night(rig, [])
    assert await night(rig, [line(code, "received")]) == []
    (second,) = await night(rig, [])
    assert second.id != first.id


async def test_theirs_unknown_here(rig: Rig) -> None:
    """T39: a dossier that somebody typed in at the agency by hand."""
    code = await rig.opened()
    (item,) = await night(rig, [line(code, "received"), line(None, "processing", agency_code="HT-900")])
    assert "HT-900" in item.reason
    assert item.dossier_id is None


async def test_states_differ(rig: Rig) -> None:
    """T13: the agency has rejected, the hub has not heard of it."""
    code = await rig.opened()
    (item,) = await night(rig, [line(code, "rejected")])
    assert (item.step, "rejected there" in item.reason) == ("registration", True)


async def test_taken_in_twice(rig: Rig) -> None:
    """One step that the agency has under two numbers; supplements with keys of their own do not count."""
    code = await rig.opened()
    twice = [line(code, "received", agency_code=number) for number in ("HT-1", "HT-2")]
    supplement = line(code, "received", agency_code="HT-3", key=f"{code}:registration:s2")
    (item,) = await night(rig, [*twice, supplement])
    assert "HT-1, HT-2" in item.reason


async def test_just_sent_is_no_difference(rig: Rig) -> None:
    """What was acknowledged a moment ago may not stand in the list yet."""
    await rig.opened()
    await rig.hub.reconciliation.run()
    await rig.settle()
    assert rig.work(KIND) == []


async def test_older_differences_are_tested_again(rig: Rig) -> None:
    """While one is open the comparison reaches back to it, so that it can close."""
    code = await rig.opened()
    (item,) = await night(rig, [])
    rig.clock.advance(days=9)
    assert await night(rig, [line(code, "received")]) == []
    assert rig.hub.store.read(lambda tx: tx.work.get(item.id)).closed_at is not None


async def test_nobody_touches_it(rig: Rig) -> None:
    """A step that stands for longer than its state allows is raised once, and closes when it moves."""
    code = await rig.opened()
    rig.clock.advance(days=16)
    assert await rig.hub.reconciliation.untouched() == 1
    assert await rig.hub.reconciliation.untouched() == 1
    (item,) = rig.work(KIND)
    assert (item.step, item.due is not None) == ("registration", True)
    assert rig.state(code, "registration") is StepState.RECEIVED
    rig.agencies["hotich"].done.add(code)
    await rig.hub.rounds.polls()
    await rig.settle()
    rig.clock.advance(seconds=timedelta(hours=1).total_seconds())
    await rig.hub.reconciliation.untouched()
    assert rig.work(KIND) == []


async def test_a_dossier_that_the_register_does_not_answer(rig: Rig) -> None:
    """A dossier that has no step yet, because the register is away, is raised too, and closes when it moves on."""
    rig.agencies["dancu"].script += [Unavailable("down")] * 500
    code = await rig.submit()
    rig.clock.advance(days=3)
    assert await rig.hub.reconciliation.untouched() == 1
    (item,) = rig.work(KIND)
    assert (item.dossier_id, item.step, "register" in item.reason) == (rig.dossier(code).id, None, True)
    rig.agencies["dancu"].script.clear()
    await rig.settle()
    await rig.hub.reconciliation.untouched()
    assert rig.work(KIND) == []
