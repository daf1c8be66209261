"""Co-signatures: a witness says that it saw a log's head at a time, and that it continues the heads it saw before.

A co-signature is one more signature line of the checkpoint's note; its eight bytes of time are signed with the text::

    cosignature/v1
    time 1795402800
    lienthong.example/log
    1042
    1ZmZ…=

Standard: C2SP tlog-cosignature v1 (https://c2sp.org/tlog-cosignature), Ed25519, signature type 0x04.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from signing.errors import SignatureInvalid
from signing.log.note import (
    NoteSigner,
    NoteVerifier,
    keep_note_key,
    note_key_text,
    read_signature,
    sign_note,
    split_note,
)

_TIME_SIZE = 8
_LATEST = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())


class CosignatureVerifier(NoteVerifier):
    """The public half of a witness's key."""

    kind: ClassVar[bytes] = b"\x04"

    def check(self, text: str, signature: bytes) -> None:
        """Raise SignatureInvalid unless ``signature`` is this witness's over ``text`` and the time in it."""
        self.time(text, signature)

    def time(self, text: str, signature: bytes) -> datetime:
        """When the witness saw ``text``. Raises SignatureInvalid unless the signature is its own."""
        seconds = int.from_bytes(signature[:_TIME_SIZE], "big")
        self._check_bytes(_signed(text, seconds), signature[_TIME_SIZE:])
        if seconds > _LATEST:
            raise SignatureInvalid(f"the time in the cosignature by {self.name} is none")
        return datetime.fromtimestamp(seconds, UTC)


class CosignatureSigner(NoteSigner):
    """The private half of a witness's key."""

    verifiers: ClassVar[type[NoteVerifier]] = CosignatureVerifier
    verifier: CosignatureVerifier

    def cosignature_line(self, text: str, at: datetime) -> str:
        """The line that says that ``text`` was seen at that time, with its line end."""
        seconds = int(at.timestamp())
        signature = self._key.sign(_signed(text, seconds))
        blob = self.verifier.key_id + seconds.to_bytes(_TIME_SIZE, "big") + signature
        return f"— {self.name} {base64.b64encode(blob).decode('ascii')}\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Cosigned:
    """One valid co-signature: by whom, when, and the line as it stands in the note, without its end."""

    witness: CosignatureVerifier
    at: datetime
    line: str


def create_witness_key(folder: Path, name: str, *, witness: str) -> CosignatureSigner:
    """Create ``<name>.note.key`` in ``folder`` for the witness so called; never overwrites. Raises KeyProblem."""
    signer = CosignatureSigner.generate(witness)
    keep_note_key(folder, name, signer)
    return signer


def load_witness_key(folder: Path, name: str) -> CosignatureSigner:
    """Read ``<name>.note.key`` from ``folder``. Raises KeyProblem."""
    return CosignatureSigner.from_text(note_key_text(folder, name))


def with_lines(note: str, lines: Sequence[str]) -> str:
    """The note with further signature lines below those that it has; ``lines`` come without their ends."""
    return note + "".join(f"{line}\n" for line in lines)


def cosignatures(note: str, witnesses: Sequence[CosignatureVerifier]) -> list[Cosigned]:
    """The co-signatures of known witnesses on a note, in its order; lines of others are passed over.

    Raises SignatureInvalid if one that claims to be a known witness's is wrong, or if this is no note.
    """
    text, lines = split_note(note)
    known = {(witness.name, witness.key_id): witness for witness in witnesses}
    found = []
    for line in lines:
        name, key_id, signature = read_signature(line)
        witness = known.get((name, key_id))
        if witness is not None:
            found.append(Cosigned(witness, witness.time(text, signature), line))
    return found


def cosign(note: str, signer: CosignatureSigner, at: datetime) -> str:
    """The note with the co-signature of ``signer``, whose other signatures are not looked at."""
    text, lines = split_note(note)
    return with_lines(sign_note(text, []), [*lines, signer.cosignature_line(text, at).rstrip("\n")])


def _signed(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
