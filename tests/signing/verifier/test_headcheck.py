"""The head of the log in an evidence file: forged, exchanged, stamped late or not at all."""

from __future__ import annotations

from signing.log.cosignature import CosignatureSigner
from signing.log.note import NoteSigner
from tests.evidence import building
from tests.evidence.building import anchors, evidence, messages
from tests.evidence.reading import Verify, codes, errors

STRANGER = NoteSigner(building.ORIGIN, bytes(32))
OTHER_WITNESS = CosignatureSigner("khac.example", bytes(range(64, 96)))


def test_forged_head(verify: Verify) -> None:
    """A head that is signed by another key of the same name is not believed."""
    draft = evidence()
    note = building.note_of(messages(), STRANGER)
    draft.files["log/checkpoint.note"] = note.encode()
    assert ("checkpoint", "log/checkpoint.note") in errors(verify(draft))


def test_forged_log(verify: Verify) -> None:
    """Somebody else's whole log, complete in itself, is not the log whose key the reader has."""
    draft = evidence()
    note = building.note_of(messages(), STRANGER)
    draft.files["log/checkpoint.note"] = note.encode()
    draft.files["log/log.vkey"] = f"{STRANGER.verifier.vkey}\n".encode()
    assert ("certificate", "log/log.vkey") in errors(verify(draft))


def test_head_of_another_size(verify: Verify) -> None:
    """The statement and the head speak of one tree."""
    draft = evidence()
    draft.statement["size"] = 4
    assert ("checkpoint", "log/checkpoint.note") in errors(verify(draft))


def test_witness_saw_another_head(verify: Verify) -> None:
    """A co-signature belongs to the text that it stands under."""
    draft = evidence()
    other = building.cosigned(building.note_of(messages()[:4]), building.WITNESS)
    line = other.splitlines(keepends=True)[-1]
    note = draft.files["log/checkpoint.note"].decode()
    draft.files["log/cosigned.note"] = (note + line).encode()
    assert ("cosignature", "log/cosigned.note") in errors(verify(draft))


def test_without_witness(verify: Verify) -> None:
    """If the reader knows witnesses and none has signed, that is not proven; of several, those missing are named."""
    report = verify(evidence(witnesses=()))
    assert (report.exit_code, codes(report)) == (3, {"cosignature"})
    both = anchors(witnesses=(building.WITNESS.verifier, OTHER_WITNESS.verifier))
    assert [(one.severity, one.text) for one in verify(evidence(), both).findings] == [
        ("info", "not signed by khac.example")
    ]


def test_stamp_of_other_bytes(verify: Verify) -> None:
    """A token over something else proves nothing about the head."""
    draft = evidence()
    draft.files["log/checkpoint.tst"] = building.token(b"other")
    assert errors(verify(draft)) == [("timestamp", "log/checkpoint.tst")]


def test_time_told_wrongly(verify: Verify) -> None:
    """The statement must tell the time of the token."""
    draft = evidence()
    draft.statement["timestamp"]["at"] = "2026-08-01T00:00:00Z"
    assert errors(verify(draft)) == [("timestamp", "log/checkpoint.tst")]


def test_dependent_authority(verify: Verify) -> None:
    """That the authority is the hub's own is said."""
    draft = evidence()
    draft.statement["timestamp"]["independent"] = False
    report = verify(draft)
    assert [(one.severity, one.code) for one in report.findings] == [("info", "timestamp")]
    assert "not independent" in report.as_text()


def test_without_stamp(verify: Verify) -> None:
    """Evidence without any time-stamp is not fully proven."""
    report = verify(evidence(stamped=False).sealed(stamped=False))
    assert (report.exit_code, codes(report)) == (3, {"timestamp", "level", "revocation"})
    assert report.files[0].facts.level == "B-B"
