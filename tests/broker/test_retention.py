"""Erasure takes everything that names people, and the log still verifies and says who erased it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import select

from broker.errors import Invalid
from broker.model import Dossier
from broker.process.states import FINAL
from broker.retention import Erased
from broker.store.errors import Conflict, Held
from broker.store.schema import messages
from signing.log.note import load_note_key
from signing.verifier.logcheck import LogReport
from tests.broker.rig import NUMBER, Rig, withdrawal

PAPER = b"%PDF giay chung sinh"
SHA = hashlib.sha256(PAPER).hexdigest()


def verified(rig: Rig, folder: Path) -> LogReport:
    """What the hub says about its log."""
    return rig.hub.log.book.verify(load_note_key(folder / "keys", "hub").verifier)


async def settled(rig: Rig, message_id: str = "message-1") -> Dossier:
    """A dossier whose every step has ended, with everything delivered."""
    code = await rig.registered(message_id)
    for agency in rig.agencies.values():
        agency.done.add(code)
    await rig.hub.requests.withdraw("dvcqg", withdrawal(code, f"withdraw-{message_id}"))
    for _ in range(8):
        rig.clock.advance(minutes=6)
        await rig.hub.rounds.polls()
        await rig.settle()
    dossier = rig.dossier(code)
    assert {step.state for step in dossier.steps} <= FINAL, dossier.steps
    return dossier


async def test_a_dossier_whose_time_is_over_goes_as_a_whole(rig_on_both: Rig, tmp_path: Path) -> None:
    """Bodies, salts, declaration, results and payloads are gone, and every leaf and signed head still verifies."""
    rig = rig_on_both
    dossier = await settled(rig)
    await rig.hub.log.book.checkpoint()
    before = verified(rig, tmp_path)
    keep = rig.hub.project.retention.dossiers.keep
    rig.clock.advance(days=keep.days - 1)
    assert (await rig.hub.retention.run()).dossiers == 0
    rig.clock.advance(days=2)
    erased = await rig.hub.retention.run()
    assert erased.dossiers == 1
    gone = rig.dossier(dossier.code)
    assert gone.declaration == b""
    assert all(step.result is None and step.reason is None for step in gone.steps)
    assert all(
        not one.payload and not one.context for one in rig.deliveries() if one.dossier_id == dossier.id
    )
    rows = rig.hub.store.read(
        lambda tx: tx.log._conn.execute(select(messages).where(messages.c.dossier == dossier.code)).all()
    )
    bodies = [row for row in rows if row.kind != "erasure"]
    assert bodies
    assert all(row.body is None and row.salt is None and row.erased_at is not None for row in bodies)
    assert rig.hub.store.read(lambda tx: tx.dossiers.by_code(NUMBER)) is None
    await rig.hub.log.book.checkpoint()
    after = verified(rig, tmp_path)
    assert after.ok
    assert after.entries > before.entries
    assert after.erased >= len(bodies)
    assert any("erased" in finding.text and "hub: retention" in finding.text for finding in after.findings)
    assert rig.hub.store.read(lambda tx: [act.act for act in tx.acts.of(dossier.code)]) == ["erase"]
    assert (await rig.hub.retention.run()).dossiers == 0


async def test_an_open_dossier_stays(rig: Rig) -> None:
    """However old it is: what is under way is not erased, neither by time nor by order."""
    code = await rig.opened()
    rig.clock.advance(days=5000)
    assert (await rig.hub.retention.run()).dossiers == 0
    dossier = rig.dossier(code)
    assert dossier.declaration
    with pytest.raises(Conflict, match="is not settled"):
        await rig.hub.retention.erase(dossier, "cb-01", "order 12/2026")
    assert rig.dossier(code) == dossier


async def test_erased_by_order(rig: Rig, tmp_path: Path) -> None:
    """One dossier goes at once, with a name and a reason; the others stay."""
    first, second = await settled(rig), await settled(rig, "message-2")
    bodies = await rig.hub.retention.erase(first, "cb-01", "quyết định 12/2026")
    assert bodies > 5
    assert rig.dossier(first.code).declaration == b""
    assert rig.dossier(second.code) == second
    (act,) = rig.hub.store.read(lambda tx: tx.acts.of(first.code))
    assert (act.who, act.act, act.why) == ("cb-01", "erase", "quyết định 12/2026")
    await rig.hub.log.book.checkpoint()
    report = verified(rig, tmp_path)
    assert report.ok
    assert any("by cb-01: quyết định 12/2026" in finding.text for finding in report.findings)


async def test_a_hold_stops_everybody(rig_on_both: Rig) -> None:
    """A dossier on hold is erased neither by time nor by order, until it is released; both are acts."""
    rig = rig_on_both
    dossier = await settled(rig)
    await rig.hub.retention.hold(dossier, "cb-01", "vụ kiện 7/2026")
    rig.clock.advance(days=5000)
    assert (await rig.hub.retention.run()).dossiers == 0
    with pytest.raises(Held, match="vụ kiện 7/2026"):
        await rig.hub.retention.erase(dossier, "cb-02", "order")
    await rig.hub.retention.release(dossier, "cb-01", "kết thúc vụ kiện")
    assert (await rig.hub.retention.run()).dossiers == 1
    acts = rig.hub.store.read(lambda tx: [act.act for act in tx.acts.of(dossier.code)])
    assert acts == ["hold", "release", "erase"]


async def test_files_go_with_the_last_dossier_that_names_them(rig: Rig) -> None:
    """A file of two dossiers stays until both are erased; one that nobody named goes after its own time."""
    first, second = await settled(rig), await settled(rig, "message-2")
    unnamed = hashlib.sha256(b"%PDF unnamed").hexdigest()
    for sha256, data in ((SHA, PAPER), (unnamed, b"%PDF unnamed")):
        rig.hub.blobs.put([data], sha256)
        rig.hub.store.write_sync(lambda tx, s=sha256, d=data: tx.blobs.add(s, len(d), "application/pdf"))
    for dossier in (first, second):
        rig.hub.store.write_sync(lambda tx, code=dossier.code: tx.blobs.use(code, [SHA]))
    assert (await rig.hub.retention.run()).attachments == 0
    rig.clock.advance(days=rig.hub.project.retention.attachments.keep.days + 1)
    assert (await rig.hub.retention.run()).attachments == 1
    assert unnamed not in rig.hub.blobs
    await rig.hub.retention.erase(first, "cb-01", "order")
    assert SHA in rig.hub.blobs
    await rig.hub.retention.erase(second, "cb-01", "order")
    assert SHA not in rig.hub.blobs
    assert rig.hub.store.read(lambda tx: tx.blobs.find(SHA)) is None


async def test_messages_of_no_dossier_answers_runs_and_look_ups(rig: Rig, tmp_path: Path) -> None:
    """Every other class goes when its own time is over."""
    dossier = await settled(rig)
    await rig.hub.retention.hold(dossier, "cb-01", "stays for this test")
    with pytest.raises(Invalid):
        await rig.hub.intake.submit("dvcqg", b"<NoRequest/>")
    await rig.hub.store.write(lambda tx: tx.runs.claim("poll", rig.clock()))
    number = next(one.context["number"] for one in rig.deliveries(agency="dancu"))
    assert await rig.hub.retention.run() == Erased()
    rig.clock.advance(days=5000)
    erased = await rig.hub.retention.run()
    assert erased.messages > 0
    assert erased.answers > 0
    assert erased.lookups > 0
    assert erased.runs == 1
    assert rig.hub.store.read(lambda tx: tx.lookups.of_person(number)) == []
    await rig.hub.log.book.checkpoint()
    assert verified(rig, tmp_path).ok


async def test_many_go_in_pieces(rig: Rig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """More than one piece holds are all erased in one run; what a person still has to look at is not."""
    monkeypatch.setattr("broker.retention._AT_ONCE", 2)
    for number in range(3):
        await settled(rig, f"message-{number}")
    rig.clock.advance(days=5000)
    left = rig.work()
    assert left, "one number cannot belong to three children"
    assert (await rig.hub.retention.run()).dossiers == 3 - len({item.dossier_id for item in left})
    for item in left:
        rig.hub.store.write_sync(lambda tx, i=item.id: tx.work.close(i, "cb-01", "looked at"))
    rig.clock.advance(days=1)
    assert (await rig.hub.retention.run()).dossiers == len({item.dossier_id for item in left})
    await rig.hub.log.book.checkpoint()
    assert verified(rig, tmp_path).ok
