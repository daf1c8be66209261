"""A project with a few messages in its log, as of now: commands live in the machine's time, and so do its keys."""

from __future__ import annotations

from pathlib import Path

from broker.clock import system_clock
from broker.config.project import Project
from broker.evidence.vouching import own_anchors
from broker.model import Message
from lienthong.cli.common import open_store
from signing.audit import verify_file
from signing.keys import load_key
from signing.log.note import load_note_key
from tests.lienthong.cli.conftest import Run

CODE = "G22.99.08-260915-000001"


def logged(folder: Path, run: Run) -> None:
    """Set up the project; its log holds a request and its answer."""
    run(0, folder, "keys", "create", "hub", "--algorithm", "ecdsa-p256")
    run(0, folder, "db", "upgrade")
    now = system_clock()
    request = Message("request-1", now, "in", "request", "dvcqg", "submit", b"<a>1</a>", dossier=CODE)
    answer = Message(
        "answer-1", now, "out", "answer", "dvcqg", "submit", b"<b>2</b>", dossier=CODE, related_id=request.id
    )
    opened = open_store(Project.load(folder))
    try:
        opened.write_sync(lambda tx: tx.messages.add(request))
        opened.write_sync(lambda tx: tx.messages.add(answer))
    finally:
        opened.close()


def verified(folder: Path, file: Path) -> list[str]:
    """What is wrong with a file, for somebody who knows the hub's keys."""
    project = Project.load(folder)
    keys = project.path(project.hub.keys)
    anchors = own_anchors(project, load_key(keys, "hub"), load_note_key(keys, "hub").verifier)
    return [one.text for one in verify_file(file, anchors).findings if one.severity == "error"]
