"""Time-stamps that are kept, verified again."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from broker.log import tokens
from broker.store.engine import Store
from broker.store.schema import log_checkpoints, log_timestamps
from tests.broker.log.test_timestamping import CERTIFICATE, OTHER, Scene, Scripted
from tests.clock import ManualClock


@pytest.fixture
async def scene(store: Store, clock: ManualClock, tmp_path: Path) -> Scene:
    """Two heads with a token each, on SQLite and on PostgreSQL."""
    made = Scene(store, clock, tmp_path)
    stamping = made.stamping(Scripted("ngoai", clock))
    for _ in range(2):
        await made.signed(3)
        await stamping.run()
    return made


def faults(scene: Scene, anchors: tokens.Anchors | None) -> list[str | None]:
    """What is wrong with each token, newest first."""
    return [each.fault for each in scene.store.read(lambda tx: list(tokens.verify_all(tx, anchors)))]


async def test_what_nobody_touched_is_right(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the anchors of its authority, and without any; all pages."""
    monkeypatch.setattr(tokens, "_PAGE", 1)
    assert faults(scene, {"ngoai": [CERTIFICATE]}) == [None, None]
    assert faults(scene, None) == [None, None]


async def test_the_authority_must_be_the_one_that_is_named(scene: Scene) -> None:
    """A token of somebody else is found where anchors are known, and so is an authority that nobody knows."""
    assert all("no known authority" in str(fault) for fault in faults(scene, {"ngoai": [OTHER]}))
    assert faults(scene, {}) == ["the authority ngoai is not known"] * 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (update(log_timestamps).values(size=99), "not there any more"),
        (update(log_timestamps).values(token=b"\x30\x00"), "cannot be read"),
        (update(log_timestamps).values(at=ManualClock().advance(hours=5)), "not the one beside it"),
        (update(log_checkpoints).values(note="another note"), "other bytes"),
    ],
)
async def test_what_was_changed_is_found(scene: Scene, change: object, words: str) -> None:
    """Token, size, time or note."""
    await scene.store.write(lambda tx: tx.timestamps._conn.execute(change))  # type: ignore[call-overload]
    assert all(words in str(fault) for fault in faults(scene, {"ngoai": [CERTIFICATE]}))
