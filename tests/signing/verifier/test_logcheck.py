from __future__ import annotations

import dataclasses
import hashlib
import json

import pytest

from signing.errors import SignatureInvalid
from signing.log import merkle
from signing.log.note import Checkpoint, NoteSigner, sign_checkpoint
from signing.verifier.entries import Entry
from signing.verifier.findings import Findings
from signing.verifier.logcheck import LogReport, verify_log

ORIGIN = "lienthong.example/log"
LOG = NoteSigner(ORIGIN, bytes(range(32)))


def an_entry(index: int) -> Entry:
    body, salt = f"<KhaiSinh>Nguyễn Văn {index}</KhaiSinh>".encode(), bytes([index]) * 16
    fields = {"body_sha256": hashlib.sha256(salt + body).hexdigest(), "index": index, "partner": "cutru"}
    leaf = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    return Entry(index, leaf, merkle.leaf_hash(leaf), salt, body)


LOG_OF_TEN = [an_entry(index) for index in range(10)]


def root_of(entries: list[Entry], size: int) -> bytes:
    return merkle.tree_root([merkle.leaf_hash(entry.leaf) for entry in entries[:size]])


def a_note(size: int, entries: list[Entry] = LOG_OF_TEN) -> str:
    return sign_checkpoint(Checkpoint(ORIGIN, size, root_of(entries, size)), LOG)


HEAD = (10, root_of(LOG_OF_TEN, 10))
NOTES = [a_note(4), a_note(8), a_note(10)]


def audit(entries: list[Entry], notes: list[str] = NOTES, **options: object) -> LogReport:
    arguments = {"head": HEAD, **options}
    return verify_log(iter(entries), checkpoints=notes, verifier=LOG.verifier, **arguments)  # type: ignore[arg-type]


def places(report: LogReport) -> list[tuple[int | None, str]]:
    return [(finding.index, finding.place) for finding in report.findings]


def changed(index: int, **fields: object) -> list[Entry]:
    entries = list(LOG_OF_TEN)
    entries[index] = dataclasses.replace(entries[index], **fields)  # type: ignore[arg-type]
    return entries


def test_an_untouched_log_has_no_findings() -> None:
    """Entries, head and checkpoints agree; the report says how much was looked at."""
    report = audit(LOG_OF_TEN)
    assert (report.findings, report.entries, report.bodies, report.root) == ([], 10, 10, HEAD[1])


def test_an_erased_body_is_no_finding() -> None:
    """Bodies may be erased when retention ends; the log stays verifiable."""
    assert audit(changed(3, body=None, salt=None)).findings == []


def test_a_changed_byte_of_a_body_is_found() -> None:
    """The salted hash in the leaf gives it away."""
    assert places(audit(changed(3, body=b"<KhaiSinh>Nguy\xe1\xbb\x85n V\xc4\x83n 4</KhaiSinh>"))) == [
        (3, "body")
    ]


def test_a_changed_byte_of_a_leaf_is_found_and_located() -> None:
    """The checkpoints after the entry contradict it, and say that the leaf was changed and not its hash."""
    leaf = LOG_OF_TEN[5].leaf.replace(b"cutru", b"bhxh ")
    report = audit(changed(5, leaf=leaf))
    assert (5, "leaf") in places(report)
    assert {place for _, place in places(report)} == {"leaf", "checkpoint 2", "checkpoint 3", "head"}
    assert any("first 4 agree" in finding.text for finding in report.findings)


def test_a_changed_stored_hash_is_found() -> None:
    """The leaf agrees with the checkpoints, so the stored hash is what was changed."""
    assert places(audit(changed(5, leaf_hash=bytes(32)))) == [(5, "leaf_hash")]


def test_leaf_and_hash_changed_together_are_found() -> None:
    """Whoever recomputes the hash still contradicts the signed checkpoints."""
    leaf = LOG_OF_TEN[5].leaf.replace(b"cutru", b"bhxh ")
    report = audit(changed(5, leaf=leaf, leaf_hash=merkle.leaf_hash(leaf)))
    assert places(report) == [(None, "checkpoint 2"), (None, "checkpoint 3"), (None, "head")]


def test_without_claims_a_disagreement_is_still_reported() -> None:
    """With nothing signed, it cannot be told whether leaf or hash was changed."""
    report = audit(changed(5, leaf_hash=bytes(32)), [], head=None)
    assert places(report) == [(5, "leaf or hash"), (None, "checkpoints")]
    assert not report.ok


