"""The one place where a dossier changes."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from typing import Any

import pytest

from adapters.errors import Ambiguous, Unavailable
from broker.changes import Cause
from broker.model import DeliveryState, Dossier, StepState
from broker.process import commands as c
from broker.store.engine import Tx
from broker.store.errors import Missing, StoreUnavailable
from tests.broker.rig import NUMBER, Rig, completed, item


def waits(reason: str) -> Any:
    """A decision that notes ``reason`` at the registration."""
    return lambda engine, dossier, told: [c.Wait("registration", reason)]


def grows(letter: str) -> Any:
    """A decision that depends on what is there: the reason grows by a letter."""
    return lambda engine, dossier, told: [
        c.Wait("registration", (dossier.step("registration").reason or "") + letter)
    ]


async def test_concurrent_changes(rig_on_both: Rig) -> None:
    """Of several changes to one dossier at one time none is lost: each is decided on what the one before left."""
    code = await rig_on_both.opened()
    known = rig_on_both.dossier(code)
    await asyncio.gather(*(rig_on_both.changes.change(known.id, grows(x)) for x in "abcde"))
    assert sorted(rig_on_both.dossier(code).step("registration").reason or "") == list("abcde")


async def test_keeps_changing(rig: Rig) -> None:
    """A dossier that is never at rest long enough is something to be tried later, and nothing is stored."""
    code = await rig.opened()
    known = rig.dossier(code)
    changes = rig.changes
    ran: list[str] = []

    def always_late(tx: Tx) -> None:
        ran.append("settled")

    def interfere(dossier: Dossier) -> Dossier:
        text = f"{len(ran)}{rig.dossier(code).step('registration').reason}"
        rig.hub.store.write_sync(lambda tx: _note(tx, rig.dossier(code), text))
        return dossier

    with pytest.raises(StoreUnavailable, match="keep changing"):
        await changes.change(known.id, waits("never"), always_late, edit=interfere)
    assert ran == []
    assert rig.dossier(code).step("registration").reason != "never"


def _note(tx: Tx, dossier: Dossier, text: str) -> None:
    step = dossier.step("registration")
    tx.dossiers.update_step(dossier.id, dataclasses.replace(step, reason=text))


async def test_unknown_dossier(rig: Rig) -> None:
    """A dossier that does not exist cannot change."""
    with pytest.raises(Missing):
        await rig.changes.change("nobody", waits("x"))


async def test_settle_fails(rig: Rig) -> None:
    """If what belongs to the change cannot be stored, the change is not stored (T23)."""
    code = await rig.opened()
    before = rig.dossier(code)

    def refuse(tx: Tx) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await rig.changes.change(before.id, waits("x"), refuse)
    assert rig.dossier(code) == before


async def test_all_or_none(rig: Rig) -> None:
    """Changes to several dossiers are one transaction."""
    one, two = [rig.dossier(await rig.opened(f"message-{number}")) for number in (1, 2)]

    def refuse(tx: Tx) -> None:
        raise ZeroDivisionError

    decisions = {one.id: waits("x"), two.id: waits("y")}
    with pytest.raises(ZeroDivisionError):
        await rig.changes.change_all(decisions, refuse)
    assert [rig.dossier(one.code), rig.dossier(two.code)] == [one, two]
    await rig.changes.change_all(decisions)
    assert [rig.dossier(d.code).step("registration").reason for d in (one, two)] == ["x", "y"]


async def test_legal_order_at_one_moment(rig: Rig) -> None:
    """An agency that skips to the end at one instant: the portal hears every state once, in the legal order (T13)."""
    code = await rig.opened()
    rig.agencies["hotich"].done.add(code)
    rig.clock.advance(minutes=6)
    await rig.hub.rounds.polls()
    await rig.settle()
    assert rig.told(code, "registration") == ["received", "accepted", "processing", "completed"]


async def test_legal_order_while_the_portal_is_down(rig: Rig) -> None:
    """States that wait for the portal leave in their order, also when a later one is due earlier."""
    code = await rig.opened()
    rig.agencies["dvcqg"].script += [Unavailable("down", retry_after=300)] * 2
    rig.agencies["hotich"].done.add(code)
    rig.clock.advance(minutes=6)
    await rig.hub.rounds.polls()
    for _ in range(30):
        await rig.settle()
        rig.clock.advance(minutes=1)
    arrived = [state for state, _ in itertools.groupby(rig.told(code, "registration"))]
    assert arrived == ["received", "accepted", "processing", "completed"]


async def test_late_report_is_no_news(rig: Rig) -> None:
    """What comes late or again is written down and not told."""
    code = await rig.registered()
    await rig.tell(item(code, StepState.PROCESSING), key="n1")
    await rig.tell(item(code, StepState.ACCEPTED), key="n2")
    await rig.tell(item(code, StepState.PROCESSING), key="n3")
    await rig.settle()
    assert rig.told(code, "residence") == ["received", "accepted", "processing"]


async def test_report_ends_the_submission(rig: Rig) -> None:
    """An agency that reports on a step whose submission it did not answer evidently has it: nothing is sent again."""
    code = await rig.opened()
    rig.agencies["hotich"].done.add(code)
    rig.agencies["cutru"].script.append(Ambiguous("no answer"))
    rig.clock.advance(minutes=6)
    await rig.hub.rounds.polls()
    await rig.settle()
    assert rig.state(code, "residence") is StepState.SENDING
    await rig.tell(completed("cutru", code))
    rig.clock.advance(hours=1)
    await rig.settle()
    assert rig.agencies["cutru"].count("submit") == 1
    assert rig.deliveries(DeliveryState.QUEUED) == []


async def test_code_of_another_dossier(rig: Rig) -> None:
    """A personal number that another child has already is a contradiction with an owner, and stops nothing."""
    for number in (1, 2):
        await rig.registered(f"message-{number}")
    items = rig.work("contradiction")
    assert [one.owner for one in items] == [rig.hub.book.owner("hotich")]
    assert NUMBER not in items[0].reason


async def test_cause_is_in_the_history(rig: Rig) -> None:
    """Every line of the history names the message that caused it."""
    code = await rig.opened()
    dossier = rig.dossier(code)
    message = rig.messages(agency="hotich")[0]
    move = c.Move("registration", StepState.ACCEPTED, rig.clock(), "hotich")
    await rig.changes.change(dossier.id, lambda *_: [move], cause=Cause(message_id=message.id))
    history = rig.hub.store.read(lambda tx: tx.dossiers.transitions(dossier.id))
    assert history[-1].message_id == message.id
