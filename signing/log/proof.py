"""A proof in a file: where an entry stands in a log, and the checkpoint under which it does.

    c2sp.org/tlog-proof@v1
    index 17
    <hashes, base64, one a line>

    <checkpoint, with the signatures of log and witnesses>

Standard: C2SP tlog-proof v1 (https://c2sp.org/tlog-proof), without the optional ``extra`` line: only one form is read.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
from collections.abc import Sequence

from signing.errors import ProofInvalid, SignatureInvalid
from signing.log import merkle
from signing.log.note import Checkpoint, split_note

_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
MOST_HASHES = 63
"""Hashes of the longest proof that there can be: a log has fewer than 2^63 entries."""


@dataclasses.dataclass(frozen=True, slots=True)
class Proof:
    """Entry ``index`` is in the tree whose head ``note`` is; ``note`` as it was signed, unchecked."""

    index: int
    path: tuple[bytes, ...]
    note: str

    @property
    def text(self) -> str:
        """The file's text."""
        return "\n".join([_HEADER, f"index {self.index}", *lines(self.path), "", self.note])

    @classmethod
    def from_text(cls, text: str) -> Proof:
        """Proof from a file's text, its signatures unchecked. Raises ProofInvalid."""
        head, separator, note = text.partition("\n\n")
        first, *rest = head.split("\n")
        if first != _HEADER or not separator or not note:
            raise ProofInvalid("this is not a log proof")
        index = _INDEX.fullmatch(rest[0]) if rest else None
        if index is None:
            raise ProofInvalid("the proof does not name an entry")
        return cls(int(index[1]), tuple(hashes(rest[1:])), note)

    def check(self, leaf: bytes) -> None:
        """Raise ProofInvalid unless the proof leads from this leaf hash to the root in its checkpoint.

        Whose checkpoint it is has to be checked apart (`signing.log.note.open_checkpoint`).
        """
        try:
            head = Checkpoint.from_text(split_note(self.note)[0])
        except SignatureInvalid as error:
            raise ProofInvalid(f"the checkpoint of the proof: {error.reason}") from error
        merkle.verify_inclusion(leaf, self.index, head.size, self.path, head.root)


def lines(proof: Sequence[bytes]) -> list[str]:
    """Hashes as lines of base64."""
    return [base64.b64encode(node).decode("ascii") for node in proof]


def hashes(proof: Sequence[str]) -> list[bytes]:
    """Hashes from lines of base64, in the one way in which each can be written. Raises ProofInvalid."""
    if len(proof) > MOST_HASHES:
        raise ProofInvalid(f"a proof has at most {MOST_HASHES} hashes")
    return [_hash(line) for line in proof]


def _hash(line: str) -> bytes:
    try:
        node = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofInvalid("a line of the proof is not base64") from error
    if len(node) != 32 or base64.b64encode(node).decode("ascii") != line:
        raise ProofInvalid("a line of the proof is not a hash of 32 bytes")
    return node
