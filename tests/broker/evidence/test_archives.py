"""Archives are complete, linked, verified before they count, and made again after anything that goes wrong."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from broker.evidence.gathering import Asked
from broker.evidence.logfiles import ENTRIES, FileWrong
from broker.store.archives import Archives as StoredArchives
from broker.store.archives import StoredArchive
from broker.store.errors import Missing
from broker.store.schema import messages
from signing.audit import verify_files
from signing.container import asic
from tests.broker.evidences import Authority, anchors, archives, errors, explained
from tests.broker.rig import Rig
from tests.broker.test_retention import settled

ASKED = Asked("thanh-tra", "thanh tra năm 2026", bodies=True)


async def a_day(rig: Rig, authority: Authority | None, name: str = "message-0") -> None:
    """A dossier comes on a day; the head behind it is signed, and stamped if there is an authority."""
    await rig.submit(name)
    rig.clock.advance(days=1)
    await rig.hub.log.book.checkpoint()
    if authority is not None:
        await authority.stamp_head()


def recorded(rig: Rig) -> list[StoredArchive]:
    """The archives that count."""
    return rig.hub.store.read(lambda tx: tx.archives.all())


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The entries in a file."""
    with asic.read(path) as container:
        yield from (json.loads(line) for line in container.lines(ENTRIES))


