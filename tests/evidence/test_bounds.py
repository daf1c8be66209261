"""Files that were made to cost much: the verifier stops where more would prove nothing more."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evidence import building
from tests.evidence.building import Message, archive, evidence, messages
from tests.evidence.reading import Verify, codes, errors, verifier


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


KINDS = {"evidence": evidence((0, 1)), "archive": archive(2, 5)}
NAMES = [(kind, name) for kind, draft in KINDS.items() for name in [*draft.files, "evidence.json"]]


@pytest.mark.parametrize(("kind", "name"), NAMES)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_bytes_in_any_file(
    tmp_path_factory: pytest.TempPathFactory, kind: str, name: str, data: st.DataObject
) -> None:
    """Whatever somebody with the hub's keys puts into a file: it is reported, nothing is raised, and nothing but the
    page for people may say anything else than the log."""
    draft = KINDS[kind]
    files = {**draft.files, "evidence.json": json.dumps(draft.statement, ensure_ascii=False).encode()}
    old = files[name]
    start = data.draw(st.integers(0, len(old)))
    stop = data.draw(st.integers(start, min(len(old), start + 20)))
    put = data.draw(
        st.one_of(st.binary(max_size=8), st.sampled_from([b"\n\n", b"null", b"9" * 20, b'"', b"{}"]))
    )
    files[name] = old[:start] + put + old[stop:]
    if files[name] == old:
        return
    report = verifier(tmp_path_factory.mktemp("any"))(building.seal(files, stamped=False))
    assert report.as_html()
    assert name == "explanation.html" or not report.ok, files[name]
