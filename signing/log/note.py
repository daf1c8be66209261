"""Signed notes and log checkpoints: the signed head of the message log, readable by people and by other
tools.

A checkpoint is three lines, a blank line and signatures::

    lienthong.example/log
    1042
    1ZmZ…=

    — lienthong.example/log x08go/ZJku…=

Standards: C2SP signed-note v1 and tlog-checkpoint v1 (https://c2sp.org), Ed25519 (RFC 8032).
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from signing.errors import KeyProblem, SignatureInvalid
from signing.keys import key_path, write_private

_SUFFIX = ".note.key"
_PRIVATE = "PRIVATE+KEY+"
_MOST_SIGNATURES = 100
_SIGNATURE_LINE = re.compile(r"— (\S+) (\S+)")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclasses.dataclass(frozen=True, slots=True)
class NoteVerifier:
    """The public half of a note key: a name and an Ed25519 key."""

    kind: ClassVar[bytes] = b"\x01"
    """Signature type (signed-note, "Signature types"): here Ed25519 over the text."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart (signed-note, "Signature types")."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The verifier key as text, to be published."""
        return f"{self.name}+{self.key_id.hex()}+{_b64(self.kind + self.public)}"

    @classmethod
    def from_vkey(cls, vkey: str) -> Self:
        """Verifier from its published text. Raises KeyProblem."""
        name, key_id, key = _split_key(vkey.strip(), cls.kind)
        verifier = cls(name, key)
        if verifier.key_id.hex() != key_id:
            raise KeyProblem(f"the verifier key of {name} has the wrong key id")
        return verifier

    def check(self, text: str, signature: bytes) -> None:
        """Raise SignatureInvalid unless ``signature`` is this key's over ``text``."""
        self._check_bytes(text.encode(), signature)

    def _check_bytes(self, signed: bytes, signature: bytes) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, signed)
        except (InvalidSignature, ValueError) as error:
            raise SignatureInvalid(f"the note's signature by {self.name} does not match its text") from error


