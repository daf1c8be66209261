"""Where a dossier stands, in every phase."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.errors import Rejected
from broker.canonical import build
from broker.canonical.document import as_tree, tag, text_at
from broker.canonical.plan import Node
from broker.errors import Forbidden, Invalid, NotFound
from broker.model import StepState
from tests.broker.rig import NUMBER, PORTAL, Rig, completed, item, record, report, withdrawal


async def status(rig: Rig, code: str) -> Node:
    """The answer that the portal gets; valid for its schema."""
    answer = await rig.hub.standing.status(PORTAL, build.status_request(code))
    assert rig.hub.schemas.validate(answer, "StatusResponse") == []
    return as_tree(answer)


def holders(answer: Node) -> Iterator[str]:
    """Who holds each step."""
    return (held for step in answer.iter(tag("Step")) if (held := text_at(step, "Holder")))


async def test_checking(rig: Rig) -> None:
    """Before the register has answered there are no steps yet."""
    answer = await status(rig, await rig.submit())
    assert text_at(answer, "State") == "checking"
    assert list(holders(answer)) == []


async def test_asking(rig: Rig) -> None:
    """What the citizen must settle is named, with the day until which."""
    rig.agencies["dancu"].script += [record(found=False)] * 6
    answer = await status(rig, await rig.opened())
    assert text_at(answer, "State") == "supplement"
    missing = next(answer.iter(tag("Missing")))
    assert "không khớp" in "".join(missing.itertext())


async def test_refused(rig: Rig) -> None:
    """A declaration that was refused says why."""
    rig.agencies["dancu"].script += [record(found=False)] * 6
    code = await rig.opened()
    rig.clock.advance(days=20)
    await rig.hub.rounds.deadlines()
    answer = await status(rig, code)
    assert text_at(answer, "State") == "rejected"
    assert text_at(answer, "Reason")


async def test_withdrawn(rig: Rig) -> None:
    """A dossier that was taken back is held by nobody."""
    code = await rig.opened()
    await rig.hub.requests.withdraw(PORTAL, withdrawal(code))
    await rig.settle()
    answer = await status(rig, code)
    assert text_at(answer, "State") == "withdrawn"
    assert all("nobody" in holder for holder in holders(answer))


async def test_open(rig: Rig) -> None:
    """Each step says who holds it: the agency, the hub, or the citizen who was asked."""
    code = await rig.opened()
    first, *others = holders(await status(rig, code))
    assert "Civil-status" in first
    assert all("hub" in holder for holder in others)
    want = item(code, StepState.SUPPLEMENT, reason="Thiếu giấy")
    rig.agencies["hotich"].script.append(report(want))
    rig.clock.advance(minutes=6)
    await rig.hub.rounds.polls()
    await rig.settle()
    answer = await status(rig, code)
    assert "citizen" in next(holders(answer))
    assert "Thiếu giấy" in "".join(next(answer.iter(tag("Missing"))).itertext())


async def test_stuck(rig: Rig) -> None:
    """A step that waits for a person is held by the hub."""
    rig.agencies["hotich"].script.append(Rejected("sai"))
    answer = await status(rig, await rig.opened())
    assert text_at(answer, "State") == "stuck"
    assert "hub" in next(holders(answer))


async def test_completed_by_any_code(rig: Rig) -> None:
    """A finished dossier is found by our code, the portal's, an agency's and the child's number."""
    code = await rig.registered()
    for agency in ("cutru", "bhxh"):
        await rig.tell(completed(agency, code), agency=agency)
    agency_code = rig.dossier(code).step("card").agency_code
    for name in (code, "000.00.00.G22-message-1", NUMBER, agency_code):
        answer = as_tree(await rig.hub.standing.status(PORTAL, build.status_request(name or "")))
        assert text_at(answer, "State") == "completed"
        assert text_at(answer, "DossierCode") == code


async def test_overdue(rig: Rig) -> None:
    """A step past its date says so."""
    code = await rig.opened()
    rig.clock.advance(days=1)
    answer = await status(rig, code)
    assert text_at(next(answer.iter(tag("Step"))), "Overdue") == "true"


async def test_code_of_two_systems(rig: Rig) -> None:
    """A code that means different dossiers in two systems means the hub's own, or nothing."""
    one, two = [rig.dossier(await rig.submit(f"message-{number}")) for number in (1, 2)]
    rig.hub.store.write_sync(lambda tx: tx.dossiers.add_code(two.id, "other", one.code))
    assert text_at(await status(rig, one.code), "DossierCode") == one.code


async def test_not_for_everybody(rig: Rig) -> None:
    """Nobody without the right, nothing that does not exist, nothing that is not a request."""
    with pytest.raises(Forbidden):
        await rig.hub.standing.status("cancuoc", build.status_request("G22"))
    with pytest.raises(NotFound):
        await rig.hub.standing.status(PORTAL, build.status_request("G22.99.08-260915-000099"))
    with pytest.raises(Invalid):
        await rig.hub.standing.status(PORTAL, b"<x/>")
