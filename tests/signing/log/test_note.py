from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from signing.errors import KeyProblem, SignatureInvalid
from signing.log.note import (
    Checkpoint,
    NoteSigner,
    NoteVerifier,
    create_note_key,
    load_note_key,
    open_checkpoint,
    open_note,
    sign_checkpoint,
    sign_note,
)

# The example of golang.org/x/mod/sumdb/note, from which the C2SP standard was made.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = (
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

ORIGIN = "lienthong.example/log"
LOG = NoteSigner(ORIGIN, bytes(range(32)))
CHECKPOINT = Checkpoint(ORIGIN, 1042, bytes(range(100, 132)))


def test_the_published_example_is_reproduced() -> None:
    """Signing the published text with the published key gives the published note, and it opens."""
    signer = NoteSigner.from_text(SKEY)
    assert sign_note(TEXT, [signer]) == f"{TEXT}\n{LINE}"
    assert signer.verifier.vkey == VKEY
    assert open_note(f"{TEXT}\n{LINE}", [NoteVerifier.from_vkey(VKEY)]) == TEXT


def test_signatures_by_unknown_keys_are_passed_over() -> None:
    """A note that others signed too opens with the one key that we know."""
    both = sign_note(TEXT, [LOG, NoteSigner.from_text(SKEY)])
    assert open_note(both, [LOG.verifier]) == TEXT


@pytest.mark.parametrize(
    "broken",
    [
        "",
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}{LINE}",
        f"{TEXT}\n{LINE}"[:-1],
        f"{TEXT}\nnot a signature\n{LINE}",
        f"{TEXT}\n— PeterNeumann x08=\n",
        f"{TEXT}\n— PeterNeumann !!!!\n",
        f"{TEXT.replace('answer', 'Answer')}\n{LINE}",
        f"{TEXT}extra\n\n{LINE}",
        f"{TEXT}tab\there\n\n{LINE}",
        f"{TEXT}\n{LINE.replace('PeterNeumann', 'Somebody')}",
        f"{TEXT}\n{LINE * 101}",
    ],
)
def test_a_note_that_was_touched_does_not_open(broken: str) -> None:
    """Damage to text, layout or signature is refused."""
    with pytest.raises(SignatureInvalid):
        open_note(broken, [NoteVerifier.from_vkey(VKEY)])


def test_a_wrong_signature_is_not_outweighed_by_a_right_one() -> None:
    """If one of two known keys did not sign the text, the note is refused."""
    wrong = LOG.signature_line("something else\n")
    note = sign_note(TEXT, [NoteSigner.from_text(SKEY)]) + wrong
    with pytest.raises(SignatureInvalid, match="does not match"):
        open_note(note, [LOG.verifier, NoteVerifier.from_vkey(VKEY)])


def test_a_checkpoint_goes_through_its_note() -> None:
    """Origin, size and root come back from the signed note."""
    assert open_checkpoint(sign_checkpoint(CHECKPOINT, LOG), LOG.verifier) == CHECKPOINT


def test_a_checkpoint_is_three_lines_that_a_person_can_read() -> None:
    """The text is that of the standard: origin, decimal size, base64 root."""
    root = base64.b64encode(CHECKPOINT.root).decode()
    assert CHECKPOINT.text == f"{ORIGIN}\n1042\n{root}\n"


def test_extension_lines_of_a_checkpoint_are_passed_over() -> None:
    """Lines after the root are signed, but mean nothing to us."""
    assert Checkpoint.from_text(f"{CHECKPOINT.text}extension\n") == CHECKPOINT


def test_a_checkpoint_of_another_log_is_refused() -> None:
    """The key's log and the checkpoint's origin must be the same, or the one asked for."""
    note = sign_checkpoint(CHECKPOINT, LOG)
    with pytest.raises(SignatureInvalid, match=r"other\.example"):
        open_checkpoint(note, LOG.verifier, origin="other.example/log")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n5\n",
        f"\n5\n{'A' * 43}=\n",
        f"origin\n05\n{'A' * 43}=\n",
        f"origin\n-1\n{'A' * 43}=\n",
        "origin\n5\nAAAA\n",
        "origin\n5\nnot base64\n",
        f"origin\n5\n{'A' * 43}=",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    """Lines that are missing or malformed are not guessed."""
    with pytest.raises(SignatureInvalid):
        Checkpoint.from_text(text)


def test_a_note_key_is_created_once_and_loaded(tmp_path: Path) -> None:
    """The file is private to its owner, is never overwritten, and gives the same key again."""
    created = create_note_key(tmp_path, "log", origin=ORIGIN)
    assert load_note_key(tmp_path, "log").verifier == created.verifier
    assert stat.S_IMODE((tmp_path / "log.note.key").stat().st_mode) == 0o600
    with pytest.raises(KeyProblem, match="exists already"):
        create_note_key(tmp_path, "log", origin=ORIGIN)


def test_a_missing_note_key_is_named(tmp_path: Path) -> None:
    """The error says which file was looked for."""
    with pytest.raises(KeyProblem, match=r"log\.note\.key"):
        load_note_key(tmp_path, "log")


@pytest.mark.parametrize(
    "text",
    [
        VKEY,
        SKEY.replace("c74f20a3", "c74f20a4"),
        "PRIVATE+KEY+a+b+AAAA",
        "PRIVATE+KEY+a+b+!",
        "PRIVATE+KEY+a b+c+d",
    ],
)
def test_a_damaged_private_note_key_is_refused(text: str) -> None:
    """Wrong prefix, key id, length, alphabet or name."""
    with pytest.raises(KeyProblem):
        NoteSigner.from_text(text)


def test_a_verifier_key_with_a_wrong_key_id_is_refused() -> None:
    """The four bytes protect against a key pasted under another's name."""
    with pytest.raises(KeyProblem, match="wrong key id"):
        NoteVerifier.from_vkey(VKEY.replace("PeterNeumann", "Somebody"))