def test_a_missing_entry_is_found() -> None:
    """The gap is named, and claims beyond it cannot be checked."""
    report = audit(LOG_OF_TEN[:5] + LOG_OF_TEN[6:])
    assert (5, "index") in places(report)
    assert any("entry 5 is missing" in finding.text for finding in report.findings)
    assert {place for _, place in places(report)} == {"index", "checkpoint 2", "checkpoint 3", "head"}


def test_missing_ranges_are_named_each() -> None:
    """Two gaps are two findings."""
    report = audit([LOG_OF_TEN[0], LOG_OF_TEN[4], LOG_OF_TEN[5], LOG_OF_TEN[8]], [], head=None)
    texts = [finding.text for finding in report.findings if finding.place == "index"]
    assert texts == ["entries 1 to 3 are missing", "entries 6 to 7 are missing"]


def test_swapped_positions_are_found() -> None:
    """An entry that stands behind a later one is reported; nothing else is wrong with the log."""
    entries = [*LOG_OF_TEN[:3], LOG_OF_TEN[4], LOG_OF_TEN[3], *LOG_OF_TEN[5:]]
    assert places(audit(entries)) == [(3, "index")]


def test_swapped_contents_are_found() -> None:
    """Entries that exchanged their contents contradict their own leaves and the checkpoints."""
    entries = list(LOG_OF_TEN)
    entries[5] = dataclasses.replace(LOG_OF_TEN[6], index=5)
    entries[6] = dataclasses.replace(LOG_OF_TEN[5], index=6)
    found = places(audit(entries))
    assert found[:2] == [(5, "leaf"), (6, "leaf")]
    assert (None, "checkpoint 2") in found


def test_a_duplicated_index_is_found() -> None:
    """The second entry of one index is reported and does not enter the tree."""
    assert places(audit([*LOG_OF_TEN[:4], LOG_OF_TEN[2], *LOG_OF_TEN[4:]])) == [(2, "index")]


def test_a_head_that_differs_is_found() -> None:
    """The stored head must be the root of the entries."""
    assert places(audit(LOG_OF_TEN, head=(10, bytes(32)))) == [(None, "head")]


def test_entries_beyond_the_head_are_found() -> None:
    """Entries that the head does not know were added behind its back."""
    report = audit(LOG_OF_TEN, head=(9, root_of(LOG_OF_TEN, 9)))
    assert places(report) == [(9, "head")]


def test_a_cut_tail_is_found() -> None:
    """A checkpoint of more entries than there are proves that some were removed."""
    report = audit(LOG_OF_TEN[:9], head=(9, root_of(LOG_OF_TEN, 9)))
    assert places(report) == [(None, "checkpoint 3")]
    assert "cut off" in report.findings[0].text


def test_a_fork_is_found() -> None:
    """Two signed checkpoints of one size with different roots cannot both be of this log."""
    forked = changed(1, leaf=b'{"index":1}')
    report = audit(LOG_OF_TEN, [*NOTES, a_note(8, forked)])
    assert places(report) == [(None, "checkpoint 4")]


def test_a_note_with_a_bad_signature_is_found_and_not_believed() -> None:
    """A forged checkpoint is one finding; it says nothing about the entries."""
    forged = NOTES[2].replace("\n10\n", "\n11\n")
    report = audit(LOG_OF_TEN, [NOTES[1], forged])
    assert places(report) == [(None, "checkpoint 2"), (8, "checkpoints")]


def test_entries_after_the_last_checkpoint_are_mentioned() -> None:
    """They are not wrong, but nothing signed speaks for them yet."""
    report = audit(LOG_OF_TEN, NOTES[:2])
    assert report.ok
    assert report.findings[0].severity == "info"


def test_every_finding_is_reported() -> None:
    """Three independent changes are three findings, not the first one."""
    entries = changed(1, body=b"other")
    entries[2] = dataclasses.replace(entries[2], leaf_hash=bytes(32))
    entries[7] = dataclasses.replace(entries[7], body=b"another")
    assert places(audit(entries)) == [(1, "body"), (7, "body"), (2, "leaf_hash")]


@pytest.mark.parametrize("leaf", [b"not json", b"[]", b'{"a":1,"a":2}', b"\xff"])
def test_a_leaf_that_cannot_be_read_is_found(leaf: bytes) -> None:
    """A leaf must be one JSON object without ambiguity."""
    report = audit([Entry(0, leaf, merkle.leaf_hash(leaf))], [], head=None)
    assert (0, "leaf") in places(report)


