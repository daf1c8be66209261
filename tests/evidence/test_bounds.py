"""Files that were made to cost much: the verifier stops where more would prove nothing more."""

from __future__ import annotations

import itertools
import json

import pytest

from tests.evidence import building
from tests.evidence.building import Message, archive, evidence, messages
from tests.evidence.reading import Verify, codes, errors


def entries(draft: building.Draft, content: bytes) -> bytes:
    """An archive with that instead of its entries."""
    draft.files["log/entries.jsonl"] = content
    return draft.sealed()


def test_lines_without_end(verify: Verify) -> None:
    """Millions of lines that are none are not read to the end."""
    report = verify(entries(archive(), b"\n" * 3_000_000))
    assert len(report.findings) < 1_100
    assert ("damaged", "log/entries.jsonl") in errors(report)


def test_a_line_without_end(verify: Verify) -> None:
    """A line longer than any message is not read."""
    report = verify(entries(archive(), b'{"index":0,"leaf":"' + b"x" * 50_000_000))
    assert ("damaged", "log/entries.jsonl") in errors(report)


def test_one_entry_again_and_again(verify: Verify) -> None:
    """Findings are counted once there are too many to list."""
    line = building.line_of(messages()[0])
    report = verify(entries(archive(), line * 12_000))
    assert len(report.findings) < 10_100
    assert any("which are not listed" in found.text for found in report.findings)


def test_indexes_out_of_this_world(verify: Verify) -> None:
    """An index costs nothing by being large."""
    far = b"".join(building.line_of(messages()[0].erased(), 10**15 - number) for number in range(100))
    report = verify(entries(archive(), far))
    assert ("index", "index") in errors(report)


@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b'{"entries":' + b"[" * 200_000, b'{"entries": [1e400]}', b'{"entries": [-1]}']
)
def test_erasures_that_say_nothing(verify: Verify, body: bytes) -> None:
    """What an entry says about erasures is read with care."""
    log = [*messages(4), Message.of(4, body, kind="erasure")]
    assert ("body", "body") in errors(verify(archive(log=log)))


@pytest.mark.parametrize("leaf", [b"[" * 60_000, b"{" * 60_000, b'{"a":' * 10_000, b"1e999999", b"\xff", b""])
def test_leaves_that_are_none(verify: Verify, leaf: bytes) -> None:
    """A leaf of any bytes is refused in the same way."""
    log = messages()
    log[1].leaf = leaf
    assert ("leaf", "entries/1.json") in errors(verify(evidence((1,), log)))


def test_strange_entries_in_a_leaf(verify: Verify) -> None:
    """Values of other types than a hub writes raise nothing."""
    fields = json.loads(messages()[1].leaf)
    values = itertools.cycle((None, [], {}, 1.5, True, "\ud800", 10**400))
    for name, value in zip([*fields, *fields], values, strict=False):
        log = messages()
        log[1].leaf = json.dumps(fields | {name: value}, sort_keys=True, separators=(",", ":")).encode()
        verify(evidence((0, 1), log))


def test_a_bomb(verify: Verify) -> None:
    """What grows without measure when it is unpacked is not unpacked."""
    draft = archive()
    draft.files["log/entries.jsonl"] = b"\n" * 3_000_000
    assert errors(verify(draft.sealed(compressed=("log/entries.jsonl",)))) == [("packing", "evidence.asice")]


def test_many_files(verify: Verify) -> None:
    """Thousands of files that do not belong there are named, not read one against the other."""
    draft = evidence()
    draft.files |= {f"bodies/{number}.bin": b"" for number in range(100, 2100)}
    report = verify(draft)
    assert codes(report) == {"files"}
    assert len(report.findings) == 2000