async def test_each_day_becomes_an_archive_that_continues_the_one_before(
    rig_on_both: Rig, tmp_path: Path
) -> None:
    """Two days give two files that verify alone and together; the link names the file before; then all is done."""
    rig = rig_on_both
    authority = Authority(rig, tmp_path / "keys")
    kept = archives(rig, tmp_path, authority)
    for day in range(2):
        await a_day(rig, authority, f"message-{day}")
    assert await kept.run() == 2
    assert await kept.run() == 0
    found = recorded(rig)
    paths = [tmp_path / "archives" / one.file for one in found]
    assert [path.name for path in paths] == ["2026-09-15.asice", "2026-09-16.asice"]
    assert [one.sha256 for one in found] == [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    assert found[1].start == found[0].stop
    report = verify_files(paths, anchors(tmp_path, authority))
    assert errors(report) == []
    assert report.proven
    assert sorted(path.name for path in (tmp_path / "archives").iterdir()) == [path.name for path in paths]
    page = explained(paths[1].read_bytes())
    assert "2026-09-15.asice" in page
    assert "Lưu trữ liền trước" in page


async def test_a_month_is_one_archive(rig: Rig, tmp_path: Path) -> None:
    """By the month, nothing is archived before it is over in Vietnam, and then once."""
    kept = archives(rig, tmp_path, Authority(rig, tmp_path / "keys"), period="month")
    authority = Authority(rig, tmp_path / "more")
    await a_day(rig, authority)
    assert await kept.run() == 0
    rig.clock.advance(days=20)
    await a_day(rig, authority, "message-of-october")
    await archives(rig, tmp_path, authority, period="month").run()
    assert [one.period for one in recorded(rig)] == ["2026-09"]


async def test_a_period_waits_for_its_time_stamp_and_not_for_ever(rig: Rig, tmp_path: Path) -> None:
    """The head behind a period is to be stamped; when the authorities stay away, the archive says that it is not."""
    authority = Authority(rig, tmp_path / "keys")
    kept = archives(rig, tmp_path, authority)
    await rig.submit()
    rig.clock.set(rig.clock().replace(hour=17, minute=5))  # 00:05 in Vietnam
    await rig.hub.log.book.checkpoint()
    authority.away = True
    assert await kept.run() == 0
    rig.clock.advance(hours=5)
    assert await kept.run() == 1
    (found,) = recorded(rig)
    assert "CHƯA CÓ" in explained((tmp_path / "archives" / found.file).read_bytes())


async def test_a_crash_leaves_nothing_that_counts(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the file has its name and before it is recorded: the next run makes it again, and it counts once."""
    kept = archives(rig, tmp_path)
    await a_day(rig, None)
    rig.clock.advance(hours=5)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(StoredArchives, "add", die)
        with pytest.raises(BaseException):  # noqa: B017, PT011 - as a kill would end it
            await kept.run()
    path = tmp_path / "archives" / "2026-09-15.asice"
    assert path.exists()
    assert recorded(rig) == []
    (tmp_path / "archives" / ".2026-09-15.asice.part").write_bytes(b"half")
    path.write_bytes(b"half")
    assert await kept.run() == 1
    assert [one.sha256 for one in recorded(rig)] == [hashlib.sha256(path.read_bytes()).hexdigest()]
    assert list((tmp_path / "archives").iterdir()) == [path]


async def test_what_does_not_verify_is_no_archive(rig: Rig, tmp_path: Path) -> None:
    """A log that was changed gives no archive but a work item with what is wrong; mended, it closes by itself."""
    kept = archives(rig, tmp_path)
    await a_day(rig, None)
    rig.clock.advance(hours=5)
    body = update(messages).where(messages.c.idx == 0)
    leaf = rig.hub.store.read(lambda tx: next(tx.log.entries(0, 1)).leaf)

    def put(value: bytes) -> None:
        rig.hub.store.write_sync(lambda tx: tx.log._conn.execute(body, {"leaf": value}))

    put(leaf.replace(b'"ok"', b'"no"'))
    assert await kept.run() == 0
    assert await kept.run() == 0
    (item,) = rig.work("archive")
    assert item.owner == "truc-he-thong"
    assert "2026-09-15" in item.reason
    assert list((tmp_path / "archives").iterdir()) == []
    put(leaf)
    assert await kept.run() == 1
    assert rig.work("archive") == []


async def test_an_archive_is_taken_elsewhere_until_it_is_there(rig: Rig, tmp_path: Path) -> None:
    """A program that fails is run again by the next run, and a person is told; when it succeeds, the item closes."""
    gate = tmp_path / "gate"
    script = (
        "import pathlib, shutil, sys\n"
        f"if not pathlib.Path({str(gate)!r}).exists(): sys.exit('the gate is shut')\n"
        f"shutil.copy(sys.argv[1], {str(tmp_path / 'elsewhere')!r})"
    )
    kept = archives(rig, tmp_path, program=(sys.executable, "-c", script, "{file}"))
    await a_day(rig, None)
    rig.clock.advance(hours=5)
    assert await kept.run() == 1
    assert recorded(rig)[0].transferred_at is None
    (item,) = rig.work("archive")
    assert "the gate is shut" in item.reason
    assert await kept.run() == 0
    assert len(rig.work("archive")) == 1
    gate.touch()
    await kept.run()
    (found,) = recorded(rig)
    assert found.transferred_at == rig.clock()
    assert rig.work("archive") == []
    assert hashlib.sha256((tmp_path / "elsewhere").read_bytes()).hexdigest() == found.sha256


async def test_what_was_erased_is_not_in_later_archives(rig: Rig, tmp_path: Path) -> None:
    """A body that is gone is null in the archive, the entry that says so follows; one on hold is still there."""
    kept = archives(rig, tmp_path)
    dossier = await settled(rig)
    held = await settled(rig, "message-2")
    await rig.hub.retention.hold(held, "an", "vụ kiện 7/2026")
    await rig.hub.retention.erase(dossier, "an", "lệnh của tòa án")
    rig.clock.advance(days=1)
    await rig.hub.log.book.checkpoint()
    rig.clock.advance(hours=5)
    assert await kept.run() == 1
    path = tmp_path / "archives" / recorded(rig)[0].file
    assert errors(verify_files([path], anchors(tmp_path))) == []
    bodies = {}
    for line in lines(path):
        leaf = json.loads(line["leaf"])
        bodies.setdefault((leaf["dossier"], leaf["kind"] == "erasure"), set()).add(line["body"] is not None)
    assert bodies[dossier.code, False] == {False}
    assert bodies[dossier.code, True] == {True}
    assert bodies[held.code, False] == {True}


async def test_an_archive_without_what_was_erased_since(rig: Rig, tmp_path: Path) -> None:
    """Written anew, it has the same entries and heads and verifies; what names people is gone; it is an act."""
    kept = archives(rig, tmp_path, program=(sys.executable, "-c", ""))
    dossier = await settled(rig)
    rig.clock.advance(days=1)
    await rig.hub.log.book.checkpoint()
    rig.clock.advance(hours=5)
    await a_day(rig, None, "message-later")
    rig.clock.advance(hours=5)
    assert await kept.run() == 2
    before, after_it = recorded(rig)
    path = tmp_path / "archives" / before.file
    was = list(lines(path))
    await rig.hub.retention.erase(dossier, "an", "lệnh của tòa án")
    gone = await kept.redact(before.period, "an", "lệnh của tòa án")
    now = list(lines(path))
    assert gone == sum(one["body"] is not None for one in was) - sum(one["body"] is not None for one in now)
    assert gone > 0
    assert [one["leaf"] for one in was] == [one["leaf"] for one in now]
    assert errors(verify_files([path], anchors(tmp_path))) == []
    after, _ = recorded(rig)
    assert (after.start, after.stop, after.transferred_at) == (before.start, before.stop, None)
    assert after.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    acts = rig.hub.store.read(lambda tx: tx.acts.of(before.file))
    assert before.sha256 in acts[-1].why
    assert after.sha256 in acts[-1].why
    with pytest.raises(Missing):
        await kept.redact("2020-01", "an", "nothing")
    report = verify_files([path, tmp_path / "archives" / after_it.file], anchors(tmp_path))
    assert errors(report) == []
    assert any("was another file" in one.text for one in report.across)
    path.write_bytes(b"damaged")
    with pytest.raises(FileWrong):
        await kept.redact(before.period, "an", "again")


async def test_an_export_begins_and_ends_at_signed_heads(rig: Rig, tmp_path: Path) -> None:
    """The whole log, or some days of it, in one file that verifies alone; who asked for it and why is an act."""
    authority = Authority(rig, tmp_path / "keys")
    kept = archives(rig, tmp_path, authority)
    for day in range(3):
        await a_day(rig, authority, f"message-{day}")
    await rig.submit("newest-message")
    whole, some = tmp_path / "whole.asice", tmp_path / "some.asice"
    size = rig.hub.store.read(lambda tx: tx.log.head().size)
    assert await kept.export(whole, ASKED) == size
    first = (rig.clock() - timedelta(days=2)).date()
    count = await kept.export(some, ASKED, first, first)
    assert 0 < count < size
    report = verify_files([whole, some], anchors(tmp_path, authority))
    assert errors(report) == []
    assert [file.facts.kind for file in report.files] == ["export", "export"]
    acts = rig.hub.store.read(lambda tx: tx.acts.latest(2))
    assert {(act.act, act.who, act.why) for act in acts} == {("export", ASKED.who, ASKED.purpose)}
    assert recorded(rig) == []


async def test_a_run_gives_up_when_the_hub_stops(rig: Rig, tmp_path: Path) -> None:
    """Stopped while an archive is taken elsewhere, or verified, it leaves nothing half done; another run makes it."""
    started = tmp_path / "started"
    script = f"import pathlib, threading; pathlib.Path({str(started)!r}).touch(); threading.Event().wait()"
    kept = archives(rig, tmp_path, program=(sys.executable, "-c", script))
    kept.stop()
    await a_day(rig, None)
    rig.clock.advance(hours=5)
    run = asyncio.create_task(kept.run())
    while not started.exists():
        await asyncio.sleep(0)
    kept.stop()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert recorded(rig)[0].transferred_at is None
    assert [path.name for path in (tmp_path / "archives").iterdir()] == ["2026-09-15.asice"]
