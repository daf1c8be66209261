"""What the hub does by the clock."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from adapters.errors import Unavailable
from broker.config.schedule import JobConfig, Schedule
from broker.mapping import MappingError
from broker.mapping.errors import Problem
from broker.model import DeliveryKind, DeliveryState, Outcome, Phase, StepState
from signing.stamps.authority import create_authority
from tests.broker.rig import Rig, item, record, report


async def test_polls_in_chunks(rig: Rig) -> None:
    """Dossiers whose turn has come are asked about together, and not again before the next turn."""
    for number in range(4):
        await rig.opened(f"message-{number}")
    rig.clock.advance(minutes=6)
    assert await rig.hub.rounds.polls() == 2
    assert await rig.hub.rounds.polls() == 0
    await rig.settle()
    assert rig.agencies["hotich"].count("poll") == 2
    assert await rig.hub.rounds.polls() == 0


async def test_no_flood(rig: Rig) -> None:
    """While a question is unanswered no new one is asked."""
    await rig.opened()
    rig.agencies["hotich"].script += [Unavailable("down", retry_after=3600)]
    for _ in range(5):
        rig.clock.advance(minutes=6)
        await rig.hub.rounds.polls()
        await rig.settle()
    polls = [d for d in rig.deliveries(agency="hotich") if d.kind is DeliveryKind.POLL]
    assert [poll.state for poll in polls] == [DeliveryState.QUEUED]


async def test_refused_as_a_whole(rig: Rig) -> None:
    """A question that is refused as a whole has failed: tried again or given to a person, and no dossier moves."""
    code = await rig.opened()
    hotich = rig.agencies["hotich"]
    hotich.script.append(report(item(None, outcome=Outcome.RETRY, reason="bận")))
    rig.clock.advance(minutes=6)
    await rig.hub.rounds.polls()
    await rig.settle()
    poll = next(d for d in rig.deliveries(agency="hotich") if d.kind is DeliveryKind.POLL)
    assert (poll.state, poll.error_class) == (DeliveryState.QUEUED, "retry")
    hotich.script.append(report(item(None, outcome=Outcome.FAILED, reason="hỏng")))
    rig.clock.advance(minutes=6)
    await rig.settle()
    assert [one.kind for one in rig.work()] == ["dead-letter"]
    assert rig.state(code, "registration") is StepState.RECEIVED


async def test_cannot_be_asked_about(rig: Rig) -> None:
    """A dossier that cannot be put into a question has an owner and does not stop the others."""
    codes = [await rig.opened(f"message-{number}") for number in range(3)]
    outbox = rig.hub.rounds._outbox
    usual = outbox.poll

    def picky(agency: object, cases: object) -> object:
        if any(case.dossier.code == codes[1] for case, _ in cases):  # type: ignore[attr-defined]
            raise MappingError([Problem("MaHoSo", "AgencyCode", "thiếu", "missing")])
        return usual(agency, cases)  # type: ignore[arg-type]

    outbox.poll = picky  # type: ignore[assignment,method-assign]
    rig.clock.advance(minutes=6)
    assert await rig.hub.rounds.polls() == 2
    assert [(one.kind, one.dossier_id) for one in rig.work()] == [("mapping", rig.dossier(codes[1]).id)]


async def test_overdue_is_one_alarm(rig: Rig) -> None:
    """A step past its date is one item for its agency's owner, however often the clock looks."""
    await rig.opened()
    rig.clock.advance(days=1)
    for _ in range(3):
        await rig.hub.rounds.deadlines()
    alarms = [one for one in rig.work("deadline") if one.agency is not None]
    assert [one.owner for one in alarms] == ["ho-tich-truc"]


async def test_not_settled_in_time(rig: Rig) -> None:
    """A difference with the register that is not settled in time ends the dossier, with the reason."""
    rig.agencies["dancu"].script += [record(found=False)] * 6
    code = await rig.opened()
    rig.clock.advance(days=20)
    await rig.hub.rounds.deadlines()
    dossier = rig.dossier(code)
    assert dossier.phase is Phase.REFUSED
    assert "07 ngày làm việc" in (dossier.reason or "")


async def test_supplement_not_given(rig: Rig) -> None:
    """A supplement that is not given in time ends the step, and the agency is told."""
    code = await rig.opened()
    want = item(code, StepState.SUPPLEMENT, reason="Thiếu giấy")
    rig.agencies["hotich"].script.append(report(want))
    rig.clock.advance(minutes=6)
    await rig.hub.rounds.polls()
    await rig.settle()
    rig.clock.advance(days=20)
    await rig.hub.rounds.deadlines()
    await rig.settle()
    assert rig.state(code, "registration") is StepState.REJECTED
    assert rig.agencies["hotich"].count("withdraw") == 1


async def test_jobs(rig: Rig) -> None:
    """Every job has a pause, and one that is never to run is left out."""
    jobs = rig.hub.rounds.jobs(Schedule(jobs={"poll": JobConfig(every=timedelta(seconds=30), enabled=False)}))
    names = [job.name for job in jobs]
    assert "poll" not in names
    assert (names[-1], "reconcile" in names) == ("wake", True)
    await jobs[-1].run()


async def test_heads_are_signed_and_stamped_by_the_clock(rig: Rig, tmp_path: Path) -> None:
    """The jobs of a hub with the settings as they come: sign the head, have it stamped by the authority inside."""
    await rig.opened()
    jobs = {job.name: job.run for job in rig.hub.rounds.jobs(Schedule())}
    await jobs["checkpoint"]()
    await jobs["timestamp"]()
    assert [one.agency for one in rig.work("timestamp")] == ["ben-trong"], "no key, and somebody is told"
    create_authority(tmp_path / "keys/tsa", "ben-trong", clock=rig.clock)
    await jobs["timestamp"]()
    assert rig.work("timestamp") == []
    await jobs["checkpoint"]()
    await jobs["timestamp"]()
    assert (await rig.hub.log.timestamping.lag()).entries == 0