@pytest.mark.parametrize("raises", [True, False])
def test_the_callers_own_check_is_asked_about_each_body(raises: bool) -> None:
    """What it answers, or the signing error it raises, becomes a finding."""

    def check(entry: Entry) -> str | None:
        if entry.index != 6:
            return None
        if raises:
            raise SignatureInvalid("not signed")
        return "not signed"

    report = audit(LOG_OF_TEN, check_body=check)
    assert [(finding.index, finding.text) for finding in report.findings] == [(6, "not signed")]


def test_an_empty_log_agrees_with_an_empty_head() -> None:
    """Nothing is wrong with nothing; a different empty root is."""
    note = sign_checkpoint(Checkpoint(ORIGIN, 0, merkle.EMPTY_ROOT), LOG)
    assert audit([], [note], head=(0, merkle.EMPTY_ROOT)).findings == []
    assert places(audit([], [note], head=(0, bytes(32)))) == [(None, "head")]


def an_erasure(index: int, body: bytes, **leaf: str) -> Entry:
    fields = {"body_sha256": hashlib.sha256(body).hexdigest(), "index": index, "kind": "erasure"} | leaf
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return Entry(index, text, merkle.leaf_hash(text), b"", body)


def after_erasure(body: bytes = b'{"entries": [2, 5]}') -> tuple[list[Entry], LogReport]:
    """Entries 2 and 5 without body and salt, and an eleventh entry that says so."""
    entries = [
        dataclasses.replace(entry, body=None, salt=None) if entry.index in (2, 5) else entry
        for entry in LOG_OF_TEN
    ]
    entries.append(an_erasure(10, body, officer="cb-01", purpose="quyết định của toà án"))
    head = (11, root_of(entries, 11))
    return entries, audit(entries, [*NOTES, a_note(11, entries)], head=head, with_bodies=True)


def test_erased_bodies_are_reported_with_who_and_why() -> None:
    """The tree verifies without them, and the report says how many went, by whom and for what reason."""
    _, report = after_erasure()
    assert report.ok
    assert (report.erased, report.bodies, report.entries) == (2, 9, 11)
    assert [finding.text for finding in report.findings] == [
        "2 bodies were erased in 1 steps by cb-01: quyết định của toà án"
    ]


def test_a_body_that_went_silently_is_found() -> None:
    """A body that no entry speaks of was taken away, where the whole log is at hand."""
    entries = changed(3, body=None, salt=None)
    assert places(audit(entries, with_bodies=True)) == [(3, "body")]
    assert audit(entries).ok


@pytest.mark.parametrize(
    "body", [b"not JSON", b"[]", b'{"entries": ["2"]}', b'{"entries": 2}', b'{"entries": [-1]}']
)
def test_an_erasure_that_does_not_say_what_covers_nothing(body: bytes) -> None:
    """The entry itself is reported, and so are the bodies that it should have named."""
    _, report = after_erasure(body)
    assert {(10, "body"), (2, "body"), (5, "body")} <= set(places(report))
    assert report.erased == 0


def test_many_entries_behind_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """When too many entries wait for a missing one, the tree is given up; gaps and order are still told, and bodies
    compared."""
    monkeypatch.setattr("signing.verifier.logcheck._MOST_WAITING", 3)
    entries = [*LOG_OF_TEN[:2], *LOG_OF_TEN[3:7], LOG_OF_TEN[8], LOG_OF_TEN[7], LOG_OF_TEN[9]]
    entries[-1] = dataclasses.replace(LOG_OF_TEN[9], body=b"<another/>")
    report = audit(entries)
    found = [(one.index, one.place, one.text) for one in report.findings if one.index is not None]
    assert found == [
        (2, "index", "entry 2 is missing"),
        (7, "index", "entry 7 is missing"),
        (7, "index", "the entry stands behind a later one"),
        (9, "body", "the body is not the one whose hash is in the leaf"),
    ]
    heads = {one.place for one in report.findings if one.index is None}
    assert heads == {"checkpoint 1", "checkpoint 2", "checkpoint 3", "head"}


def test_a_flood_of_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings are bounded; that there are more is one of them."""
    monkeypatch.setattr(Findings.__init__, "__defaults__", (3,))
    report = audit([dataclasses.replace(entry, body=b"") for entry in LOG_OF_TEN])
    assert len(report.findings) == 4
    assert report.findings[-1].text == "and 7 findings more, which are not listed"
