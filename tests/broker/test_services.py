"""What the web face may ask of a hub."""

from __future__ import annotations

import hashlib

import pytest

from broker.errors import Forbidden, Invalid, NotFound
from broker.model import Problem
from broker.services import HubServices
from tests.broker.rig import PORTAL, Rig, completed, inbound, report, submission

DATA = b"%PDF-1.7"
DIGEST = hashlib.sha256(DATA).hexdigest()


async def test_file(rig: Rig) -> None:
    """A file is kept once, and told about."""
    services = HubServices(rig.hub)
    assert await services.put_attachment(PORTAL, DIGEST, "application/pdf", DATA)
    assert not await services.put_attachment(PORTAL, DIGEST, "application/pdf", DATA)
    assert (await services.attachment(PORTAL, DIGEST)).size == len(DATA)


async def test_file_not_for_everybody(rig: Rig) -> None:
    """Only who may attach, and only what there is."""
    services = HubServices(rig.hub)
    with pytest.raises(Forbidden):
        await services.put_attachment("cancuoc", DIGEST, "application/pdf", DATA)
    with pytest.raises(NotFound):
        await services.attachment(PORTAL, DIGEST)


async def test_doors(rig: Rig) -> None:
    """Every request goes to the part that answers it, and what never became a document is recorded."""
    services = HubServices(rig.hub)
    assert b"SubmitResponse" in await services.submit(PORTAL, submission())
    await rig.settle()
    answer = await services.callback("cutru", inbound(report(completed("cutru", "unknown"))))
    assert answer.status == 200
    await services.refused(
        PORTAL, "submit", b"{", "application/json", Invalid([Problem(None, "Sai", "Wrong")])
    )
    assert rig.messages(kind="refused")[0].content_type == "application/json"
