"""The entries of an evidence file about messages: each leaf, its body, its proof, and what it is bound to."""

from __future__ import annotations

from signing import merkle
from signing.case import Case
from signing.entries import Bindings, CheckBody, Entry, Leaf, check_content, read_leaf
from signing.errors import ProofInvalid
from signing.headcheck import COSIGNED
from signing.note import Checkpoint
from signing.proof import Proof
from signing.statement import Listed, Statement

_LEAF = 64 * 1024
_BODY = 64 * 1024 * 1024


def check(case: Case, said: Statement, head: Checkpoint | None, look_into: CheckBody | None) -> None:
    """Verify each entry by itself and against the signed head, and those that answer each other."""
    bindings = Bindings()
    without = []
    for listed in said.entries:
        place = f"entries/{listed.index}.json"
        data = case.read(place, _LEAF)
        if data is None:
            continue
        body = None if listed.body is None else case.read(listed.body, _BODY)
        entry = Entry(listed.index, data, merkle.leaf_hash(data), listed.salt, body)
        leaf = read_leaf(entry, case.findings, place)
        check_content(entry, leaf, case.findings, look_into, listed.body or place)
        _check_listed(case, listed, leaf)
        _check_proof(case, entry, head)
        bindings.take(entry.index, leaf, entry.leaf_hash, case.findings)
        case.facts.entries += 1
        case.facts.bodies += body is not None
        if listed.body is None:
            without.append(listed.index)
    case.facts.bound = bindings.compared
    if without:
        shown = ", ".join(map(str, without[:20])) + (" …" if len(without) > 20 else "")
        text = f"the content of entries {shown} is not in the file: erased, or left out"
        case.findings.info("erasure", "entries", text)


def _check_listed(case: Case, listed: Listed, leaf: Leaf | None) -> None:
    if leaf is not None and leaf.get("content_type") != listed.media_type:
        text = f"evidence.json calls entry {listed.index} {listed.media_type}, its leaf does not"
        case.findings.error("statement", f"entries/{listed.index}.json", text, index=listed.index)


def _check_proof(case: Case, entry: Entry, head: Checkpoint | None) -> None:
    place = f"entries/{entry.index}.proof"
    text = case.text(place)
    if text is None:
        return
    try:
        proof = Proof.from_text(text)
        if proof.text != text:
            raise ProofInvalid("the proof is not written in the one form that proofs have")
        if proof.index != entry.index:
            raise ProofInvalid(f"it is the proof of entry {proof.index}")
        if proof.note != case.text(COSIGNED):
            raise ProofInvalid(f"its checkpoint is not {COSIGNED}")
        if head is None:
            proof.check(entry.leaf_hash)
        else:
            merkle.verify_inclusion(entry.leaf_hash, entry.index, head.size, proof.path, head.root)
    except ProofInvalid as error:
        case.findings.error("proof", place, error.reason, index=entry.index)
