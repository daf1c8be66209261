"""The part of an archive or an export that is a piece of the log: its entries, the tree before them, the head after.

An archive proves by itself that it continues the one before: the tree that it starts from must be that of the
checkpoint at which the one before ended. Format: docs/evidence-format.md.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Literal

from signing.errors import ProofInvalid
from signing.log import merkle
from signing.log.note import Checkpoint
from signing.verifier.case import Case
from signing.verifier.entries import CheckBody, Entry
from signing.verifier.findings import Findings
from signing.verifier.logcheck import Claim, Reading, conclude
from signing.verifier.statement import Statement

ENTRIES, FRONTIER, PREVIOUS = "log/entries.jsonl", "log/frontier.bin", "log/previous.note"
LONGEST = 48 * 1024 * 1024
"""Bytes of a line: the largest message that a hub takes in, in base64, and its leaf."""
_MOST_WRONG = 1000
_LEAF = 64 * 1024
_MOST_UNSAID = 21
_STRING = rb'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+"'
_BASE64 = rb'null|"[A-Za-z0-9+/]*={0,2}"'
# Matched, not parsed: a line is as long as a message, and nothing but these four values may be in it.
_LINE = re.compile(
    rb'\{"index": ?(?P<index>0|[1-9][0-9]{0,15}), ?"leaf": ?(?P<leaf>%b), ?'
    rb'"salt": ?(?P<salt>%b), ?"body": ?(?P<body>%b)\}' % (_STRING, _BASE64, _BASE64)
)


def check(case: Case, said: Statement, head: Checkpoint | None, look_into: CheckBody | None) -> None:
    """Read all entries and hold them against the signed head behind them and the tree before them."""
    start = _start(case, said)
    claims = [] if head is None else [Claim("log/checkpoint.note", head.size, head.root)]
    reading = Reading(case.findings, {claim.size for claim in claims}, look_into, start)
    for entry in entries(case.lines(ENTRIES, LONGEST), ENTRIES, case.findings):
        reading.take(entry)
    found = conclude(reading, claims)
    _report_unsaid(case, reading)
    case.facts.entries, case.facts.bodies = found.entries, found.bodies
    case.facts.erased, case.facts.bound = found.erased, found.bound
    first, stop = said.first or 0, said.stop or 0
    if found.entries != stop - first:
        text = f"it holds {found.entries} entries, not the {stop - first} that {first} to {stop} are"
        case.findings.error("index", ENTRIES, text)
    if beyond := reading.bindings.beyond:
        text = f"{beyond} answers are bound to entries that are further back than this file or than is remembered"
        case.findings.info("bound", ENTRIES, text)


def _report_unsaid(case: Case, reading: Reading) -> None:
    """Bodies that are missing without a word: what was erased later is told of by entries behind this file's end."""
    silent = list(itertools.islice(reading.erasures.unsaid(), _MOST_UNSAID))
    if silent:
        shown = ", ".join(map(str, silent[:20])) + (" …" if len(silent) > 20 else "")
        text = f"the bodies of entries {shown} are not there, and no entry in this file says who erased them"
        case.findings.warning("erasure", ENTRIES, f"{text}: entries behind its end must")


def entries(lines: Iterable[bytes], place: str, findings: Findings) -> Iterator[Entry]:
    """The entries line by line; a line that is none is reported and left out, and too many of them are the end."""
    wrong = 0
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        entry = None if match is None else _entry(match)
        if entry is not None:
            yield entry
            continue
        wrong += 1
        findings.error("leaf", f"{place} line {number}", "the line is not an entry")
        if wrong == _MOST_WRONG:
            findings.error("damaged", place, f"{wrong:,} lines are no entries: the rest is not read")
            return


def _entry(match: re.Match[bytes]) -> Entry | None:
    if len(match["leaf"]) > _LEAF:
        return None
    try:
        leaf = json.loads(match["leaf"]).encode()
    except ValueError:
        return None
    salt, body = _bytes(match["salt"]), _bytes(match["body"])
    if salt is False or body is False:
        return None
    return Entry(int(match["index"]), leaf, merkle.leaf_hash(leaf), salt, body)


def _bytes(written: bytes) -> bytes | Literal[False] | None:
    """Bytes of a value, None for null, False for base64 that is written in another way than the one there is."""
    if written == b"null":
        return None
    try:
        data = binascii.a2b_base64(memoryview(written)[1:-1], strict_mode=True)
    except binascii.Error:
        return False
    # Strict as it is, it passes over the bits that the last character has too many.
    last = data[-(len(data) % 3 or 3) :]
    return data if written.endswith(base64.b64encode(last) + b'"') else False


def _start(case: Case, said: Statement) -> merkle.Frontier:
    """The tree before the first entry, held against the checkpoint of the archive before."""
    data = case.read(FRONTIER)
    try:
        start = merkle.Frontier.from_bytes(bytes(8) if data is None else data)
    except ProofInvalid as error:
        case.findings.error("link", FRONTIER, error.reason)
        return merkle.Frontier()
    if start.size != said.first:
        text = f"it is the tree of {start.size} entries; the file says that it begins at {said.first}"
        case.findings.error("link", FRONTIER, text)
    return start


def check_previous(case: Case, said: Statement, before: Checkpoint | None) -> None:
    """Hold the tree before the first entry against ``before``, the checkpoint in ``log/previous.note``."""
    data = case.read(FRONTIER)
    if before is None or data is None:
        return
    try:
        start = merkle.Frontier.from_bytes(data)
    except ProofInvalid:
        return  # reported by `check`
    if (before.size, before.root) != (start.size, start.root):
        text = f"it is not the tree of {before.size} entries that {PREVIOUS} signs"
        case.findings.error("link", FRONTIER, text)
    if before.size != said.first:
        text = f"it signs {before.size} entries; the file says that it begins at {said.first}"
        case.findings.error("link", PREVIOUS, text)
