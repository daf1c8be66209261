"""What a reader believes comes from a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from signing.errors import KeyProblem
from signing.verifier.anchors import Anchors, vkeys
from tests.evidence.building import LOG, WITNESS, anchors, trust_folder


def test_folder(tmp_path: Path) -> None:
    """Certificates by their place, keys by their type; what is not there anchors nothing."""
    assert Anchors.from_folder(trust_folder(tmp_path / "trust")) == anchors()
    (tmp_path / "trust/partners").mkdir()
    (tmp_path / "trust/ca.pem").rename(tmp_path / "trust/partners/ca.pem")
    moved = anchors(certificates=(), partners=anchors().certificates)
    assert Anchors.from_folder(tmp_path / "trust") == moved
    (tmp_path / "empty").mkdir()
    assert Anchors.from_folder(tmp_path / "empty") == Anchors()


def test_keys_by_type() -> None:
    """A key of a log and one of a witness are told apart by the type in them, blank lines aside."""
    logs, witnesses = vkeys(f"\n{WITNESS.verifier.vkey}\n\n{LOG.verifier.vkey}\n")
    assert (logs, witnesses) == ([LOG.verifier], [WITNESS.verifier])


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.pem", b"no certificate"), ("tsa/a.pem", b""), ("a.vkey", b"no key"), ("a.vkey", b"\xff\xfe")],
)
def test_unreadable(tmp_path: Path, name: str, content: bytes) -> None:
    """A file that cannot be read is named: an anchor is not lost in silence."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(KeyProblem):
        Anchors.from_folder(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    """A folder that is not there is a mistake, not an empty one."""
    with pytest.raises(KeyProblem, match="nowhere"):
        Anchors.from_folder(tmp_path / "nowhere")
