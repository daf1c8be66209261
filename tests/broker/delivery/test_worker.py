"""The loop that claims, attempts and settles."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta

from adapters.base import Wire
from adapters.errors import Ambiguous, Malformed, Rejected, Throttled, Unauthorized, Unavailable
from broker.canonical import build
from broker.model import DeliveryState, Outcome, StepState
from tests.broker.rig import Rig, completed, item, report


async def later(rig: Rig, **time: float) -> None:
    """Let time pass, then deliver what is due."""
    rig.clock.advance(**time)
    await rig.settle()


async def test_ambiguous_and_found(rig_on_both: Rig) -> None:
    """After an attempt without an answer the agency is asked, and what it has is not sent again."""
    rig, hotich = rig_on_both, rig_on_both.agencies["hotich"]
    hotich.script.append(Ambiguous("no answer"))
    code = await rig.opened()
    assert rig.state(code, "registration") is StepState.SENDING
    await later(rig, minutes=1)
    assert (hotich.count("submit"), hotich.count("ask")) == (1, 1)
    assert rig.state(code, "registration") is StepState.RECEIVED


async def test_ambiguous_and_found_with_the_result(rig: Rig) -> None:
    """The answer to the question may bring the result: it counts, and its paper is kept apart by hash."""
    paper = "<Certificate><Kind>KS</Kind><FileName>ks.pdf</FileName><MediaType>application/pdf</MediaType>"
    paper += "<Content>JVBERg==</Content></Certificate></Registration>"
    hotich = rig.agencies["hotich"]
    hotich.script.append(Ambiguous("no answer"))
    code = await rig.opened()
    hotich.script.append(report(completed("hotich", code).replace("</Registration>", paper)))
    await later(rig, minutes=1)
    result = rig.dossier(code).step("registration").result or b""
    assert b"<SHA256>" in result
    assert b"JVBERg" not in result


async def test_ambiguous_and_not_found(rig: Rig) -> None:
    """What the agency does not have is sent again, under the same key."""
    hotich = rig.agencies["hotich"]
    hotich.script.append(Ambiguous("no answer"))
    code = await rig.opened()
    hotich.script.append(report(item(code, outcome=Outcome.ABSENT)))
    await later(rig, minutes=1)
    assert [wire.operation for wire in hotich.sent] == ["submit", "ask", "submit"]
    assert hotich.sent[0].key == hotich.sent[2].key
    assert rig.state(code, "registration") is StepState.RECEIVED


async def test_ambiguous_and_cannot_be_asked(rig: Rig) -> None:
    """An agency without a question gets the message again, under the same key."""
    code = await rig.opened()
    bhxh = rig.agencies["bhxh"]
    bhxh.script.append(Ambiguous("no answer"))
    rig.agencies["hotich"].done.add(code)
    rig.clock.advance(minutes=6)
    await rig.hub.rounds.polls()
    await rig.settle()
    await later(rig, minutes=1)
    assert [wire.operation for wire in bhxh.sent] == ["submit", "submit"]
    assert len({wire.key for wire in bhxh.sent}) == 1


async def test_question_not_answered(rig: Rig) -> None:
    """In doubt it stays in doubt: nothing is sent again before the question has an answer."""
    hotich = rig.agencies["hotich"]
    hotich.script += [Ambiguous("no answer"), Unavailable("down"), Ambiguous("again"), Unavailable("down")]
    code = await rig.opened()
    for _ in range(6):
        await later(rig, minutes=2)
    assert hotich.count("submit") == 1
    assert rig.state(code, "registration") is StepState.RECEIVED


async def test_duplicate_is_success(rig: Rig) -> None:
    """An agency's "already received" counts as received, in a document and in the words of an error (T16)."""
    hotich = rig.agencies["hotich"]
    hotich.script.append(build.receipt(Outcome.DUPLICATE))
    first = await rig.opened()
    hotich.script.append(Rejected("Hồ sơ đã được tiếp nhận trước đó"))
    second = await rig.opened("message-2")
    for code in (first, second):
        assert rig.state(code, "registration") is StepState.RECEIVED
    assert rig.work() == []


