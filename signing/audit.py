"""Verify a message log offline, from a plain export and the published checkpoints; no database, no hub.

An auditor needs the exported entries, the notes that were published over time and the log's verifier key.
Every finding is reported, not only the first: what was changed, where, and which signed checkpoint says so.

Standards: RFC 6962 §2.1 (tree), C2SP tlog-checkpoint v1.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from signing import merkle, note
from signing.errors import SigningError

Severity = Literal["error", "warning", "info"]
Head = tuple[int, bytes]


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One exported entry: ``leaf`` are the canonical JSON bytes that were hashed, ``leaf_hash`` what was
    stored.

    ``body`` is None if it was erased or not exported; ``salt`` was put before the body when it was hashed.
    """

    index: int
    leaf: bytes
    leaf_hash: bytes
    salt: bytes | None = None
    body: bytes | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing found; ``index`` is the entry's, None if it concerns the log; ``place`` names the part."""

    severity: Severity
    index: int | None
    place: str
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """All findings, with the number of entries read, of bodies compared and erased, and the root computed from
    the entries."""

    findings: list[Finding]
    entries: int
    root: bytes
    bodies: int = 0
    erased: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing contradicts the log."""
        return not any(finding.severity == "error" for finding in self.findings)


CheckBody = Callable[[Entry], str | None]
"""Looks into an entry with a body, for example verifies its signature; answers what is wrong, or None."""


def verify_log(
    entries: Iterable[Entry],
    *,
    head: Head | None = None,
    checkpoints: Iterable[str] = (),
    verifier: note.NoteVerifier,
    origin: str | None = None,
    check_body: CheckBody | None = None,
    with_bodies: bool = False,
) -> Report:
    """Read the whole log once and compare it with its stored ``head`` and with signed ``checkpoints``.

    ``checkpoints`` are notes as published; ``origin`` is the log's name if it differs from the key's.
    ``with_bodies``: every body must be there unless an entry of the log says that it was erased. Memory grows by
    one byte an entry, and more if entries are missing. Never raises for what it finds.
    """
    findings: list[Finding] = []
    claims = _open_all(checkpoints, verifier, origin, findings)
    if head is not None:
        claims.append(_Claim("head", *head))
    reading = _Reading(findings, {claim.size for claim in claims}, check_body)
    for entry in entries:
        reading.take(entry)
    reading.finish()
    erased = reading.erasures.report(findings, complete=with_bodies)
    _compare(claims, reading, findings)
    _report_disagreeing(claims, reading, findings)
    _report_coverage(claims, head, reading, findings)
    return Report(findings, reading.count, reading.computed.root, reading.bodies, erased)


@dataclasses.dataclass(frozen=True, slots=True)
class _Claim:
    """Somebody says that the first ``size`` entries have this root."""

    place: str
    size: int
    root: bytes


class _Erasures:
    """Which bodies are missing, and what the log itself says of it: an entry of kind ``erasure`` lists entries."""

    def __init__(self) -> None:
        self._missing = bytearray()
        self._said: dict[tuple[str, str], list[int]] = {}
        self._listed: list[Sequence[int]] = []

    def missing(self, index: int) -> None:
        """The body of this entry is not there."""
        self._missing.extend(bytes(max(0, index + 1 - len(self._missing))))
        self._missing[index] = 1

    def told(self, leaf: Mapping[str, object], body: bytes) -> str | None:
        """An entry that says what was erased; answers what is wrong with it."""
        try:
            entries = json.loads(body)["entries"]
        except (ValueError, KeyError, TypeError):
            return "the entry does not say which bodies were erased"
        if not isinstance(entries, list) or not all(
            isinstance(index, int) and index >= 0 for index in entries
        ):
            return "the entry does not say which bodies were erased"
        self._listed.append(entries)
        who = (str(leaf.get("officer")), str(leaf.get("purpose")))
        self._said.setdefault(who, []).append(len(entries))
        return None

    def report(self, findings: list[Finding], *, complete: bool) -> int:
        """Hold the missing bodies against what was said; gives how many were erased."""
        erased = 0
        for index in (index for entries in self._listed for index in entries):
            if index < len(self._missing) and self._missing[index]:
                self._missing[index] = 0
                erased += 1
        for (who, why), counts in self._said.items():
            text = f"{sum(counts)} bodies were erased in {len(counts)} steps by {who}: {why}"
            findings.append(Finding("info", None, "erasure", text))
        silent = [index for index, missing in enumerate(self._missing) if missing] if complete else []
        findings += [
            Finding("error", at, "body", "the body is gone, and no entry says who erased it") for at in silent
        ]
        return erased


class _Reading:
    """One pass over the entries: checks each by itself, puts them in order, keeps roots at the sizes asked
    for."""

    def __init__(self, findings: list[Finding], sizes: set[int], check_body: CheckBody | None) -> None:
        self.findings = findings
        self.sizes = sizes
        self.check_body = check_body
        self.count = 0
        self.bodies = 0
        self.computed = merkle.Frontier()
        self.stored = merkle.Frontier()
        # size → (root over the leaves as they are, root over the hashes as stored)
        self.roots: dict[int, tuple[bytes, bytes]] = {}
        self.erasures = _Erasures()
        self.disagreeing: list[int] = []
        self.waiting: dict[int, tuple[bytes, bytes]] = {}
        self._note_root()

    def take(self, entry: Entry) -> None:
        """Check one entry and add it to the tree, or keep it until those before it arrive."""
        self.count += 1
        if entry.index < self.computed.size or entry.index in self.waiting:
            self._found(entry.index, "index", "the index occurs more than once")
            return
        if entry.index == self.computed.size and self.waiting:
            self._found(entry.index, "index", "the entry stands behind a later one")
        self._check_content(entry)
        self.waiting[entry.index] = (merkle.leaf_hash(entry.leaf), entry.leaf_hash)
        while (following := self.waiting.pop(self.computed.size, None)) is not None:
            self._append(*following)

    def finish(self) -> None:
        """Report the gaps that nothing filled."""
        expected = self.computed.size
        for index in sorted(self.waiting):
            if index > expected:
                missing = (
                    f"entry {expected} is"
                    if index == expected + 1
                    else f"entries {expected} to {index - 1} are"
                )
                self._found(expected, "index", f"{missing} missing")
            expected = index + 1

    def _append(self, computed: bytes, stored: bytes) -> None:
        if computed != stored:
            self.disagreeing.append(self.computed.size)
        self.computed.append(computed)
        self.stored.append(stored)
        self._note_root()

    def _note_root(self) -> None:
        if self.computed.size in self.sizes:
            self.roots[self.computed.size] = (self.computed.root, self.stored.root)

    def _check_content(self, entry: Entry) -> None:
        leaf = self._read_leaf(entry)
        if leaf is not None and leaf.get("index", entry.index) != entry.index:
            self._found(entry.index, "leaf", f"the leaf says that it is entry {leaf['index']}")
        if entry.body is None:
            self.erasures.missing(entry.index)
            return
        self.bodies += 1
        digest = hashlib.sha256((entry.salt or b"") + entry.body).hexdigest()
        if leaf is not None and leaf.get("body_sha256") != digest:
            self._found(entry.index, "body", "the body is not the one whose hash is in the leaf")
        if (
            leaf is not None
            and leaf.get("kind") == "erasure"
            and (wrong := self.erasures.told(leaf, entry.body))
        ):
            self._found(entry.index, "body", wrong)
        if self.check_body is not None:
            self._ask(self.check_body, entry)

    def _read_leaf(self, entry: Entry) -> Mapping[str, object] | None:
        try:
            leaf = json.loads(entry.leaf, object_pairs_hook=_without_duplicates)
        except ValueError as error:
            self._found(entry.index, "leaf", f"the leaf is not JSON: {error}")
            return None
        if isinstance(leaf, dict):
            return leaf
        self._found(entry.index, "leaf", "the leaf is not a JSON object")
        return None

    def _ask(self, check_body: CheckBody, entry: Entry) -> None:
        try:
            problem = check_body(entry)
        except SigningError as error:
            problem = error.reason
        if problem:
            self._found(entry.index, "body", problem)

    def _found(self, index: int, place: str, text: str) -> None:
        self.findings.append(Finding("error", index, place, text))


def _open_all(
    notes: Iterable[str], verifier: note.NoteVerifier, origin: str | None, findings: list[Finding]
) -> list[_Claim]:
    """The checkpoints whose signature is right, smallest first; the others are reported and not believed."""
    claims = []
    for number, text in enumerate(notes, 1):
        try:
            opened = note.open_checkpoint(text, verifier, origin=origin)
        except SigningError as error:
            findings.append(Finding("error", None, f"checkpoint {number}", error.reason))
        else:
            claims.append(_Claim(f"checkpoint {number}", opened.size, opened.root))
    return sorted(claims, key=lambda claim: claim.size)


def _compare(claims: list[_Claim], reading: _Reading, findings: list[Finding]) -> None:
    """Hold every claim against the root of as many entries."""
    agreed = 0
    for claim in claims:
        if claim.size not in reading.roots:
            findings.append(Finding("error", None, claim.place, _unreachable(claim, reading)))
        elif reading.roots[claim.size][0] == claim.root:
            agreed = max(agreed, claim.size if claim.place != "head" else 0)
        else:
            findings.append(Finding("error", None, claim.place, _contradiction(claim, agreed)))


def _unreachable(claim: _Claim, reading: _Reading) -> str:
    have = reading.computed.size
    if reading.waiting:
        return f"the root of {claim.size} entries cannot be computed: entry {have} is missing"
    return f"it covers {claim.size} entries, but the log ends after {have}: the tail was cut off"


def _contradiction(claim: _Claim, agreed: int) -> str:
    if claim.size == 0:
        return "it says that the empty log has another root than it must have"
    since = f"; the first {agreed} agree with a signed checkpoint" if agreed and agreed < claim.size else ""
    return f"its root is not that of the first {claim.size} entries: changed, reordered or forked{since}"


def _report_disagreeing(claims: list[_Claim], reading: _Reading, findings: list[Finding]) -> None:
    """Say of each entry whose leaf and stored hash disagree which of the two was changed, if a claim can
    tell."""
    for index in reading.disagreeing:
        claim = next((c for c in claims if c.size > index and c.size in reading.roots), None)
        place, text = "leaf or hash", "the leaf does not match its stored hash"
        if claim is not None and reading.roots[claim.size][0] == claim.root:
            place, text = "leaf_hash", f"the stored hash was changed: {claim.place} agrees with the leaf"
        elif claim is not None and reading.roots[claim.size][1] == claim.root:
            place, text = "leaf", f"the leaf was changed: {claim.place} agrees with the stored hash"
        findings.append(Finding("error", index, place, text))


def _report_coverage(
    claims: list[_Claim], head: Head | None, reading: _Reading, findings: list[Finding]
) -> None:
    """Say what nothing signed speaks about."""
    size = reading.computed.size
    if head is not None and head[0] < size:
        findings.append(
            Finding("error", head[0], "head", f"the log has {size} entries, its head only {head[0]}")
        )
    signed = max((claim.size for claim in claims if claim.place != "head"), default=None)
    if signed is None:
        findings.append(
            Finding("warning", None, "checkpoints", "no checkpoint with a valid signature was given")
        )
    elif signed < size:
        text = f"the last {size - signed} entries are not covered by a checkpoint yet"
        findings.append(Finding("info", signed, "checkpoints", text))


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return read
