"""Evidence and archives as a hub joins them: with its own key, log and authorities."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from broker.evidence.gathering import Asked
from broker.evidence.vouching import own_anchors
from signing.audit import verify_files
from signing.stamps.authority import create_authority
from tests.broker.evidences import errors
from tests.broker.rig import Rig

ASKED = Asked("an", "thanh tra", bodies=True)


async def test_what_a_hub_makes_verifies_against_its_own_anchors(rig: Rig, tmp_path: Path) -> None:
    """Evidence, an archive by its job and an export, each stamped by the authority inside, verify together."""
    hub = rig.hub
    create_authority(tmp_path / "keys" / "tsa", "ben-trong", clock=rig.clock)
    code = await rig.submit()
    evidence, export = tmp_path / "evidence.asice", tmp_path / "export.asice"
    evidence.write_bytes(await hub.log.vouching.evidence.dossier(code, ASKED))
    rig.clock.advance(days=31)
    await hub.log.book.checkpoint()
    await hub.log.timestamping.run()
    assert await hub.log.vouching.archives.run() == 1
    await hub.log.vouching.archives.export(export, ASKED)
    assert hub.resources.signer is not None
    anchors = own_anchors(hub.project, hub.resources.signer, hub.believed.note_signer.verifier)
    report = verify_files([evidence, tmp_path / "archives" / "2026-09.asice", export], anchors)
    assert errors(report) == []
    assert report.proven
    assert [file.facts.level for file in report.files] == ["B-LT"] * 3


async def test_anchors_without_an_authority(rig: Rig) -> None:
    """A hub whose authority inside has no key has stamped nothing: its files verify without one."""
    hub = rig.hub
    assert hub.resources.signer is not None
    anchors = own_anchors(hub.project, hub.resources.signer, hub.believed.note_signer.verifier)
    assert anchors.authorities == ()
    assert anchors.certificates == (hub.resources.signer.certificate,)


async def test_the_job_is_on_the_schedule(rig: Rig) -> None:
    """Archives are looked after every hour, once for all processes, and given up when the hub stops."""
    job = next(one for one in rig.hub.rounds.jobs(rig.hub.project.schedule) if one.name == "archive")
    assert (job.every, job.shared) == (timedelta(hours=1), True)
    assert job.stop is not None
