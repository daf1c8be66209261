"""Verifies one entry of the log now: its row, its leaf, its body, and its place under the newest signed head."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from broker.store.engine import Tx
from broker.store.errors import Missing
from broker.store.verifications import State
from signing.errors import SigningError
from signing.log import merkle
from signing.log.note import NoteVerifier, open_checkpoint
from signing.verifier.entries import Entry, check_content, read_leaf
from signing.verifier.findings import Finding, Findings


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What came out: how far the entry is proven, the size of the head that it was held against, all findings."""

    index: int
    state: State
    checkpoint: int | None
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing contradicts what was signed."""
        return not any(one.severity == "error" for one in self.findings)

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        found = [
            {"severity": one.severity, "place": one.place, "finding": one.text, "meaning": one.meaning}
            for one in self.findings
        ]
        return {"state": self.state.value, "ok": self.ok, "checkpoint": self.checkpoint, "findings": found}


def inspect(tx: Tx, message_id: str, verifier: NoteVerifier) -> Verdict:
    """Verify the entry of a message. Raises Missing if there is none."""
    index = tx.log.index_of(message_id)
    entries, findings = tx.verifications.entry(index)
    found = Findings()
    found.extend(findings)
    checkpoint = None
    for entry in entries:
        check_content(entry, read_leaf(entry, found), found)
        found.extend(_bare(tx, entry))
        checkpoint = _place(tx, entry, verifier, found)
    told = tuple(found.all())
    verdict = Verdict(index, tx.verifications.states([index])[index], checkpoint, told)
    return verdict if verdict.ok else dataclasses.replace(verdict, state=State.BROKEN)


def _bare(tx: Tx, entry: Entry) -> Iterator[Finding]:
    """The stored hash fits; a body that is gone was erased by somebody who said so."""
    if merkle.leaf_hash(entry.leaf) != entry.leaf_hash:
        yield Finding("error", entry.index, "leaf_hash", "the leaf does not match its stored hash", "hash")
    if entry.body is None and not _said(tx, entry.index):
        text = "the body is gone, and no entry says who erased it"
        yield Finding("error", entry.index, "body", text, "body")


def _said(tx: Tx, index: int) -> bool:
    """Whether an entry of the log lists this one among those whose bodies were erased."""
    for said in tx.proofs.erasures([index]):
        for entry in tx.log.entries(said, said + 1):
            try:
                if index in json.loads(entry.body or b"")["entries"]:
                    return True
            except (ValueError, KeyError, TypeError):
                continue  # it says nothing that can be read
    return False


def _place(tx: Tx, entry: Entry, verifier: NoteVerifier, found: Findings) -> int | None:
    """Hold the entry against the newest signed head; its size, None if it does not reach so far."""
    newest = tx.log.last_checkpoint()
    if newest is None or newest.size <= entry.index:
        found.info("coverage", "checkpoint", "no signed head covers the entry yet", index=entry.index)
        return None
    try:
        head = open_checkpoint(newest.note, verifier)
        proof = tx.log.inclusion(entry.index, head.size)
        merkle.verify_inclusion(merkle.leaf_hash(entry.leaf), entry.index, head.size, proof, head.root)
    except (SigningError, Missing) as error:
        text = f"the entry is not in the tree of the signed head: {error}"
        found.error("proof", f"checkpoint of {newest.size}", text, index=entry.index)
    return newest.size
