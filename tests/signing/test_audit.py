"""What somebody with the hub's own keys could put into an evidence file, and what the verifier says to it."""

from __future__ import annotations

import base64
import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from signing.anchors import Anchors
from signing.audit import main, verify_file, verify_files
from signing.cosignature import CosignatureSigner
from signing.keys import FileKey
from signing.note import NoteSigner
from signing.report import Report
from tests import chains
from tests.evidence import building
from tests.evidence.building import Draft, Message, anchors, archive, evidence, messages

ROOT = Path(__file__).resolve().parents[2]
STRANGER = NoteSigner(building.ORIGIN, bytes(32))
OTHER_WITNESS = CosignatureSigner("khac.example", bytes(range(64, 96)))


@pytest.fixture
def verify(tmp_path: Path) -> Callable[..., Report]:
    """Verifies a draft or bytes."""

    def verified(what: Draft | bytes, known: Anchors | None = None) -> Report:
        file = tmp_path / "evidence.asice"
        file.write_bytes(what if isinstance(what, bytes) else what.sealed())
        return verify_file(file, known or anchors())

    return verified


Verify = Callable[..., Report]


def errors(report: Report) -> list[tuple[str, str]]:
    """Code and place of every error."""
    return [(found.code, found.place) for found in report.findings if found.severity == "error"]


def codes(report: Report) -> set[str]:
    """Codes of everything that was found."""
    return {found.code for found in report.findings}


# ---- evidence of messages ----


def test_sound(verify: Verify) -> None:
    """Nothing is found, and the report tells who signed what when."""
    report = verify(evidence((0, 1)))
    assert (report.findings, report.exit_code, report.verdict) == ([], 0, "verified")
    facts = report.files[0].facts
    assert (facts.kind, facts.level, facts.signer) == ("exchange", "B-LT", "CN=evidence-hub")
    assert (facts.entries, facts.bodies, facts.bound, facts.size) == (2, 2, 1, 5)
    assert facts.stamped_at == facts.sealed_at == building.STAMPED
    assert facts.witnesses == ["nhan-chung.example 2026-09-01T08:35:00Z"]


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


# ---- head of the log ----


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


# ---- seal ----


def test_file_changed_behind_the_seal(verify: Verify) -> None:
    """Every file that was changed is named."""
    sealed, other = evidence(), evidence()
    other.files["explanation.html"] = b"<p>khac</p>"
    other.files["log/log.vkey"] += b"\n"
    swapped = swap(sealed.sealed(), other.sealed(), "META-INF/signatures001.xml")
    assert set(errors(verify(swapped))) == {("signature", "explanation.html"), ("signature", "log/log.vkey")}


def test_signer_unknown(verify: Verify) -> None:
    """A seal by somebody whom no anchor vouches for is refused."""
    stranger = chains.issue("evidence-stranger")
    report = verify(evidence().sealed(signer=FileKey(stranger.key, [stranger.certificate]), crls=[]))
    assert ("certificate", "META-INF/signatures001.xml") in errors(report)


def test_signer_revoked(verify: Verify) -> None:
    """A certificate that was revoked before the seal was stamped is refused."""
    crl = chains.revocation_list(building.CA, chains.Taken(building.HUB.certificate))
    assert errors(verify(evidence().sealed(crls=[crl]))) == [("revocation", "META-INF/signatures001.xml")]


def test_signer_revoked_later(verify: Verify) -> None:
    """What was sealed before the revocation stays good."""
    crl = chains.revocation_list(building.CA, chains.Taken(building.HUB.certificate, at=0.5))
    assert verify(evidence().sealed(crls=[crl])).exit_code == 0


def test_revocation_not_known(verify: Verify) -> None:
    """A certificate that names a list, without the list, leaves something unproven."""
    report = verify(evidence().sealed(crls=[]))
    assert (report.exit_code, codes(report)) == (3, {"revocation"})


def test_strange_certificate_came_along(verify: Verify) -> None:
    """What belongs to no chain is not let pass unseen."""
    stray = chains.issue("evidence-stray").certificate
    several = (building.CA.certificate, building.AUTHORITY.certificate, stray)
    assert errors(verify(evidence().sealed(certificates=several))) == [
        ("certificate", "META-INF/signatures001.xml")
    ]


def test_strange_list_came_along(verify: Verify) -> None:
    """A revocation list of another authority proves nothing here."""
    other = chains.issue("evidence-other-ca", authority=True)
    lists = [chains.revocation_list(building.CA), chains.revocation_list(other)]
    assert errors(verify(evidence().sealed(crls=lists))) == [("revocation", "META-INF/signatures001.xml")]


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