class NoteSigner:
    """The private half of a note key, held in memory."""

    verifiers: ClassVar[type[NoteVerifier]] = NoteVerifier
    """What verifies its signatures."""

    def __init__(self, name: str, seed: bytes) -> None:
        """``seed`` is the Ed25519 private key (32 bytes). Raises KeyProblem for a name that notes cannot
        carry."""
        _check_name(name)
        self.name = name
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = self.verifiers(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> Self:
        """A new key for notes signed as ``name``. Raises KeyProblem."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Signer from the text of its key file. Raises KeyProblem."""
        if not text.startswith(_PRIVATE):
            raise KeyProblem("this is not the text of a private note key")
        name, key_id, seed = _split_key(text.removeprefix(_PRIVATE).strip(), cls.verifiers.kind)
        signer = cls(name, seed)
        if signer.verifier.key_id.hex() != key_id:
            raise KeyProblem(f"the private note key of {name} has the wrong key id")
        return signer

    @property
    def private_text(self) -> str:
        """Text of the key file. Secret."""
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{_b64(self.verifier.kind + self._seed)}"

    def signature_line(self, text: str) -> str:
        """The line that signs ``text``, with its line end."""
        return f"— {self.name} {_b64(self.verifier.key_id + self._key.sign(text.encode()))}\n"


def create_note_key(folder: Path, name: str, *, origin: str) -> NoteSigner:
    """Create ``<name>.note.key`` in ``folder`` for notes signed as ``origin``; never overwrites. Raises
    KeyProblem."""
    signer = NoteSigner.generate(origin)
    keep_note_key(folder, name, signer)
    return signer


def keep_note_key(folder: Path, name: str, signer: NoteSigner) -> None:
    """Write ``signer`` to ``<name>.note.key`` in ``folder``; never overwrites. Raises KeyProblem."""
    folder.mkdir(parents=True, exist_ok=True)
    write_private(key_path(folder, name, _SUFFIX), f"{signer.private_text}\n".encode())


def has_note_key(folder: Path, name: str) -> bool:
    """Whether ``<name>.note.key`` is in ``folder``. Raises KeyProblem for a name that is none."""
    return key_path(folder, name, _SUFFIX).exists()


def load_note_key(folder: Path, name: str) -> NoteSigner:
    """Read ``<name>.note.key`` from ``folder``. Raises KeyProblem."""
    return NoteSigner.from_text(note_key_text(folder, name))


def note_key_text(folder: Path, name: str) -> str:
    """The text of ``<name>.note.key`` in ``folder``. Secret. Raises KeyProblem."""
    path = key_path(folder, name, _SUFFIX)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyProblem(f"{path} cannot be read as a private note key: {error}") from error


def sign_note(text: str, signers: Sequence[NoteSigner]) -> str:
    """The note: ``text`` (complete lines without control characters), a blank line, one signature per
    signer."""
    _check_text(text)
    return text + "\n" + "".join(signer.signature_line(text) for signer in signers)


def open_note(note: str, verifiers: Sequence[NoteVerifier]) -> str:
    """The text of a note that at least one verifier's key signed; signatures by unknown keys are passed over.

    Raises SignatureInvalid if a known key's signature is wrong, or none is known.
    """
    text, lines = split_note(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    signed = False
    for line in lines:
        name, key_id, signature = read_signature(line)
        verifier = known.get((name, key_id))
        if verifier is not None:
            verifier.check(text, signature)
            signed = True
    if not signed:
        raise SignatureInvalid("the note carries no signature by a known key")
    return text


def split_note(note: str) -> tuple[str, list[str]]:
    """The signed text of a note and its signature lines, unchecked. Raises SignatureInvalid if it is no note."""
    text, separator, signatures = note.rpartition("\n\n")
    lines = signatures.split("\n")
    if not separator or lines[-1] or len(lines) - 1 > _MOST_SIGNATURES:
        raise SignatureInvalid("this is not a signed note")
    text += "\n"
    _check_text(text)
    return text, lines[:-1]


@dataclasses.dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: its ``origin`` (a unique name), its ``size`` in entries and its Merkle ``root``."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"

    @classmethod
    def from_text(cls, text: str) -> Checkpoint:
        """Checkpoint from its lines; extension lines are passed over. Raises SignatureInvalid."""
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0] or not _SIZE.fullmatch(lines[1]) or "" in lines[:-1] or lines[-1]:
            raise SignatureInvalid("this is not a log checkpoint")
        root = _unb64(lines[2])
        if len(root) != 32:
            raise SignatureInvalid("the root in a checkpoint has 32 bytes")
        return cls(lines[0], int(lines[1]), root)


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> str:
    """The checkpoint as a signed note."""
    return sign_note(checkpoint.text, [signer])


def open_checkpoint(note: str, verifier: NoteVerifier, *, origin: str | None = None) -> Checkpoint:
    """The checkpoint in a note signed by ``verifier``'s key, of the log ``origin`` (default: the key's name).

    Raises SignatureInvalid.
    """
    checkpoint = Checkpoint.from_text(open_note(note, [verifier]))
    expected = verifier.name if origin is None else origin
    if checkpoint.origin != expected:
        raise SignatureInvalid(f"the checkpoint is of the log {checkpoint.origin!r}, not of {expected!r}")
    return checkpoint


def read_signature(line: str) -> tuple[str, bytes, bytes]:
    """Name, key id and signature in a line below a note's text, without its line end. Raises SignatureInvalid."""
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise SignatureInvalid("a line below the note's text is not a signature")
    blob = _unb64(match[2])
    if len(blob) < 5:
        raise SignatureInvalid("a signature of the note is too short")
    return match[1], blob[:4], blob[4:]


def _split_key(text: str, kind: bytes) -> tuple[str, str, bytes]:
    """(name, key id in hexadecimal, 32 bytes of key) of a key text; the key's base64 may itself hold plus
    signs."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    _check_name(name)
    try:
        key = _unb64(encoded)
    except SignatureInvalid as error:
        raise KeyProblem(f"the note key of {name} is not base64") from error
    if len(key) != 33 or key[:1] != kind:
        raise KeyProblem(f"the note key of {name} is not an Ed25519 key of type {kind.hex()}")
    return name, key_id, key[1:]


def _check_name(name: str) -> None:
    if not name or "+" in name or any(character.isspace() for character in name):
        raise KeyProblem(f"{name!r} cannot name a note key: no spaces, no plus signs")


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(character < " " and character != "\n" for character in text):
        raise SignatureInvalid("a note consists of whole lines without control characters")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unb64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureInvalid(f"{text!r} is not base64") from error