async def test_slow_answer_keeps_its_lease(rig: Rig) -> None:
    """An agency that takes longer than a lease gets the message once, and its answer counts."""
    hotich, stop = rig.agencies["hotich"], asyncio.Event()
    reached, gate = asyncio.Event(), asyncio.Event()

    async def take_long(wire: Wire) -> None:
        reached.set()
        await gate.wait()

    hotich.before = take_long
    code = await rig.submit()
    running = asyncio.create_task(rig.hub.worker.run(stop))
    await asyncio.wait_for(reached.wait(), 20)
    for _ in range(5):
        rig.clock.advance(seconds=45)
        await rig.hub.worker.launch()
    gate.set()
    stop.set()
    rig.hub.wake()
    await asyncio.wait_for(running, 20)
    assert [wire.operation for wire in hotich.sent] == ["submit"]
    assert rig.state(code, "registration") is StepState.RECEIVED


async def test_lease_lost_before_sending(rig: Rig) -> None:
    """A worker that was away longer than its lease sends nothing under it."""
    code = await rig.submit()
    dossier = rig.dossier(code)
    held = await rig.hub.queue.claim(rig.clock(), "slow", timedelta(seconds=10), 10)
    rig.clock.advance(seconds=11)
    await rig.hub.queue.claim(rig.clock(), "other", timedelta(seconds=10), 10)
    for delivery in held:
        await rig.hub.worker._run(delivery)
    assert all(fake.sent == [] for fake in rig.agencies.values())
    assert rig.dossier(code) == dossier


async def test_lease_lost_while_answering(rig: Rig) -> None:
    """An answer that comes after the lease was lost still counts; nobody has to be asked for it again."""
    hotich = rig.agencies["hotich"]

    async def too_long(wire: Wire) -> None:
        if wire.operation == "submit":
            rig.clock.advance(minutes=5)
            await rig.hub.queue.claim(rig.clock(), "other", timedelta(seconds=10), 50)

    hotich.before = too_long
    code = await rig.submit()
    for _ in range(6):
        await rig.hub.worker.pump()
    assert rig.state(code, "registration") is StepState.RECEIVED
    await later(rig, minutes=1)
    assert hotich.count("submit") == 1


async def test_process_died_after_sending(rig: Rig) -> None:
    """A delivery whose process died on the wire is in doubt: the next one asks before it sends."""
    hotich = rig.agencies["hotich"]

    async def die(wire: Wire) -> None:
        raise asyncio.CancelledError

    hotich.before = die
    code = await rig.opened()
    hotich.before = None
    await later(rig, minutes=5)
    assert [wire.operation for wire in hotich.sent] == ["submit", "ask"]
    assert rig.state(code, "registration") is StepState.RECEIVED


async def test_refused_for_good(rig: Rig) -> None:
    """What an agency refuses is a dead letter with an owner, and its step is stuck."""
    rig.agencies["hotich"].script.append(Rejected("ngày sinh sai"))
    code = await rig.opened()
    assert rig.state(code, "registration") is StepState.STUCK
    assert {one.kind: one.owner for one in rig.work()} == {
        "dead-letter": "ho-tich-truc",
        "stuck": "ho-tich-truc",
    }


async def test_not_the_contract(rig: Rig) -> None:
    """An answer that is not the contract's document is kept as it came, and a person must act."""
    rig.agencies["hotich"].script.append(Malformed("no report", raw=b"<oops/>"))
    await rig.opened()
    assert [message.body for message in rig.messages(kind="failed")] == [b"<oops/>"]
    assert rig.deliveries(DeliveryState.DEAD)[0].error_class == "malformed"


