"""What agencies send of their own accord."""

from __future__ import annotations

import asyncio

from broker.model import StepState
from tests.broker.rig import Rig, completed, inbound, item, report


async def test_applied_and_logged(rig_on_both: Rig) -> None:
    """A call-back moves the step; both messages are in the log under the dossier's code, the history names them."""
    rig = rig_on_both
    code = await rig.registered()
    assert await rig.tell(completed("cutru", code), key="notice-1") == 200
    assert rig.state(code, "residence") is StepState.COMPLETED
    request, answer = rig.messages(dossier=code, operation="notice")
    assert (request.direction, answer.direction, answer.related_id) == ("in", "out", request.id)
    history = rig.hub.store.read(lambda tx: tx.dossiers.transitions(rig.dossier(code).id))
    assert history[-1].message_id == request.id


async def test_found_by_the_agencys_own_code(rig: Rig) -> None:
    """An agency that names only its own number reaches the dossier, and the log says which."""
    code = await rig.registered()
    own = rig.dossier(code).step("residence").agency_code
    await rig.tell(completed("cutru", None, agency_code=own))  # type: ignore[arg-type]
    assert rig.state(code, "residence") is StepState.COMPLETED
    assert len(rig.messages(dossier=code, operation="notice")) == 2


async def test_twice(rig: Rig) -> None:
    """The same call-back again, even at the same time, gets the same answer and changes nothing."""
    code = await rig.registered()
    said = item(code, StepState.ACCEPTED)
    statuses = await asyncio.gather(*(rig.tell(said, key="notice-1") for _ in range(3)))
    assert statuses == [200, 200, 200]
    assert len(rig.messages(operation="notice")) == 2
    lines = rig.hub.store.read(lambda tx: tx.dossiers.transitions(rig.dossier(code).id))
    assert [line.state for line in lines if line.step == "residence"].count(StepState.ACCEPTED) == 1


async def test_same_key_with_other_content(rig: Rig) -> None:
    """A key that was used for something else is refused, recorded, and changes nothing."""
    code = await rig.registered()
    await rig.tell(item(code, StepState.ACCEPTED), key="notice-1")
    assert await rig.tell(completed("cutru", code), key="notice-1") >= 400
    assert rig.state(code, "residence") is StepState.ACCEPTED
    assert [message.outcome for message in rig.messages(kind="refused")] == ["invalid"]


async def test_unknown_dossier(rig: Rig) -> None:
    """A report on a dossier that nobody knows is taken, and has an owner."""
    assert await rig.tell(item("G22.99.08-000000-000000", StepState.ACCEPTED)) == 200
    assert [(one.kind, one.owner) for one in rig.work()] == [("unroutable", "cu-tru-truc")]


async def test_no_part_in_it(rig: Rig) -> None:
    """An agency cannot move a step that is not its own."""
    code = await rig.opened()
    rig.hub.store.write_sync(lambda tx: tx.dossiers.add_code(rig.dossier(code).id, "other", "X-1"))
    await rig.tell(completed("bhxh", "X-1"), agency="bhxh")
    assert rig.state(code, "registration") is StepState.RECEIVED
    assert rig.state(code, "card") is not StepState.COMPLETED


async def test_refused(rig: Rig) -> None:
    """What the adapter refuses is answered in its form, with the bytes in the log."""
    answer = await rig.hub.callbacks.take("cutru", inbound(b"<oops"))
    assert answer.status >= 400
    assert [(m.body, m.outcome) for m in rig.messages(kind="refused")] == [(b"<oops", "malformed")]


async def test_unreadable_paper(rig: Rig) -> None:
    """A paper that is no base64 makes the whole call-back invalid; nothing of it counts."""
    code = await rig.registered()
    paper = "<Certificate><FileName>a</FileName><Content>%%%</Content></Certificate></Residence>"
    answer = await rig.hub.callbacks.take(
        "cutru", inbound(report(completed("cutru", code).replace("</Residence>", paper)))
    )
    assert answer.status >= 400
    assert rig.state(code, "residence") is StepState.RECEIVED
