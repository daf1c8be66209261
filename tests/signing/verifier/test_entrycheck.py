"""Entries of an evidence file that somebody with the hub's own keys made up."""

from __future__ import annotations

import dataclasses
import json

from tests.evidence.building import Message, evidence, messages
from tests.evidence.reading import Verify, errors


def test_another_body(verify: Verify) -> None:
    """A body that is not the one that was logged is found at its file, though the whole was signed anew."""
    draft = evidence()
    draft.files["bodies/1.xml"] = b"<KhaiSinh>khac</KhaiSinh>"
    assert errors(verify(draft)) == [("body", "bodies/1.xml")]


def test_another_leaf(verify: Verify) -> None:
    """A leaf that was never logged is not in the tree."""
    draft = evidence()
    draft.files["entries/1.json"] = draft.files["entries/1.json"].replace(b"hotich", b"hotjch")
    assert errors(verify(draft)) == [("proof", "entries/1.proof")]


def test_leaf_in_another_form(verify: Verify) -> None:
    """What reads the same and is written otherwise is another leaf, even if it was logged so."""
    log = messages()
    log[1].leaf = json.dumps(json.loads(log[1].leaf)).encode()
    assert ("leaf", "entries/1.json") in errors(verify(evidence((1,), log)))


def test_answer_bound_to_another_request(verify: Verify) -> None:
    """The hash of the request in its answer must be that of the request that it names."""
    log = messages()
    log[1] = Message.of(1, kind="reply", related="m-0", related_leaf=log[2].hash.hex())
    report = verify(evidence((0, 1), log))
    assert [(found.code, found.index) for found in report.findings] == [("bound", 1)]


def test_two_entries_of_one_message(verify: Verify) -> None:
    """An id stands for one entry."""
    log = messages()
    log[2] = dataclasses.replace(Message.of(0), number=2)
    assert ("bound", 2) in [(one.code, one.index) for one in verify(evidence((0, 2), log)).findings]


def test_proof_of_another_entry(verify: Verify) -> None:
    """A proof is for one entry."""
    draft = evidence()
    draft.files["entries/1.proof"] = evidence((2,)).files["entries/2.proof"]
    assert errors(verify(draft)) == [("proof", "entries/1.proof")]


def test_without_bodies(verify: Verify) -> None:
    """Evidence without content is good, and the report says what is not there."""
    log = [message.erased() for message in messages()]
    report = verify(evidence((1,), log))
    assert report.exit_code == 0
    assert [(one.severity, one.code) for one in report.findings] == [("info", "erasure")]


def test_erased_content(verify: Verify) -> None:
    """If the file has the entry that tells of an erasure, it is told by whom; what is left out is told apart."""
    log = [message.erased() for message in messages(4)]
    log.append(Message.of(4, b'{"entries":[1]}', kind="erasure", officer="cb-01", purpose="hết hạn lưu trữ"))
    report = verify(evidence((1, 2, 4), log))
    assert [one.text for one in report.findings] == [
        "1 bodies were erased in 1 steps by cb-01: hết hạn lưu trữ",
        "the content of entries 1 was erased, as another entry says",
        "the content of entries 2 is not in the file: erased, or left out",
    ]
    assert (report.exit_code, report.files[0].facts.erased) == (0, 1)


def test_later_than_its_stamp(verify: Verify) -> None:
    """What was stamped was there before: an entry that says otherwise was dated falsely."""
    log = messages()
    log[2] = Message.of(2, at="2026-09-01T09:00:00.000000Z")
    assert errors(verify(evidence((2,), log))) == [("timestamp", "entries/2.json")]


def test_about_something_else(verify: Verify) -> None:
    """Evidence about one thing cannot be given for another."""
    draft = evidence()
    draft.statement["subject"] = "m-2"
    assert errors(verify(draft)) == [("statement", "evidence.json")]
    several = evidence((0, 1))
    several.statement["kind"] = "message"
    assert errors(verify(several)) == [("statement", "evidence.json")]
    log = messages()
    log[1] = Message.of(1, dossier="H01-2")
    dossier = evidence((0, 1), log)
    dossier.statement |= {"kind": "dossier", "subject": "H01-1"}
    assert errors(verify(dossier)) == [("statement", "entries/1.json")]
