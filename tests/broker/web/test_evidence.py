"""Evidence over REST: a file that verifies without the hub, for who may have it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from broker.evidence.vouching import own_anchors
from signing.audit import verify_file
from signing.container import asic
from tests.broker.evidences import errors, said
from tests.worlds import Stage, birth, stage

ASKS = {"officer": "CB000007", "purpose": "khi%E1%BA%BFu%20n%E1%BA%A1i%2017/2026"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Stage]:
    """A hub on which the portal may have evidence, bodies included."""
    may = ["submit", "status", "log", "bodies"]
    client = {"id": "dvcqg", "key": "portal-key", "signature": "optional", "may": may}
    async with stage(tmp_path, overrides={"hub.clients": [client]}) as world:
        yield world


async def get(world: Stage, path: str, **fields: str) -> tuple[int, bytes, Mapping[str, str]]:
    """Status, bytes and header fields of an answer; ``fields`` are X-Officer, X-Purpose."""
    headers: dict[str, Any] = {"X-Api-Key": world.portal_key}
    headers |= {f"X-{name.title()}": value for name, value in fields.items()}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{world.url}/api/v1/evidence/{path}", headers=headers) as got,
    ):
        return got.status, await got.read(), got.headers


async def test_a_dossier_of_real_agencies(world: Stage, tmp_path: Path) -> None:
    """All that went between hub, portal and agencies, signatures inside messages included, verifies offline."""
    code = await world.submit(birth(), portal_code="H01.001-260001")
    await world.finish(code)
    status, data, fields = await get(world, "dossiers/H01.001-260001?bodies=true", **ASKS)
    assert (status, fields["Content-Type"]) == (200, asic.MIMETYPE)
    assert fields["Content-Disposition"] == 'attachment; filename="dossier.asice"'
    path = tmp_path / "dossier.asice"
    path.write_bytes(data)
    hub = world.hub
    assert hub.resources.signer is not None
    anchors = own_anchors(hub.project, hub.resources.signer, hub.believed.note_signer.verifier)
    report = verify_file(path, anchors)
    assert errors(report) == []
    facts = report.files[0].facts
    assert (facts.subject, facts.level, facts.independent) == (code, "B-LT", False)
    assert facts.entries == facts.bodies > 20
    assert facts.messages > 0
    acts = hub.store.read(lambda tx: tx.acts.of(f"dossier {code}"))
    assert [(act.act, act.who, act.why) for act in acts] == [
        ("evidence", "CB000007 (dvcqg)", "khiếu nại 17/2026")
    ]
    message = hub.store.read(lambda tx: tx.messages.of_dossier(code))[0].id
    for kind, entries in (("messages", 1), ("exchanges", 2)):
        status, data, _ = await get(world, f"{kind}/{message}", **ASKS)
        assert status == 200
        assert len(said(data)["entries"]) == entries
        assert all(one["body"] is None for one in said(data)["entries"])


async def test_what_cannot_be_asked(world: Stage) -> None:
    """Without officer or purpose, with another word than true or false: 422; what is not there: 404."""
    code = await world.submit(birth())
    assert (await get(world, f"dossiers/{code}"))[0] == 422
    assert (await get(world, f"dossiers/{code}", officer="CB000007"))[0] == 422
    assert (await get(world, f"dossiers/{code}?bodies=yes", **ASKS))[0] == 422
    for path in ("dossiers/nothing", "messages/nothing", "exchanges/nothing"):
        assert (await get(world, path, **ASKS))[0] == 404
