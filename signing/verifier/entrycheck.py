"""The entries of an evidence file about messages: each leaf, its body, its proof, and what it is bound to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from signing.errors import ProofInvalid
from signing.log import merkle
from signing.log.note import Checkpoint
from signing.log.proof import Proof
from signing.verifier.case import Case
from signing.verifier.entries import Bindings, CheckBody, Entry, Erasures, Leaf, check_content, read_leaf
from signing.verifier.headcheck import COSIGNED
from signing.verifier.statement import NAME, Listed, Statement, time_of

_LEAF = 64 * 1024
_BODY = 48 * 1024 * 1024
_SKEW = timedelta(minutes=5)


def check(case: Case, said: Statement, head: Checkpoint | None, look_into: CheckBody | None) -> None:
    """Verify each entry by itself and against the signed head, and those that answer each other."""
    bindings, erasures = Bindings(), Erasures()
    without: list[int] = []
    leaves: list[tuple[int, Leaf]] = []
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
        leaves.append((entry.index, leaf or {}))
        _check_time(case, entry.index, leaf)
        erasures.take(entry, leaf, case.findings)
        _check_proof(case, entry, head)
        bindings.take(entry.index, leaf, entry.leaf_hash, case.findings)
        case.facts.entries += 1
        case.facts.bodies += body is not None
        if listed.body is None:
            without.append(listed.index)
    case.facts.bound = bindings.compared
    _check_subject(case, said, leaves)
    _report_missing(case, without, erasures)


def _check_subject(case: Case, said: Statement, leaves: Sequence[tuple[int, Leaf]]) -> None:
    """The entries are about what the file says it is about; those that tell of erasures may stand beside them."""
    about = [(index, leaf) for index, leaf in leaves if leaf.get("kind") != "erasure"]
    if said.kind == "dossier":
        for index, leaf in about:
            if leaf.get("dossier") != said.subject:
                text = f"the file is about dossier {said.subject}, the entry is not"
                case.findings.error("statement", f"entries/{index}.json", text, index=index)
    elif not any(leaf.get("id") == said.subject for _, leaf in leaves):
        text = f"the file is about message {said.subject}, and none of its entries is that message"
        case.findings.error("statement", NAME, text)
    elif said.kind == "message" and len(about) > 1:
        case.findings.error("statement", NAME, "the file is about one message and holds several")


def _report_missing(case: Case, without: list[int], erasures: Erasures) -> None:
    """Say which content is not in the file: erased, as an entry in it tells, or left out."""
    told = erasures.listed()
    erased = [index for index in without if index in told]
    case.facts.erased = len(erased)
    erasures.report(case.findings, complete=False)
    for indexes, why in (
        (erased, "was erased, as another entry says"),
        ([index for index in without if index not in told], "is not in the file: erased, or left out"),
    ):
        if indexes:
            shown = ", ".join(map(str, indexes[:20])) + (" …" if len(indexes) > 20 else "")
            case.findings.info("erasure", "entries", f"the content of entries {shown} {why}")


def _check_time(case: Case, index: int, leaf: Leaf | None) -> None:
    """An entry cannot be later than the time-stamp over a head that covers it; clocks may differ."""
    stamped = min((one.at for one in case.stamped), default=None)
    try:
        at = time_of(str((leaf or {}).get("at")))
    except ValueError:
        return
    if stamped is not None and at > stamped + _SKEW:
        text = "it says that it is later than the time-stamp that covers it"
        case.findings.error("timestamp", f"entries/{index}.json", text, index=index)


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
