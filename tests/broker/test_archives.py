"""Archives are complete, linked, verified before they count, and made again after anything that goes wrong."""

from __future__ import annotations

import hashlib
from pathlib import Path

from signing.audit import verify_files
from tests.broker.evidences import Authority, anchors, archives, errors
from tests.broker.rig import Rig


async def days(rig: Rig, authority: Authority | None, number: int) -> None:
    """Let dossiers come on so many days; the head behind each is signed, and stamped if there is an authority."""
    for day in range(number):
        await rig.opened(f"message-{day}")
        rig.clock.advance(days=1)
        await rig.hub.logbook.checkpoint()
        if authority is not None:
            await authority.stamp_head()


async def test_each_day_becomes_an_archive_that_continues_the_one_before(
    rig_on_both: Rig, tmp_path: Path
) -> None:
    """Three days give three files that verify alone and together; the link names the file before; then all is done."""
    rig = rig_on_both
    authority = Authority(rig, tmp_path / "keys")
    kept = archives(rig, tmp_path, authority)
    await days(rig, authority, 3)
    assert await kept.run() == 3
    assert await kept.run() == 0
    found = rig.hub.store.read(lambda tx: tx.archives.all())
    paths = [tmp_path / "archives" / one.file for one in found]
    assert [path.name for path in paths] == ["2026-09-15.asice", "2026-09-16.asice", "2026-09-17.asice"]
    assert [one.sha256 for one in found] == [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    assert [one.start for one in found[1:]] == [one.stop for one in found[:-1]]
    report = verify_files(paths, anchors(tmp_path, authority))
    assert errors(report) == []
    assert sorted(path.name for path in (tmp_path / "archives").iterdir()) == [path.name for path in paths]
