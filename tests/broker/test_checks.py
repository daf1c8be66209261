"""The population check of a new dossier."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

from adapters.base import Wire
from adapters.errors import Unavailable
from broker.canonical.document import as_tree, text_at
from broker.model import Delivery, DeliveryState, Phase, StepState
from tests.broker.rig import PORTAL, Rig, correction, make, record


async def test_everybody_is_known(rig_on_both: Rig) -> None:
    """When the register agrees with all the dossier is opened, and every verdict is kept."""
    code = await rig_on_both.opened()
    dossier = rig_on_both.dossier(code)
    assert dossier.phase is Phase.OPEN
    checks = rig_on_both.hub.store.read(lambda tx: tx.dossiers.checks(dossier.id))
    assert {check.person for check in checks} == {"Applicant", "Mother", "Father", "Head"}
    assert b'verified="match"' in dossier.declaration


async def test_look_ups_are_attributed(rig: Rig) -> None:
    """Every look-up in the log, question and answer, names the officer and the purpose."""
    code = await rig.opened()
    messages = rig.messages(agency="dancu")
    assert len(messages) == 6
    assert {message.officer for message in messages} == {"cb-01"}
    assert {message.purpose for message in messages} == {
        rig.hub.book.engine(rig.dossier(code)).rules.procedure
    }
    asked = [as_tree(message.body) for message in messages if message.direction == "out"]
    assert {text_at(root, "Officer") for root in asked} == {"cb-01"}


async def test_two_last_answers_at_one_time(rig_on_both: Rig) -> None:
    """The last answers arrive together: the dossier is opened once."""
    rig, together = rig_on_both, asyncio.Barrier(3)

    async def meet(wire: Wire) -> None:
        await together.wait()

    rig.agencies["dancu"].before = meet
    code = await rig.opened()
    assert rig.dossier(code).phase is Phase.OPEN
    assert rig.agencies["hotich"].count("submit") == 1


async def test_two_processes(tmp_path: Path, database_url: str) -> None:
    """Two processes conclude one check: the dossier is opened once."""
    one = make(tmp_path, database_url)
    two = make(tmp_path, database_url, one.clock, one.agencies)
    code = await one.submit()
    while await one.hub.worker.pump() + await two.hub.worker.pump():
        pass
    await asyncio.gather(*(rig.hub.rounds.deadlines() for rig in (one, two)))
    await asyncio.gather(one.settle(), two.settle())
    assert one.state(code, "registration") is StepState.RECEIVED
    assert one.agencies["hotich"].count("submit") == 1
    for rig in (one, two):
        assert rig.hub.check() == []
        await rig.hub.close()


async def test_died_before_concluding(rig: Rig) -> None:
    """All verdicts are stored but nobody concluded: the clock does."""
    code = await rig.submit()
    checks = rig.hub.rounds._checks
    concluded = checks.conclude

    async def die(dossier_id: str) -> None:
        return

    checks.conclude = die  # type: ignore[method-assign]
    await rig.settle()
    assert rig.dossier(code).phase is Phase.CHECKING
    checks.conclude = concluded  # type: ignore[method-assign]
    await rig.hub.rounds.deadlines()
    await rig.settle()
    assert rig.state(code, "registration") is StepState.RECEIVED


async def test_correction_while_a_look_up_is_under_way(rig: Rig) -> None:
    """An answer about values that were corrected meanwhile is logged and counts for nothing."""
    dancu = rig.agencies["dancu"]
    dancu.script += [record(found=False)] * 6
    code = await rig.opened()
    old = next(d for d in rig.deliveries(agency="dancu") if d.state is DeliveryState.DONE)
    await rig.hub.requests.supplement(PORTAL, correction(code, "Mother/Name/Given", "Mây"))
    late = dataclasses.replace(old, id="late", key="late", lane="late", seq=0)
    rig.hub.store.write_sync(lambda tx: tx.deliveries.enqueue(late))
    dancu.script.append(record(found=False))
    await rig.settle()
    assert rig.dossier(code).phase is Phase.OPEN


async def test_late_verdict(rig: Rig) -> None:
    """A correction that is stored between an answer's reading and its writing leaves the new check clean."""
    dancu = rig.agencies["dancu"]
    dancu.script += [record(found=False)] * 6
    code = await rig.opened()
    dossier = rig.dossier(code)
    done: list[Delivery] = [d for d in rig.deliveries(agency="dancu") if d.operation == "confirm"]
    await rig.hub.requests.supplement(PORTAL, correction(code, "Mother/Name/Given", "Mây"))
    before = rig.hub.store.read(lambda tx: tx.dossiers.checks(dossier.id))
    await rig.hub.rounds._checks.answered(done[-1], record(found=False), _settled)  # type: ignore[arg-type]
    assert rig.hub.store.read(lambda tx: tx.dossiers.checks(dossier.id)) == before == ()


def _settled(tx: object) -> None:
    """Nothing to store."""


async def test_register_is_down(rig: Rig) -> None:
    """While the register is down the dossier waits; nothing is opened and nothing is lost."""
    rig.agencies["dancu"].script += [Unavailable("down")] * 3
    code = await rig.opened()
    assert rig.dossier(code).phase is Phase.CHECKING
    rig.clock.advance(minutes=10)
    await rig.settle()
    assert rig.dossier(code).phase is Phase.OPEN
