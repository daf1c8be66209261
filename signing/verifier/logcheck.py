"""Verify a message log from its entries and the signed heads: chained, complete, in order, unchanged.

Reads the entries once, whatever they come from: a database, an archive, an export. Every finding is reported, not
only the first: what was changed, where, and which signed checkpoint says so.

Standards: RFC 6962 §2.1 (tree), C2SP tlog-checkpoint v1.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from signing.errors import SigningError
from signing.log import merkle, note
from signing.verifier.entries import Bindings, CheckBody, Entry, Erasures, check_content, read_leaf
from signing.verifier.findings import Finding, Findings

Head = tuple[int, bytes]
_Waiting = tuple[bytes, bytes, bool]  # hash of the leaf, hash that was stored, whether the body is missing
_MOST_WAITING = 100_000


@dataclasses.dataclass(frozen=True, slots=True)
class LogReport:
    """All findings, with the number of entries read, of bodies compared and erased, of bindings between entries
    compared, and the root computed from the entries."""

    findings: list[Finding]
    entries: int
    root: bytes
    bodies: int = 0
    erased: int = 0
    bound: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing contradicts the log."""
        return not any(finding.severity == "error" for finding in self.findings)


def verify_log(
    entries: Iterable[Entry],
    *,
    head: Head | None = None,
    checkpoints: Iterable[str] = (),
    verifier: note.NoteVerifier,
    origin: str | None = None,
    check_body: CheckBody | None = None,
    with_bodies: bool = False,
    start: merkle.Frontier | None = None,
) -> LogReport:
    """Read the whole log once and compare it with its stored ``head`` and with signed ``checkpoints``.

    ``checkpoints`` are notes as published; ``origin`` is the log's name if it differs from the key's. ``start``:
    the tree before the first entry, if that is not the beginning. ``with_bodies``: every body must be there unless
    an entry of the log says that it was erased. Memory grows by one byte an entry, and more if entries are missing.
    Never raises for what it finds.
    """
    findings = Findings()
    claims = _open_all(checkpoints, verifier, origin, findings)
    if head is not None:
        claims.append(Claim("head", *head))
    reading = Reading(findings, {claim.size for claim in claims}, check_body, start)
    for entry in entries:
        reading.take(entry)
    return conclude(reading, claims, head, with_bodies=with_bodies)


@dataclasses.dataclass(frozen=True, slots=True)
class Claim:
    """Somebody says that the first ``size`` entries have this root."""

    place: str
    size: int
    root: bytes


def conclude(
    reading: Reading, claims: list[Claim], head: Head | None = None, *, with_bodies: bool = False
) -> LogReport:
    """Hold everything that was read against the claims, once the last entry was taken."""
    findings = reading.findings
    reading.finish()
    erased = reading.erasures.report(findings, complete=with_bodies)
    _compare(claims, reading)
    _report_disagreeing(claims, reading)
    _report_coverage(claims, head, reading)
    root, bound = reading.computed.root, reading.bindings.compared
    return LogReport(findings.all(), reading.count, root, reading.bodies, erased, bound)


class Reading:
    """One pass over the entries: checks each by itself, puts them in order, keeps roots at the sizes asked
    for.

    Entries behind a gap wait for what is missing. When too many wait, the tree is `lost`: nothing behind the gap can be
    held against a head any more, and what follows is checked one by one.
    """

    def __init__(
        self,
        findings: Findings,
        sizes: set[int],
        check_body: CheckBody | None = None,
        start: merkle.Frontier | None = None,
    ) -> None:
        self.findings = findings
        self.sizes = sizes
        self.check_body = check_body
        self.count = 0
        self.bodies = 0
        self.computed = start.copy() if start else merkle.Frontier()
        self.stored = self.computed.copy()
        # size → (root over the leaves as they are, root over the hashes as stored)
        self.roots: dict[int, tuple[bytes, bytes]] = {}
        self.erasures = Erasures(self.computed.size)
        self.bindings = Bindings()
        self.disagreeing: list[int] = []
        self.lost = False
        self._waiting: dict[int, _Waiting] = {}
        self._next = 0
        self._note_root()

    @property
    def broken_off(self) -> bool:
        """Whether there are entries behind a gap."""
        return self.lost or bool(self._waiting)

    def take(self, entry: Entry) -> None:
        """Check one entry and add it to the tree, or keep it until those before it arrive."""
        self.count += 1
        if entry.index < self.computed.size or entry.index in self._waiting:
            self.findings.error("index", "index", "the index occurs more than once", index=entry.index)
            return
        if self.lost:
            self._follow(entry.index)
        elif entry.index == self.computed.size and self._waiting:
            self.findings.error("index", "index", "the entry stands behind a later one", index=entry.index)
        computed = merkle.leaf_hash(entry.leaf)
        self._check(entry, computed)
        if self.lost:
            return
        self._waiting[entry.index] = (computed, entry.leaf_hash, entry.body is None)
        while (following := self._waiting.pop(self.computed.size, None)) is not None:
            self._append(following)
        if len(self._waiting) > _MOST_WAITING:
            self.finish()
            self._next, self.lost = max(self._waiting) + 1, True
            self._waiting.clear()

    def finish(self) -> None:
        """Report the gaps that nothing filled."""
        expected = self.computed.size
        for index in sorted(self._waiting):
            if index > expected:
                self._report_gap(expected, index)
            expected = index + 1

    def _follow(self, index: int) -> None:
        """Order alone, once the tree is lost."""
        if index > self._next:
            self._report_gap(self._next, index)
        elif index < self._next:
            self.findings.error("index", "index", "the entry stands behind a later one", index=index)
        self._next = max(self._next, index + 1)

    def _report_gap(self, start: int, stop: int) -> None:
        missing = f"entry {start} is" if stop == start + 1 else f"entries {start} to {stop - 1} are"
        self.findings.error("index", "index", f"{missing} missing", index=start)

    def _check(self, entry: Entry, leaf_hash: bytes) -> None:
        leaf = read_leaf(entry, self.findings)
        check_content(entry, leaf, self.findings, self.check_body)
        self.bodies += entry.body is not None
        self.erasures.take(entry, leaf, self.findings)
        self.bindings.take(entry.index, leaf, leaf_hash, self.findings)

    def _append(self, following: _Waiting) -> None:
        computed, stored, missing = following
        if computed != stored and len(self.disagreeing) < _MOST_WAITING:
            self.disagreeing.append(self.computed.size)
        self.computed.append(computed)
        self.stored.append(stored)
        self.erasures.follows(missing=missing)
        self._note_root()

    def _note_root(self) -> None:
        if self.computed.size in self.sizes:
            self.roots[self.computed.size] = (self.computed.root, self.stored.root)


