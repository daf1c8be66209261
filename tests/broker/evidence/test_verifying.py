"""Our own files before the verifier, in its own process."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.evidence.gathering import Asked
from broker.evidence.verifying import Verifying, write_anchors
from signing.errors import KeyProblem
from signing.verifier.anchors import Anchors
from tests.broker.evidences import Authority, anchors, archives
from tests.broker.rig import Rig


async def test_what_is_wrong_is_said_in_words(rig: Rig, tmp_path: Path) -> None:
    """A file of ours has no errors; a damaged one, one that is none, and one for other anchors have."""
    await rig.submit()
    path = tmp_path / "log.asice"
    await archives(rig, tmp_path).export(path, Asked("an", "test"))
    ours = Verifying(lambda: anchors(tmp_path))
    assert await ours.errors(path) == []
    stranger = Authority(rig, tmp_path / "other").key.certificate
    others = Anchors(certificates=(stranger,), logs=anchors(tmp_path).logs)
    assert any("META-INF" in one for one in await Verifying(lambda: others).errors(path))
    path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version": 2'))
    assert any("evidence.json" in one for one in await ours.errors(path))
    path.write_bytes(b"nothing")
    assert await ours.errors(path)


async def test_a_verifier_that_does_not_run(tmp_path: Path) -> None:
    """When there is no report, what the verifier said instead is what is wrong."""

    def broken() -> Anchors:
        raise KeyProblem("no anchors")

    with pytest.raises(KeyProblem):
        await Verifying(broken).errors(tmp_path / "nothing")
    assert await Verifying(lambda: Anchors()).errors(tmp_path / "nothing")


def test_anchors_are_written_as_they_are_read(rig: Rig, tmp_path: Path) -> None:
    """A folder of anchors says what was meant."""
    meant = anchors(tmp_path, Authority(rig, tmp_path / "keys"))
    write_anchors(meant, tmp_path / "trust")
    assert Anchors.from_folder(tmp_path / "trust") == meant
