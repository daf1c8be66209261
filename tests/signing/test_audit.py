"""Whole files, several files, and the command: what the verifier says, and with which code it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from signing.audit import main, verify_file, verify_files
from signing.verifier.anchors import Anchors
from tests.evidence import building
from tests.evidence.building import Message, anchors, archive, evidence, messages, trust_folder
from tests.evidence.reading import Verify, codes, errors

ROOT = Path(__file__).resolve().parents[2]


def test_sound(verify: Verify) -> None:
    """Nothing is found, and the report tells who signed what when."""
    report = verify(evidence((0, 1)))
    assert (report.findings, report.exit_code, report.verdict) == ([], 0, "verified")
    facts = report.files[0].facts
    assert (facts.kind, facts.level, facts.signer) == ("exchange", "B-LT", "CN=evidence-hub")
    assert (facts.entries, facts.bodies, facts.bound, facts.size) == (2, 2, 1, 5)
    assert facts.stamped_at == facts.sealed_at == building.STAMPED
    assert facts.witnesses == ["nhan-chung.example 2026-09-01T08:35:00Z"]


@pytest.mark.parametrize("name", ["entries/1.proof", "entries/1.json", "bodies/1.xml", "log/log.vkey"])
def test_missing_file(verify: Verify, name: str) -> None:
    """A file that the statement tells of must be there."""
    draft = evidence()
    del draft.files[name]
    assert ("files", name) in errors(verify(draft))


def test_file_too_many(verify: Verify) -> None:
    """A file that evidence does not have is found, though it is signed."""
    draft = evidence()
    draft.files["bodies/99.xml"] = b"<x/>"
    assert errors(verify(draft)) == [("files", "bodies/99.xml")]


def test_without_statement(verify: Verify) -> None:
    """A container that says nothing about itself is no evidence; what can be checked is."""
    files = dict(evidence().files)
    report = verify(building.seal(files))
    assert errors(report) == [("files", "evidence.json")]
    assert report.files[0].facts.level == "B-LT"


def test_every_finding(verify: Verify) -> None:
    """Several things wrong are several findings."""
    draft = evidence((0, 1))
    draft.files["bodies/0.xml"] = b"<a/>"
    draft.files["bodies/1.xml"] = b"<b/>"
    draft.files["stray.bin"] = b"x"
    draft.files["log/checkpoint.tst"] = building.token(b"something else")
    assert set(errors(verify(draft))) == {
        ("body", "bodies/0.xml"),
        ("body", "bodies/1.xml"),
        ("files", "stray.bin"),
        ("timestamp", "log/checkpoint.tst"),
    }


@pytest.mark.parametrize("missing", ["certificates", "authorities", "logs", "witnesses"])
def test_one_anchor_missing(verify: Verify, missing: str) -> None:
    """Without an anchor of one kind everything fits together and one part is not proven."""
    report = verify(evidence(), anchors(**{missing: ()}))
    assert (report.exit_code, codes(report)) == (3, {"unanchored"})


def test_without_anchors(verify: Verify) -> None:
    """Without any anchor, what was changed is found all the same."""
    draft = evidence()
    assert verify(draft, Anchors()).exit_code == 3
    draft.files["bodies/1.xml"] = b"<x/>"
    assert verify(draft, Anchors()).exit_code == 1


def a_row(folder: Path) -> list[Path]:
    """Three archives that continue each other."""
    log, files, before = messages(6), [], None
    for name, first, stop in (("a.asice", 0, 2), ("b.asice", 2, 4), ("c.asice", 4, 6)):
        data = archive(first, stop, log, previous=before).sealed()
        (folder / name).write_bytes(data)
        files.append(folder / name)
        before = (name, data)
    return files


def test_archives_in_a_row(tmp_path: Path) -> None:
    """Archives that continue each other verify together, in whatever order they are named."""
    files = a_row(tmp_path)
    assert verify_files(files, anchors()).exit_code == 0
    assert verify_files(files[::-1], anchors()).exit_code == 0


def test_archive_missing(tmp_path: Path) -> None:
    """A gap between archives is named."""
    files = a_row(tmp_path)
    report = verify_files([files[0], files[2]], anchors())
    assert [(one.code, one.place) for one in report.across] == [("link", "c.asice")]


def test_archive_exchanged(tmp_path: Path) -> None:
    """An archive that was made anew is not the one that its successor names."""
    files = a_row(tmp_path)
    files[0].write_bytes(archive(0, 2, messages(6)).sealed(stamped=False))
    report = verify_files(files, anchors())
    assert [(one.code, one.place) for one in report.across] == [("link", "b.asice")]


def test_forked(tmp_path: Path) -> None:
    """Two heads of one size that differ show a log that tells different stories."""
    one, other = tmp_path / "one.asice", tmp_path / "other.asice"
    one.write_bytes(evidence().sealed())
    log = messages()
    log[0] = Message.of(0, b"<another/>")
    other.write_bytes(evidence((1,), log).sealed())
    report = verify_files([one, other], anchors())
    assert [(found.code, found.place) for found in report.across] == [("link", "other.asice")]
    assert "forked" in report.across[0].text


def test_not_a_container(tmp_path: Path) -> None:
    """A file that is no container is wrong, one that is not there cannot be read; the others are verified all the
    same."""
    junk, gone, good = tmp_path / "junk", tmp_path / "gone", tmp_path / "good"
    junk.write_bytes(b"not a zip")
    good.write_bytes(evidence().sealed())
    assert verify_file(junk, anchors()).exit_code == 1
    report = verify_files([gone, good], anchors())
    assert (report.exit_code, report.verdict) == (2, "unreadable")
    assert report.files[1].findings == ()


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command verifies with a folder of anchors, writes a report and ends with its code."""
    file, out = tmp_path / "e.asice", tmp_path / "report.json"
    file.write_bytes(evidence().sealed())
    trust = str(trust_folder(tmp_path / "trust"))
    assert main([str(file), "--trust", trust, "--format", "json", "--out", str(out)]) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["verdict"] == "verified"
    assert main([str(file)]) == 3
    assert "NOT FULLY PROVEN" in capsys.readouterr().out
    assert main([str(file), "--trust", str(tmp_path / "nowhere")]) == 2


def test_alone(tmp_path: Path) -> None:
    """The verifier runs as a module of its own and loads neither a database nor the hub."""
    file = tmp_path / "e.asice"
    file.write_bytes(evidence().sealed())
    trust_folder(tmp_path / "trust")
    program = (
        "import sys\nfrom signing.audit import main\ncode = main(sys.argv[1:])\n"
        "strange = {name.split('.')[0] for name in sys.modules}"
        " & {'broker', 'adapters', 'lienthong', 'sqlalchemy', 'aiohttp', 'httpx', 'pydantic'}\n"
        "assert not strange, strange\nsys.exit(code)"
    )
    command = [sys.executable, "-c", program, str(file), "--trust", str(tmp_path / "trust")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "VERIFIED" in done.stdout
