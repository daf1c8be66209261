"""The head of the log in an evidence file: signed by the log, seen by witnesses, stamped with a time."""

from __future__ import annotations

from collections.abc import Sequence

from signing.errors import KeyProblem, SignatureInvalid, SigningError, Untrusted
from signing.log.cosignature import CosignatureVerifier, cosignatures
from signing.log.note import Checkpoint, NoteVerifier, open_checkpoint, split_note
from signing.pki import path
from signing.stamps import cms, timestamp
from signing.stamps.timestamp import Stamped
from signing.verifier.anchors import vkeys
from signing.verifier.case import Case
from signing.verifier.statement import Statement

CHECKPOINT, COSIGNED, TOKEN, KEYS = (
    "log/checkpoint.note",
    "log/cosigned.note",
    "log/checkpoint.tst",
    "log/log.vkey",
)


def check(case: Case, said: Statement | None) -> Checkpoint | None:
    """The signed head, if its signature is right; everything about it is held against what the file says."""
    _check_keys(case)
    head = opened(case, CHECKPOINT, logs(case), said)
    if head is not None and said is not None and (head.size, head.root) != (said.size, said.root):
        text = f"it is the head of {head.size} entries, and evidence.json tells of another"
        case.findings.error("checkpoint", CHECKPOINT, text)
    _check_cosigned(case, said)
    _check_token(case, said)
    return head


def opened(case: Case, name: str, keys: Sequence[NoteVerifier], said: Statement | None) -> Checkpoint | None:
    """The checkpoint in a note of the container, if one of ``keys`` signed it."""
    text = case.text(name)
    if text is None:
        return None
    refused = "it is signed by none of the logs that are known"
    for log in keys:
        try:
            return open_checkpoint(text, log, origin=said.origin if said else None)
        except SignatureInvalid as error:
            refused = error.reason
    case.findings.error("checkpoint", name, refused)
    return None


def logs(case: Case) -> Sequence[NoteVerifier]:
    """The keys that may have signed heads in this file: the reader's own, else those that came along."""
    return case.anchors.logs or _came_keys(case)[0]


def _came_keys(case: Case) -> tuple[list[NoteVerifier], list[CosignatureVerifier]]:
    """Keys of log and witnesses in the file, which prove nothing about who they are."""
    try:
        return vkeys(case.text(KEYS) or "")
    except KeyProblem:
        return [], []


def _check_keys(case: Case) -> None:
    came = _came_keys(case)[0]
    if KEYS in case.container and not came:
        case.findings.error("statement", KEYS, "it does not name the key of a log")
    if not case.anchors.logs:
        case.findings.warning(
            "unanchored", KEYS, "the key of the log came along with the file; none was given"
        )
    elif strange := [log.name for log in came if log not in case.anchors.logs]:
        case.findings.error("certificate", KEYS, f"it names a key of {strange[0]} that is not the one given")


def _check_cosigned(case: Case, said: Statement | None) -> None:
    text, original = case.text(COSIGNED), case.text(CHECKPOINT)
    if text is None:
        return
    opened(case, COSIGNED, logs(case), said)
    witnesses = case.anchors.witnesses or _came_keys(case)[1]
    try:
        if original is not None and split_note(text)[0] != split_note(original)[0]:
            case.findings.error("cosignature", COSIGNED, f"it is not the text of {CHECKPOINT}")
        found = cosignatures(text, witnesses)
    except SignatureInvalid as error:
        case.findings.error("cosignature", COSIGNED, error.reason)
        return
    case.facts.witnesses = [f"{one.witness.name} {one.at:%Y-%m-%dT%H:%M:%SZ}" for one in found]
    if found and not case.anchors.witnesses:
        text = "the keys of the witnesses came along with the file; none was given"
        case.findings.warning("unanchored", COSIGNED, text)
    missing = {one.name for one in case.anchors.witnesses} - {one.witness.name for one in found}
    if case.anchors.witnesses and not found:
        case.findings.warning("cosignature", COSIGNED, "none of the witnesses that were given signed it")
    elif missing:
        case.findings.info("cosignature", COSIGNED, f"not signed by {', '.join(sorted(missing))}")


def _check_token(case: Case, said: Statement | None) -> None:
    data, token = case.read(CHECKPOINT), case.read(TOKEN)
    if token is None or data is None:
        if said is not None and said.timestamp is None:
            text = "no time-stamp had arrived when the file was made: nothing proves when the head was signed"
            case.findings.warning("timestamp", CHECKPOINT, text)
        return
    stamped = check_token(case, TOKEN, token, data)
    if stamped is None or said is None or said.timestamp is None:
        return
    case.facts.independent = said.timestamp.independent
    if stamped.at.replace(microsecond=0) != said.timestamp.at.replace(microsecond=0):
        text = f"its time is {stamped.at:%Y-%m-%dT%H:%M:%SZ}, not the one in evidence.json"
        case.findings.error("timestamp", TOKEN, text)
    if not said.timestamp.independent:
        text = "the authority belongs to the hub: its time proves nothing to those who do not trust the hub"
        case.findings.info("timestamp", TOKEN, text)


def check_token(case: Case, place: str, token: bytes, data: bytes) -> Stamped | None:
    """What a token proves for ``data``; None if it proves nothing."""
    try:
        stamped = verify_token(case, place, token, data)
    except Untrusted as error:
        case.findings.error("certificate", place, error.reason)
    except SigningError as error:
        case.findings.error("timestamp", place, error.reason)
    else:
        case.stamped.append(stamped)
        case.facts.stamped_at = stamped.at
        case.facts.authority = path.name_of(stamped.authority_certificate)
        return stamped
    return None


def verify_token(case: Case, place: str, token: bytes, data: bytes) -> Stamped:
    """Verify a token against the reader's authorities, or the certificates that came with it if there are none.

    Raises Untrusted or SignatureInvalid.
    """
    if case.anchors.authorities:
        return timestamp.verify(token, data, case.anchors.authorities)
    stamped = verify_alone(token, data)
    case.findings.warning("unanchored", place, "the authority's certificate came along; none was given")
    return stamped


def verify_alone(token: bytes, data: bytes) -> Stamped:
    """Verify that a token fits ``data`` and the certificates that came with it, whoever they are.

    Raises Untrusted or SignatureInvalid.
    """
    signed = cms.open_signed(token, "tst_info")
    return timestamp.verify(token, data, (*signed.certificates, signed.signer))
