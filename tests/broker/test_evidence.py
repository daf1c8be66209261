"""Evidence is complete, verifies without the hub, and hands out no more than was asked for and allowed."""

from __future__ import annotations

from pathlib import Path

from signing import asic
from tests.broker.evidences import (
    WITH_BODIES,
    Authority,
    anchors,
    errors,
    evidence,
    said,
    verified,
)
from tests.broker.rig import Rig


async def test_evidence_of_a_message_verifies_without_the_hub(rig_on_both: Rig, tmp_path: Path) -> None:
    """Leaf, body, proof, signed and stamped head, signature with time-stamp: a verifier finds nothing wrong."""
    rig = rig_on_both
    await rig.opened()
    authority = Authority(rig, tmp_path / "keys")
    message = rig.messages(kind="request", direction="in")[0]
    data = await evidence(rig, tmp_path, authority).message(message.id, WITH_BODIES)
    report = verified(tmp_path, data, anchors(tmp_path, authority))
    assert errors(report) == []
    (entry,) = said(data)["entries"]
    with asic.read(data) as container:
        assert container.read(entry["body"]) == message.body
