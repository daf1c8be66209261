"""The same files before tools that we did not write, and before arithmetic written from the standard alone.

What the verifier says is worth no more than its own code; here its answers are held against OpenSSL, xmlsec, unzip, and
a recomputation of tree and proof that shares no line with `signing.log.merkle`.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from signing.audit import verify_file
from signing.stamps import timestamp
from tests.authorities import Openssl, needs_openssl, openssl_verifies
from tests.evidence import building
from tests.evidence.building import anchors, archive, evidence, messages

DS = "{http://www.w3.org/2000/09/xmldsig#}"
needs_unzip = pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")


def parts(data: bytes) -> dict[str, bytes]:
    """The files of a container, by Python's own reader."""
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {info.filename: opened.read(info) for info in opened.infolist()}


def sha(*data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(b"".join(data)).digest()


def root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, as it stands: MTH(D[n]) = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n]))."""
    if len(leaves) < 2:
        return sha(b"\x00", leaves[0]) if leaves else sha()
    k = max(1 << bit for bit in range(64) if 1 << bit < len(leaves))
    return sha(b"\x01", root(leaves[:k]), root(leaves[k:]))


def climbed(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an audit path leads to, by splitting the tree from above as RFC 6962 §2.1.1 describes it."""
    if size == 1:
        assert not path
        return sha(b"\x00", leaf)
    k = max(1 << bit for bit in range(64) if 1 << bit < size)
    *below, sibling = path
    if index < k:
        return sha(b"\x01", climbed(leaf, index, k, below), sibling)
    return sha(b"\x01", sibling, climbed(leaf, index - k, size - k, below))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 21])
def test_proofs(size: int) -> None:
    """Every proof leads to the root in the head, computed in another way."""
    log = messages(size)
    expected = root([message.leaf for message in log])
    for index in range(size):
        files = parts(evidence((index,), log).sealed())
        head = files["log/checkpoint.note"].decode().split("\n")
        assert (int(head[1]), base64.b64decode(head[2])) == (size, expected)
        first, named, *path = files[f"entries/{index}.proof"].decode().partition("\n\n")[0].split("\n")
        assert (first, named) == ("c2sp.org/tlog-proof@v1", f"index {index}")
        leaf = files[f"entries/{index}.json"]
        assert climbed(leaf, index, size, [base64.b64decode(line) for line in path]) == expected


def test_archive() -> None:
    """The lines of an archive give the root of its head."""
    files = parts(archive().sealed(compressed=("log/entries.jsonl",)))
    lines = [json.loads(line) for line in files["log/entries.jsonl"].splitlines()]
    leaves = [line["leaf"].encode() for line in lines]
    assert base64.b64decode(files["log/checkpoint.note"].split(b"\n")[2]) == root(leaves)
    for line in lines:
        content = base64.b64decode(line["salt"]) + base64.b64decode(line["body"])
        assert json.loads(line["leaf"])["body_sha256"] == hashlib.sha256(content).hexdigest()


def test_note_and_cosignature() -> None:
    """The head's signatures verify as plain Ed25519 over the text that the standards name (C2SP signed-note,
    tlog-cosignature)."""
    note = parts(evidence().sealed())["log/cosigned.note"].decode()
    text, _, lines = note.partition("\n\n")
    own, witness = (base64.b64decode(line.split(" ")[2]) for line in lines.splitlines())
    Ed25519PublicKey.from_public_bytes(building.LOG.verifier.public).verify(own[4:], f"{text}\n".encode())
    seconds = int.from_bytes(witness[4:12], "big")
    signed = f"cosignature/v1\ntime {seconds}\n{text}\n".encode()
    key = Ed25519PublicKey.from_public_bytes(building.WITNESS.verifier.public)
    key.verify(witness[12:], signed)


@needs_openssl
def test_time_stamps(tmp_path: Path) -> None:
    """OpenSSL accepts both tokens, over the head and over the signature's value, and no other bytes under them."""
    files = parts(evidence().sealed())
    note, stamp = files["log/checkpoint.note"], files["log/checkpoint.tst"]
    anchor = building.AUTHORITY.certificate
    assert openssl_verifies(stamp, note, anchor, tmp_path / "head", at=building.NOW)
    assert not openssl_verifies(stamp, note + b" ", anchor, tmp_path / "other", at=building.NOW)
    document = etree.fromstring(files["META-INF/signatures001.xml"])  # noqa: TID251 -- a foreign reader
    value = document.find(f".//{DS}SignatureValue")
    token = base64.b64decode(document.findtext(".//{*}EncapsulatedTimeStamp") or "")
    covered = etree.tostring(value, method="c14n", exclusive=True, with_tail=False)
    assert openssl_verifies(token, covered, anchor, tmp_path / "seal", at=building.NOW)


XMLSEC = """
import sys
import xmlsec
from lxml import etree
document = etree.parse("META-INF/signatures001.xml")
for element in document.iter("{*}SignedProperties"):
    xmlsec.tree.add_ids(element, ["Id"])
context = xmlsec.SignatureContext()
context.key = xmlsec.Key.from_file("signer.pem", xmlsec.constants.KeyDataFormatCertPem)
try:
    context.verify(xmlsec.tree.find_node(document.getroot(), "Signature"))
except xmlsec.Error as error:
    sys.exit(1)
"""


def xmlsec_verifies(folder: Path) -> bool:
    """Whether xmlsec accepts the seal of an unpacked container; it reads the files itself, by their addresses."""
    command = [sys.executable, "-c", XMLSEC]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("name", ["bodies/1.xml", "evidence.json", "log/checkpoint.note"])
def test_seal(name: str, tmp_path: Path) -> None:
    """xmlsec verifies the seal over the files as they lie on the disk, and refuses it when one of them changes."""
    for each, content in parts(evidence().sealed()).items():
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).write_bytes(content)
    (tmp_path / "signer.pem").write_bytes(building.HUB.certificate.public_bytes(Encoding.PEM))
    assert xmlsec_verifies(tmp_path)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b" ")
    assert not xmlsec_verifies(tmp_path)


@needs_unzip
def test_packing(tmp_path: Path) -> None:
    """unzip finds nothing wrong with a container, and its list is the manifest's."""
    file = tmp_path / "e.asice"
    file.write_bytes(archive().sealed(compressed=("log/entries.jsonl",)))
    subprocess.run(["unzip", "-tq", str(file)], check=True, capture_output=True)
    listed = subprocess.run(["unzip", "-Z1", str(file)], check=True, capture_output=True, text=True)
    assert listed.stdout.split()[0] == "mimetype"
    with zipfile.ZipFile(file) as opened:
        assert opened.testzip() is None


@needs_openssl
def test_a_foreign_stamp_is_accepted(tmp_path: Path) -> None:
    """A token of OpenSSL's authority on the head is as good as one of ours."""
    authority = Openssl(tmp_path / "tsa")
    draft = evidence()
    note = draft.files["log/checkpoint.note"]
    answer = authority.reply(timestamp.request(hashlib.sha256(note).digest(), nonce=5))
    token = timestamp.read_response(answer, digest=hashlib.sha256(note).digest(), nonce=5)
    draft.files["log/checkpoint.tst"] = token
    at = timestamp.verify(token, note, [authority.anchor]).at
    draft.statement["timestamp"]["at"] = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    file = tmp_path / "e.asice"
    file.write_bytes(draft.sealed())
    known = anchors(authorities=(building.AUTHORITY.certificate, authority.anchor))
    assert verify_file(file, known).exit_code == 0
