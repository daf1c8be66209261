"""``lienthong evidence``."""

from __future__ import annotations

import json
from pathlib import Path

from signing.container import asic
from tests.lienthong.cli.conftest import Run
from tests.lienthong.cli.logged import CODE, logged, verified

ASKED = ("--who", "thanh-tra", "--purpose", "khiếu nại 17/2026")


def test_evidence_about_a_message_and_its_exchange(fresh: Path, run: Run) -> None:
    """The file verifies against the hub's keys; the exchange holds the answer too; who asked is an act."""
    logged(fresh, run)
    for kind, entries in (("message", [0]), ("exchange", [0, 1])):
        file = fresh / f"{kind}.asice"
        said = run(0, fresh, "evidence", kind, "request-1", "--out", str(file), *ASKED, "--bodies").stdout
        assert "lienthong verify" in said
        assert verified(fresh, file) == []
        with asic.read(file) as container:
            listed = json.loads(container.read("evidence.json"))["entries"]
            assert [one["index"] for one in listed] == entries
            assert container.read("bodies/0.xml") == b"<a>1</a>"


def test_without_bodies_there_are_hashes_only(fresh: Path, run: Run) -> None:
    """What was not asked for is not handed out, and what is handed out still verifies."""
    logged(fresh, run)
    file = fresh / "one.asice"
    run(0, fresh, "evidence", "message", "request-1", "--out", str(file), *ASKED)
    assert verified(fresh, file) == []
    assert b"<a>1</a>" not in file.read_bytes()


def test_what_is_not_there(fresh: Path, run: Run) -> None:
    """An unknown message or dossier is said to be unknown; nobody asks without saying what for."""
    logged(fresh, run)
    nothing = ("nothing", "--out", str(fresh / "x.asice"))
    assert "nothing" in run(4, fresh, "evidence", "message", *nothing, *ASKED).stderr
    run(4, fresh, "evidence", "exchange", *nothing, *ASKED)
    run(4, fresh, "evidence", "dossier", *nothing, *ASKED)
    run(2, fresh, "evidence", "dossier", CODE, "--out", str(fresh / "x.asice"), "--who", "an")
    assert not (fresh / "x.asice").exists()
