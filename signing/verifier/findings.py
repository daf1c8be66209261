"""What a verification found: each thing with its severity, a stable code, its place, and what it means.

A finding says what is so; `MEANING` says once per code what that tells a reader and what can be done.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Literal

Severity = Literal["error", "warning", "info"]

MEANING: dict[str, str] = {
    "body": "The content is not what was logged, or it is gone without a word: ask for the original.",
    "bound": "Request and answer do not name each other's entries: one of the two was exchanged.",
    "certificate": "Whoever signed is not who must have signed, or was not allowed to at that time.",
    "checkpoint": "A signed head of the log is false, or contradicts the entries: history was rewritten.",
    "cosignature": "A witness did not sign this head, or signed another: ask the witness for what it remembers.",
    "coverage": "Nothing signed speaks about these entries yet: verify again when the next head is signed.",
    "damaged": "The file cannot be read, or not to its end: get another copy.",
    "erasure": "Content was erased and the log says so; that there was a message stays proven.",
    "files": "The file does not hold just what it says it holds: something was added or taken out.",
    "hash": "The hash stored with an entry was changed; the entry itself may be right.",
    "head": "What the database calls the end of the log is not the end of its entries.",
    "index": "Entries are missing, doubled or in another order: something was removed or moved.",
    "leaf": "The entry itself was changed, or is not in the one form that entries have.",
    "level": "The signature lacks what keeps it verifiable for long: a time-stamp or revocation data.",
    "link": "The archive does not continue the one before: one of them was exchanged, or one is missing.",
    "message": "The signature inside a message does not verify, or was not verified here.",
    "packing": "The archive is not packed in the one form that evidence has: bytes were changed, added or moved.",
    "proof": "The entry is not proven to be in the log: it was changed, or belongs to another log.",
    "revocation": "Whether a certificate was revoked is not proven for the time of the signature.",
    "signature": "The signature over the whole file is broken: what it covers was changed after signing.",
    "statement": "What the file says about itself is not well-formed, or not so.",
    "tile": "The stored tree differs from the entries: proofs made from it will not verify.",
    "timestamp": "The time-stamp proves nothing about this head.",
    "unanchored": "It fits together, but with a key that came along: give anchors that you got in another way.",
}
"""What a code tells a reader, in plain English."""


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing found; ``index`` is the entry's, None if it concerns no single one; ``place`` names the part.

    ``offset`` counts bytes in the file that was verified, where one byte can be named.
    """

    severity: Severity
    index: int | None
    place: str
    text: str
    code: str
    offset: int | None = None

    @property
    def meaning(self) -> str:
        """What such a finding tells a reader."""
        return MEANING[self.code]


class Findings:
    """Collects findings up to a bound, so that a hostile file cannot fill the memory with them."""

    def __init__(self, most: int = 10_000) -> None:
        self._found: list[Finding] = []
        self._most = most
        self.left_out = 0

    def add(self, found: Finding) -> None:
        """Keep one finding; beyond the bound only their number is kept."""
        if len(self._found) < self._most:
            self._found.append(found)
        else:
            self.left_out += 1

    def all(self) -> list[Finding]:
        """Everything that was kept, and how many were not."""
        if not self.left_out:
            return list(self._found)
        text = f"and {self.left_out:,} findings more, which are not listed"
        return [*self._found, Finding("error", None, "all", text, "damaged")]

    def extend(self, found: Iterable[Finding]) -> None:
        """Keep several."""
        for each in found:
            self.add(each)

    def error(
        self, code: str, place: str, text: str, *, index: int | None = None, offset: int | None = None
    ) -> None:
        """Something contradicts what the file claims."""
        self.add(Finding("error", index, place, text, code, offset))

    def warning(self, code: str, place: str, text: str, *, index: int | None = None) -> None:
        """Something could not be proven."""
        self.add(Finding("warning", index, place, text, code))

    def info(self, code: str, place: str, text: str, *, index: int | None = None) -> None:
        """Something worth knowing."""
        self.add(Finding("info", index, place, text, code))
