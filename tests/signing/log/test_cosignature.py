"""A witness's signature says what was seen, and when."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from signing.errors import KeyProblem, SignatureInvalid
from signing.log.cosignature import (
    CosignatureSigner,
    CosignatureVerifier,
    cosign,
    cosignatures,
    create_witness_key,
    load_witness_key,
    with_lines,
)
from signing.log.note import Checkpoint, NoteSigner, NoteVerifier, open_checkpoint, open_note, sign_checkpoint

LOG = NoteSigner("lienthong.example/log", bytes(range(32)))
WITNESS = CosignatureSigner("witness.example/w1", bytes(range(1, 33)))
OTHER = CosignatureSigner("witness.example/w2", bytes(range(2, 34)))
HEAD = Checkpoint(LOG.name, 1042, bytes(range(100, 132)))
NOTE = sign_checkpoint(HEAD, LOG)
AT = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)


def test_the_signed_bytes_are_those_of_the_standard() -> None:
    """Header, time in decimal, the checkpoint's text; in the line: key id, eight bytes of time, Ed25519."""
    line = WITNESS.cosignature_line(HEAD.text, AT)
    assert line.startswith("— witness.example/w1 ")
    blob = base64.b64decode(line.split(" ")[2])
    seconds = int(AT.timestamp())
    assert (len(blob), blob[:4], int.from_bytes(blob[4:12], "big")) == (76, WITNESS.verifier.key_id, seconds)
    signed = f"cosignature/v1\ntime {seconds}\n{HEAD.text}".encode()
    Ed25519PublicKey.from_public_bytes(WITNESS.verifier.public).verify(blob[12:], signed)


def test_the_key_id_is_of_type_four() -> None:
    """The same key and name as a signer of notes would have another id: neither passes for the other."""
    assert WITNESS.verifier.key_id != NoteVerifier(WITNESS.name, WITNESS.verifier.public).key_id
    assert base64.b64decode(WITNESS.verifier.vkey.split("+", 2)[2])[:1] == b"\x04"
    with pytest.raises(KeyProblem, match="type 01"):
        NoteVerifier.from_vkey(WITNESS.verifier.vkey)
    with pytest.raises(KeyProblem, match="type 04"):
        CosignatureVerifier.from_vkey(LOG.verifier.vkey)


def test_cosignatures_of_known_witnesses_are_found() -> None:
    """With their times, in the order of the note; the log's own line and others' are passed over."""
    note = cosign(cosign(NOTE, OTHER, AT), WITNESS, AT + timedelta(minutes=1))
    known = CosignatureVerifier.from_vkey(WITNESS.verifier.vkey)
    [found] = cosignatures(note, [known])
    assert (found.witness, found.at) == (known, AT + timedelta(minutes=1))
    assert with_lines(cosign(NOTE, OTHER, AT), [found.line]) == note
    assert open_checkpoint(note, LOG.verifier) == HEAD
    assert open_note(note, [known, LOG.verifier]) == HEAD.text


@pytest.mark.parametrize("at", [4, 11, 12, 75])
def test_a_changed_cosignature_is_refused(at: int) -> None:
    """In the time as in the signature; a changed key id makes it somebody else's, who is not known."""
    line = WITNESS.cosignature_line(HEAD.text, AT).rstrip("\n")
    blob = bytearray(base64.b64decode(line.split(" ")[2]))
    blob[at] ^= 1
    note = with_lines(NOTE, [f"— {WITNESS.name} {base64.b64encode(blob).decode()}"])
    with pytest.raises(SignatureInvalid):
        cosignatures(note, [WITNESS.verifier])


def test_a_cosignature_of_another_head_is_refused() -> None:
    """A line that was given for one checkpoint proves nothing below another."""
    line = WITNESS.cosignature_line(Checkpoint(LOG.name, 7, HEAD.root).text, AT).rstrip("\n")
    with pytest.raises(SignatureInvalid):
        cosignatures(with_lines(NOTE, [line]), [WITNESS.verifier])


def test_the_key_is_kept_in_a_file(tmp_path: Path) -> None:
    """Created by a command, never over another; a log's key is not taken for it."""
    made = create_witness_key(tmp_path, "witness", witness="witness.example/w3")
    assert load_witness_key(tmp_path, "witness").verifier == made.verifier
    with pytest.raises(KeyProblem):
        create_witness_key(tmp_path, "witness", witness="witness.example/w3")
    (tmp_path / "log.note.key").write_text(LOG.private_text)
    with pytest.raises(KeyProblem):
        load_witness_key(tmp_path, "log")
