"""``lienthong log checkpoint``, ``proof`` and ``consistency``."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from signing.log import merkle
from signing.log.note import Checkpoint, load_note_key, open_checkpoint, split_note
from signing.log.proof import Proof
from tests.lienthong.cli.conftest import Run


def head(folder: Path, run: Run) -> Checkpoint:
    """The newest head, its signature checked."""
    note = run(0, folder, "log", "checkpoint").stdout
    [key] = (file for file in folder.rglob("hub.note.key"))
    return open_checkpoint(note, load_note_key(key.parent, "hub").verifier)


def test_a_message_is_proven_by_its_id(lived: Path, run: Run) -> None:
    """The file is a tlog-proof that verifies alone; the position gives the same, JSON the hashes."""
    rows = json.loads(run(0, lived, "log", "search", "--json").stdout)["messages"]
    row = rows[-1]
    text = run(0, lived, "log", "proof", row["id"]).stdout
    assert run(0, lived, "log", "proof", str(row["entry"])).stdout == text
    said = json.loads(run(0, lived, "log", "proof", row["id"], "--json").stdout)
    proof = Proof.from_text(text)
    proof.check(base64.b64decode(said["leaf"]))
    assert Checkpoint.from_text(split_note(proof.note)[0]) == head(lived, run)


def test_a_size_without_a_head_has_no_file(lived: Path, run: Run) -> None:
    """It says what to do instead; what is not there is not there."""
    assert "--json" in run(4, lived, "log", "proof", "0", "--size", "1").stderr
    assert json.loads(run(0, lived, "log", "proof", "0", "--size", "1", "--json").stdout)["hashes"] == []
    run(4, lived, "log", "proof", "nothing")
    run(4, lived, "log", "proof", "99999")


def test_consistency(lived: Path, run: Run) -> None:
    """The hashes, one a line, and with both roots as JSON."""
    size = head(lived, run).size
    said = json.loads(run(0, lived, "log", "consistency", "5", str(size), "--json").stdout)
    roots = [base64.b64decode(said[name]) for name in ("old_root", "new_root")]
    path = [base64.b64decode(line) for line in said["hashes"]]
    merkle.verify_consistency(5, size, *roots, path)
    assert run(0, lived, "log", "consistency", "5", str(size)).stdout.split() == said["hashes"]
    run(4, lived, "log", "consistency", "5", "4")