# ---- the statement ----


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": True},
        {"kind": "letter"},
        {"kind": ["message"]},
        {"subject": ""},
        {"made": "2026-09-01 08:30"},
        {"made": "2026-13-01T00:00:00Z"},
        {"size": -1},
        {"size": 1.5},
        {"size": 10**30},
        {"root": "AAAA"},
        {"timestamp": {"authority": "x"}},
        {"timestamp": []},
        {"entries": {}},
        {"entries": []},
        {"entries": [1]},
        {"entries": [{"index": 1, "salt": "zz", "body": "../x", "media_type": "text/xml"}]},
        {"entries": [{"index": 9, "salt": None, "body": None, "media_type": "text/xml"}]},
        {"entries": [{"index": 1, "salt": None, "body": "bodies/2.xml", "media_type": "text/xml"}]},
        {"stray": 1},
        {"first": 0, "stop": 5},
    ],
    ids=lambda change: json.dumps(change)[:40],
)
def test_statement_out_of_form(verify: Verify, change: dict[str, object]) -> None:
    """The statement has one form; what departs from it is named."""
    draft = evidence()
    draft.statement |= change
    assert ("statement", "evidence.json") in errors(verify(draft))


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"version":1,"version":1}', b"NaN"]
)
def test_statement_not_json(verify: Verify, data: bytes) -> None:
    """Anything instead of the statement is refused, whatever it is."""
    files = evidence().files | {"evidence.json": data}
    assert ("statement", "evidence.json") in errors(verify(building.seal(files)))


# ---- archives ----


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
    """A body may be missing only if an entry says who erased it."""
    log = messages()
    erasure = json.dumps({"entries": [2]}).encode()
    told = [*log[:2], log[2].erased(), log[3], Message.of(4, erasure, kind="erasure", officer="cb-01")]
    report = verify(archive(log=told))
    assert (report.exit_code, report.files[0].facts.erased) == (0, 1)
    assert "erasure" in codes(report)
    silent = [*log[:2], log[2].erased(), *log[3:]]
    assert [(one.code, one.index) for one in verify(archive(log=silent)).findings] == [("body", 2)]


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


# ---- reports and the command ----


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


def test_as_json(verify: Verify) -> None:
    """The JSON form is stable: its names, and one object per finding with its meaning."""
    draft = evidence()
    draft.files["bodies/1.xml"] = b"<x/>"
    said = json.loads(verify(draft).as_json())
    assert (said["version"], said["verdict"], said["exit_code"]) == (1, "wrong", 1)
    assert set(said["files"][0]) == {"file", "readable", "facts", "findings"}
    assert set(said["files"][0]["findings"][0]) == {
        "severity",
        "index",
        "place",
        "text",
        "code",
        "offset",
        "meaning",
    }
    assert said["files"][0]["facts"]["stamped_at"] == "2026-09-01T08:35:00Z"


def test_as_html(verify: Verify) -> None:
    """The page is complete in itself, in both languages, and runs nothing that a file says."""
    draft = evidence()
    draft.statement["subject"] = "<script>alert(1)</script>"
    page = verify(draft).as_html()
    assert "<script" not in page
    assert "Đã xác minh" in page
    assert "Verified" in page
    assert "src=" not in page


def trust_folder(folder: Path) -> Path:
    """The anchors as files."""
    (folder / "tsa").mkdir(parents=True)
    (folder / "ca.pem").write_bytes(building.CA.certificate.public_bytes(Encoding.PEM))
    (folder / "tsa" / "tsa.pem").write_bytes(building.AUTHORITY.certificate.public_bytes(Encoding.PEM))
    keys = [building.LOG.verifier.vkey, building.WITNESS.verifier.vkey]
    (folder / "log.vkey").write_text("\n".join(keys), encoding="utf-8")
    return folder


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


def a_row(folder: Path) -> list[Path]:
    """Three archives that continue each other."""
    log, files, before = messages(6), [], None
    for name, first, stop in (("a.asice", 0, 2), ("b.asice", 2, 4), ("c.asice", 4, 6)):
        data = archive(first, stop, log, previous=before).sealed()
        (folder / name).write_bytes(data)
        files.append(folder / name)
        before = (name, data)
    return files


def swap(data: bytes, other: bytes, name: str) -> bytes:
    """``other`` with one file of ``data``, packed as a container is."""
    import io

    from signing.asic import read
    from signing.zipped import Writer

    out = io.BytesIO()
    writer = Writer(out)
    with read(data) as mine, read(other) as theirs:
        for each in theirs.names:
            writer.add(each, (mine if each == name else theirs).read(each))
    writer.finish()
    return out.getvalue()


def test_base64_in_another_way(verify: Verify) -> None:
    """Bytes of an archive are written in the one way that there is."""
    draft = archive()
    line = draft.files["log/entries.jsonl"]
    salt = base64.b64encode(messages()[0].salt or b"")
    assert salt.endswith(b"==")
    loose = salt[:-3] + bytes([salt[-3] + 1]) + b"=="
    draft.files["log/entries.jsonl"] = line.replace(salt, loose)
    assert ("leaf", "log/entries.jsonl line 1") in errors(verify(draft))
