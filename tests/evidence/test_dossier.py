"""A whole dossier of a hub with all its agencies, verified by somebody who has nothing but the file and the anchors."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from broker.evidence.containers import Containers
from broker.evidence.gathering import Asked, Evidence
from lienthong.demo.world import HUB_KEY
from signing.audit import verify_file
from signing.keys import load_key, read_certificates
from signing.log.note import load_note_key
from signing.verifier.anchors import Anchors
from tests.worlds import birth, stage


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Anchors]:
    """Evidence about a birth from its declaration to its last result, and what its reader believes."""
    folder = tmp_path_factory.mktemp("dossier")

    async def run() -> bytes:
        async with stage(folder) as world:
            code = await world.submit(birth())
            await world.settle()
            await world.finish(code)
            hub, signer = world.hub, load_key(folder / "keys", HUB_KEY)
            maker = Evidence(
                hub.store,
                hub.log.book,
                Containers(signer, world.clock, stamp=hub.log.timestamping.stamp),
                load_note_key(folder / "keys", HUB_KEY).verifier,
                world.clock,
                names={},
                services={},
                stamp_head=hub.log.timestamping.run,
            )
            return await maker.dossier(code, Asked("kt-01", "kiểm tra", bodies=True))

    file = folder / "dossier.asice"
    file.write_bytes(asyncio.run(run()))
    keys = folder / "keys"
    partners = [one for pem in (folder / "trust").rglob("*.pem") for one in read_certificates(pem)]
    authority = [one for pem in keys.rglob("*.crt.pem") for one in read_certificates(pem)]
    hub = load_key(keys, HUB_KEY).certificate
    log = load_note_key(keys, HUB_KEY).verifier
    anchors = Anchors((hub,), tuple(authority), (log,), partners=tuple(partners))
    return file, anchors


def test_proven(dossier: tuple[Path, Anchors]) -> None:
    """Every entry, every answer's binding, and every signature that an agency made: nothing is wrong or unproven."""
    file, anchors = dossier
    report = verify_file(file, anchors)
    facts = report.files[0].facts
    assert (report.exit_code, facts.kind, facts.level) == (0, "dossier", "B-LT"), report.as_text()
    assert facts.entries == facts.bodies > 50
    assert facts.bound > 25
    assert facts.messages > 40
    assert {(found.severity, found.code) for found in report.findings} <= {
        ("info", "timestamp"),
        ("info", "erasure"),
    }


def test_an_agency_that_nobody_vouches_for(dossier: tuple[Path, Anchors]) -> None:
    """Without the agencies' certificates their signatures are verified, and whose they are is not proven."""
    file, anchors = dossier
    alone = dataclasses.replace(anchors, partners=())
    report = verify_file(file, alone)
    assert report.exit_code == 0
    strangers = [found.text for found in report.findings if found.code == "message"]
    assert any("cutru" in text for text in strangers)