def _open_all(
    notes: Iterable[str], verifier: note.NoteVerifier, origin: str | None, findings: Findings
) -> list[Claim]:
    """The checkpoints whose signature is right, smallest first; the others are reported and not believed."""
    claims = []
    for number, text in enumerate(notes, 1):
        try:
            opened = note.open_checkpoint(text, verifier, origin=origin)
        except SigningError as error:
            findings.error("checkpoint", f"checkpoint {number}", error.reason)
        else:
            claims.append(Claim(f"checkpoint {number}", opened.size, opened.root))
    return sorted(claims, key=lambda claim: claim.size)


def _compare(claims: list[Claim], reading: Reading) -> None:
    """Hold every claim against the root of as many entries."""
    agreed = 0
    for claim in claims:
        code = "head" if claim.place == "head" else "checkpoint"
        if claim.size not in reading.roots:
            reading.findings.error(code, claim.place, _unreachable(claim, reading))
        elif reading.roots[claim.size][0] == claim.root:
            agreed = max(agreed, claim.size if claim.place != "head" else 0)
        else:
            reading.findings.error(code, claim.place, _contradiction(claim, agreed))


def _unreachable(claim: Claim, reading: Reading) -> str:
    have = reading.computed.size
    if reading.broken_off:
        return f"the root of {claim.size} entries cannot be computed: entry {have} is missing"
    return f"it covers {claim.size} entries, but the log ends after {have}: the tail was cut off"


def _contradiction(claim: Claim, agreed: int) -> str:
    if claim.size == 0:
        return "it says that the empty log has another root than it must have"
    since = f"; the first {agreed} agree with a signed checkpoint" if agreed and agreed < claim.size else ""
    return f"its root is not that of the first {claim.size} entries: changed, reordered or forked{since}"


def _report_disagreeing(claims: list[Claim], reading: Reading) -> None:
    """Say of each entry whose leaf and stored hash disagree which of the two was changed, if a claim can
    tell."""
    for index in reading.disagreeing:
        claim = next((c for c in claims if c.size > index and c.size in reading.roots), None)
        code, place, text = "leaf", "leaf or hash", "the leaf does not match its stored hash"
        if claim is not None and reading.roots[claim.size][0] == claim.root:
            code, place = "hash", "leaf_hash"
            text = f"the stored hash was changed: {claim.place} agrees with the leaf"
        elif claim is not None and reading.roots[claim.size][1] == claim.root:
            place, text = "leaf", f"the leaf was changed: {claim.place} agrees with the stored hash"
        reading.findings.error(code, place, text, index=index)


def _report_coverage(claims: list[Claim], head: Head | None, reading: Reading) -> None:
    """Say what nothing signed speaks about."""
    size = reading.computed.size
    if head is not None and head[0] < size:
        text = f"the log has {size} entries, its head only {head[0]}"
        reading.findings.error("head", "head", text, index=head[0])
    signed = max((claim.size for claim in claims if claim.place != "head"), default=None)
    if signed is None:
        text = "no checkpoint with a valid signature was given"
        reading.findings.warning("coverage", "checkpoints", text)
    elif signed < size:
        text = f"the last {size - signed} entries are not covered by a checkpoint yet"
        reading.findings.info("coverage", "checkpoints", text, index=signed)