async def test_unreadable_paper(rig: Rig) -> None:
    """A poll's answer with a paper that is no base64 changes nothing and goes to a person, once a day."""
    code = await rig.opened()
    broken = completed("hotich", code).replace(
        "</Registration>",
        "<Certificate><Kind>KS</Kind><FileName>a</FileName><MediaType>application/pdf</MediaType>"
        "<Content>%%%</Content></Certificate></Registration>",
    )
    rig.agencies["hotich"].script += [report(broken)] * 2
    for _ in range(2):
        rig.clock.advance(minutes=6)
        await rig.hub.rounds.polls()
        await rig.settle()
    assert rig.state(code, "registration") is StepState.RECEIVED
    assert len(rig.work("dead-letter")) == 1


async def test_agency_is_paused(rig: Rig) -> None:
    """An agency that does not accept us is held back, its owner is called once, and it goes on by itself."""
    hotich = rig.agencies["hotich"]
    hotich.script.append(Unauthorized("token"))
    first = await rig.opened()
    second = await rig.opened("message-2")
    assert hotich.count("submit") == 1
    assert [(one.kind, one.owner) for one in rig.work()] == [("paused", "ho-tich-truc")]
    await later(rig, hours=1)
    for code in (first, second):
        assert rig.state(code, "registration") is StepState.RECEIVED


async def test_pause_of_a_person_stays(rig: Rig) -> None:
    """A failure does not shorten the pause that a person ordered while it was on the wire."""
    store = rig.hub.store

    async def stop(wire: Wire) -> None:
        await store.write(lambda tx: tx.deliveries.pause("hotich", "broken", rig.clock(), who="an"))

    rig.agencies["hotich"].before = stop
    rig.agencies["hotich"].script.append(Unauthorized("token"))
    await rig.opened()
    pauses = store.read(lambda tx: tx.deliveries.pauses(rig.clock()))
    assert [(pause.agency, pause.until, pause.reason) for pause in pauses] == [("hotich", None, "broken")]
    await later(rig, days=2)
    assert rig.agencies["hotich"].count("submit") == 1


async def test_wish_of_the_agency(rig: Rig) -> None:
    """An agency that says when to come again is not asked before."""
    hotich = rig.agencies["hotich"]
    hotich.script.append(Throttled("slower", retry_after=600))
    await rig.opened()
    await later(rig, seconds=599)
    assert hotich.count("submit") == 1
    await later(rig, seconds=60)
    assert hotich.count("submit") == 2


async def test_fault_of_the_hub(rig: Rig) -> None:
    """A message that cannot even be written is not tried for ever: it is a dead letter, and the next ones go on."""

    class Broken(type(rig.agencies["hotich"])):  # type: ignore[misc]
        def encode(self, request: object) -> Wire:
            raise ValueError("secret 123")

    agency = dataclasses.replace(rig.hub.agencies["hotich"], sender=Broken("hotich"))
    rig.hub.agencies["hotich"], usual = agency, rig.hub.agencies["hotich"]  # type: ignore[index]
    first = await rig.opened()
    rig.hub.agencies["hotich"] = usual  # type: ignore[index]
    assert rig.state(first, "registration") is StepState.STUCK
    letter = rig.work("dead-letter")[0]
    assert "ValueError" in letter.reason
    assert "secret" not in letter.reason
    second = await rig.opened("message-2")
    assert rig.state(second, "registration") is StepState.RECEIVED


async def test_runs_until_stopped(rig: Rig) -> None:
    """A running worker delivers what is queued, is woken by what is new, and gives everything back when it stops."""
    stop = asyncio.Event()
    task = asyncio.create_task(rig.hub.worker.run(stop))
    first = await rig.submit()
    reached, arrived = asyncio.Event(), rig.agencies["hotich"]

    async def note(wire: Wire) -> None:
        reached.set()

    arrived.before = note
    await asyncio.wait_for(reached.wait(), 20)
    stop.set()
    rig.hub.wake()
    await asyncio.wait_for(task, 20)
    assert rig.state(first, "registration") in (StepState.RECEIVED, StepState.SENDING)
    assert rig.deliveries(DeliveryState.LEASED) == []
