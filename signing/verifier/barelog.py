"""A bare export of a log: its entries line by line in a file, and signed heads beside it.

What ``log/entries.jsonl`` of an archive holds, taken out of it or written by another tool. No seal is over it: the
heads alone prove it, so they are needed, and the key of the log too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from signing.errors import SignatureInvalid
from signing.log.note import Checkpoint, open_checkpoint
from signing.verifier.anchors import Anchors
from signing.verifier.archivecheck import LONGEST, entries
from signing.verifier.case import Facts
from signing.verifier.findings import Findings
from signing.verifier.logcheck import Claim, Reading, conclude

SUFFIX = ".jsonl"
"""How the name of such a file ends."""
_NOTES = "*.note"
_LARGEST_NOTE = 64 * 1024


def check(path: Path, anchors: Anchors, findings: Findings) -> tuple[Facts, dict[int, Checkpoint]]:
    """Verify the entries in a file against every note beside it; gives what is known and the heads by size.

    Raises OSError.
    """
    heads = _heads(path.parent, anchors, findings)
    claims = [Claim(name, head.size, head.root) for name, head in heads]
    reading = Reading(findings, {claim.size for claim in claims})
    with path.open("rb") as file:
        for entry in entries(_lines(file, path.name, findings), path.name, findings):
            reading.take(entry)
    found = conclude(reading, sorted(claims, key=lambda claim: claim.size), with_bodies=True)
    facts = Facts(
        kind="log", subject=path.name, root=found.root, size=found.entries, first=0, stop=found.entries
    )
    facts.origin = next((head.origin for _, head in heads), None)
    facts.entries, facts.bodies, facts.erased, facts.bound = (
        found.entries,
        found.bodies,
        found.erased,
        found.bound,
    )
    return facts, {head.size: head for _, head in heads}


def _heads(folder: Path, anchors: Anchors, findings: Findings) -> list[tuple[str, Checkpoint]]:
    """Every note in the folder that a known log has signed, by name; others are reported."""
    heads = []
    if not anchors.logs:
        findings.warning("unanchored", _NOTES, "no key of a log was given: signed heads are not believed")
        return []
    for file in sorted(folder.glob(_NOTES)):
        with file.open("rb") as opened:
            text = opened.read(_LARGEST_NOTE).decode("utf-8", "replace")
        refused = ""
        for log in anchors.logs:
            try:
                heads.append((file.name, open_checkpoint(text, log)))
                break
            except SignatureInvalid as error:
                refused = error.reason
        else:
            findings.error("checkpoint", file.name, refused)
    return heads


def _lines(file: BinaryIO, name: str, findings: Findings) -> Iterator[bytes]:
    """The lines of a file without their ends, as far as none is too long."""
    while line := file.readline(LONGEST):
        if not line.endswith(b"\n"):
            findings.error("damaged", name, "a line is too long, or the last one is not ended")
            return
        yield line[:-1]
