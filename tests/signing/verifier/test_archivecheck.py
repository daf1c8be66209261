"""A piece of the log in a file: entries tampered with, begun from another tree, and bodies that are gone."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest

from tests.evidence import building
from tests.evidence.building import Message, archive, messages
from tests.evidence.reading import Verify, codes, errors


def test_archive(verify: Verify) -> None:
    """A piece of the log from its beginning is verified entry by entry."""
    report = verify(archive())
    assert report.findings == []
    facts = report.files[0].facts
    assert (facts.kind, facts.first, facts.stop, facts.entries, facts.bound) == ("archive", 0, 5, 5, 2)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda lines: lines[:2] + lines[3:], ("index", "index"), id="delete"),
        pytest.param(lambda lines: [*lines[:2], lines[3], lines[2], lines[4]], ("index", "index"), id="swap"),
        pytest.param(lambda lines: [*lines, lines[-1]], ("index", "index"), id="double"),
        pytest.param(lambda lines: lines[:-1], ("checkpoint", "log/checkpoint.note"), id="truncate"),
        pytest.param(lambda lines: [*lines, b"{}\n"], ("leaf", "log/entries.jsonl line 6"), id="junk"),
        pytest.param(lambda lines: [b"\n", *lines], ("leaf", "log/entries.jsonl line 1"), id="empty line"),
        pytest.param(
            lambda lines: [*lines[:4], lines[4][:-1]], ("damaged", "log/entries.jsonl"), id="not ended"
        ),
        pytest.param(
            lambda lines: [*lines[:4], lines[4].replace(b"hotich", b"hotjch")],
            ("checkpoint", "log/checkpoint.note"),
            id="change",
        ),
    ],
)
def test_entries_tampered_with(
    verify: Verify, change: Callable[[list[bytes]], list[bytes]], expected: tuple[str, str]
) -> None:
    """Deleted, swapped, doubled, cut off, put in or changed: found, though the file was sealed anew."""
    draft = archive()
    lines = draft.files["log/entries.jsonl"].splitlines(keepends=True)
    draft.files["log/entries.jsonl"] = b"".join(change(lines))
    assert expected in errors(verify(draft))


def test_body_gone_in_silence(verify: Verify) -> None:
    """A body is missing for good if an entry says who erased it; else an entry behind the file's end must."""
    log = messages()
    erasure = json.dumps({"entries": [2]}).encode()
    told = [*log[:2], log[2].erased(), log[3], Message.of(4, erasure, kind="erasure", officer="cb-01")]
    report = verify(archive(log=told))
    assert (report.exit_code, report.files[0].facts.erased) == (0, 1)
    assert "erasure" in codes(report)
    silent = [*log[:2], log[2].erased(), *log[3:]]
    report = verify(archive(log=silent))
    assert report.exit_code == 3
    assert [(one.code, one.severity) for one in report.findings] == [("erasure", "warning")]
    assert "entries 2 are not there" in report.findings[0].text


def test_archive_on_another_history(verify: Verify) -> None:
    """The tree that an archive starts from must be the one whose head it carries."""
    log = messages()
    draft = archive(2, 5, log)
    other = [Message.of(0, b"<another/>"), *log[1:]]
    draft.files["log/previous.note"] = building.note_of(other[:2]).encode()
    assert errors(verify(draft)) == [("link", "log/frontier.bin")]


def test_frontier_damaged(verify: Verify) -> None:
    """A tree that is none leads nowhere."""
    draft = archive(2, 5)
    draft.files["log/frontier.bin"] += b"x"
    assert ("link", "log/frontier.bin") in errors(verify(draft))


def test_base64_in_another_way(verify: Verify) -> None:
    """Bytes of an archive are written in the one way that there is."""
    draft = archive()
    line = draft.files["log/entries.jsonl"]
    salt = base64.b64encode(messages()[0].salt or b"")
    assert salt.endswith(b"==")
    loose = salt[:-3] + bytes([salt[-3] + 1]) + b"=="
    draft.files["log/entries.jsonl"] = line.replace(salt, loose)
    assert ("leaf", "log/entries.jsonl line 1") in errors(verify(draft))
