"""Inclusion proofs as text."""

from __future__ import annotations

import hashlib

import pytest

from signing.errors import ProofInvalid
from signing.log.proof import Proof

NODES = tuple(hashlib.sha256(bytes([number])).digest() for number in range(3))
NOTE = "log\n5\nAAAA\n\n— log AAAA\n"


def test_a_proof_is_the_text_that_the_standard_shows() -> None:
    """Header, index, hashes in base64, an empty line, the checkpoint."""
    lines = Proof(17, NODES, NOTE).text.split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 17"]
    assert lines[2] == "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="
    assert lines[5:7] == ["", "log"]


@pytest.mark.parametrize("path", [(), NODES])
def test_a_proof_is_read_back(path: tuple[bytes, ...]) -> None:
    """What was written is read, without hashes too: a log of one entry has none."""
    proof = Proof(0, path, NOTE)
    assert Proof.from_text(proof.text) == proof


@pytest.mark.parametrize(
    "change",
    [
        ("@v1", "@v2"),
        ("index 17", "index 017"),
        ("index 17", "index -1"),
        ("index 17\n", ""),
        ("bjQL", "bjQ"),
        ("bjQL", "bj L"),
        ("B0=", "B1="),
        ("\n\n", "\n"),
        ("index", "extra AAAA\nindex"),
        (f"\n\n{NOTE}", "\n\n"),
    ],
)
def test_anything_else_is_refused(change: tuple[str, str]) -> None:
    """Only the one form is read, so that a changed character is noticed."""
    text = Proof(17, NODES, NOTE).text.replace(*change)
    if change[0].startswith("\n\n"):
        text = Proof(17, NODES, "").text.replace("\n\n", change[1])
    with pytest.raises(ProofInvalid):
        Proof.from_text(text)


def test_too_many_hashes_are_refused() -> None:
    """No log is so long."""
    with pytest.raises(ProofInvalid):
        Proof.from_text(Proof(0, NODES * 30, NOTE).text)
