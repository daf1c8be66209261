"""What a verification found: each thing with its severity, a stable code, its place, and what it means.

A finding says what is so; `MEANING` says once per code what that tells a reader and what can be done.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Literal

Severity = Literal["error", "warning", "info"]

MEANING: dict[str, str] = {
    "body": "The content is not what was logged, or it is gone without a word: ask for the original.",
    "bound": "Request and answer do not name each other's entries: one of the two was exchanged.",
    "checkpoint": "A signed head of the log is false, or contradicts the entries: history was rewritten.",
    "cosignature": "A witness did not see this head, or saw another: ask the witness for what it remembers.",
    "coverage": "Nothing signed speaks about these entries yet: verify again when the next head is signed.",
    "erasure": "Content was erased and the log says so; that there was a message stays proven.",
    "head": "What the database calls the end of the log is not the end of its entries.",
    "hash": "The hash stored with an entry was changed; the entry itself may be right.",
    "index": "Entries are missing, doubled or in another order: something was removed or moved.",
    "leaf": "The entry itself was changed, or is not in the one form that entries have.",
    "tile": "The stored tree differs from the entries: proofs made from it will not verify.",
    "timestamp": "The time-stamp proves nothing about this head.",
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

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def add(self, found: Finding) -> None:
        """Keep one finding; beyond the bound only their number is kept."""
        if len(self._found) < self._most:
            self._found.append(found)
        else:
            self.left_out += 1

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
