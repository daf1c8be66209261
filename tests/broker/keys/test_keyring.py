"""The hub's own keys while it runs."""

from __future__ import annotations

import pytest

from broker.keys.keyring import log_acts, ring_of
from signing.errors import KeyProblem
from signing.pki.keyring import FILE
from tests.broker.rig import Rig


def acts(rig: Rig) -> list[tuple[str, str, str]]:
    """What the log says was done with keys, oldest first."""
    found = rig.hub.store.read(lambda tx: tx.acts.latest())
    return [(act.who, act.act, act.target) for act in reversed(found) if act.target.startswith("key ")]


async def test_a_running_hub_signs_with_the_key_that_was_activated(rig: Rig) -> None:
    """From its next look on; each step stands in the log once, with who did it."""
    signer = rig.hub.resources.signer
    assert signer is not None
    before = signer.certificate
    ring = ring_of(rig.hub.project, rig.clock)
    name = ring.rotate("an", "tới hạn")
    await rig.hub.scheduler.tick("keys")
    assert signer.certificate == before
    rig.clock.advance(days=1)
    ring.activate(name, "bình", "tới hạn")
    for _ in range(2):
        await rig.hub.scheduler.tick("keys")
    assert signer.certificate == ring.load(name).certificate != before
    old = rig.hub.project.hub.key
    assert sorted(acts(rig)) == [
        ("an", "key create", f"key {name}"),
        ("bình", "key activate", f"key {name}"),
        ("bình", f"key replaced by {name}", f"key {old}"),
    ]
    assert log_acts(ring, rig.hub.store) == 0


async def test_a_broken_ring_does_not_stop_the_hub(rig: Rig) -> None:
    """It goes on with the key that it has, and partners' certificates are followed all the same."""
    signer = rig.hub.resources.signer
    assert signer is not None
    before = signer.certificate
    (rig.hub.believed.ring.folder / FILE).write_text("{", encoding="utf-8")
    with pytest.raises(KeyProblem, match=FILE):
        await rig.hub.scheduler.tick("keys")
    assert signer.certificate == before
    assert signer.sign(b"still")
