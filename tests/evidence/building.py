"""Evidence files built straight from the parts of `signing`, without a hub: small, quick, and changeable anywhere.

A `Draft` holds what a hub would have; `sealed` makes the container of it. What a test changes in between is what an
attacker with the hub's keys could do; what it changes afterwards, what anybody could.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from lxml import etree

from signing.container import asic
from signing.keys import FileKey
from signing.log import merkle
from signing.log.cosignature import CosignatureSigner, CosignatureVerifier, with_lines
from signing.log.note import Checkpoint, NoteSigner, sign_checkpoint
from signing.log.proof import Proof
from signing.stamps import timestamp
from signing.stamps.authority import EmbeddedAuthority
from signing.verifier.anchors import Anchors
from signing.verifier.entries import canonical
from signing.xmlsig import xades
from tests import chains
from tests.pki import NOW

ORIGIN = "lienthong.example/log"
LOG = NoteSigner(ORIGIN, bytes(range(32)))
WITNESS = CosignatureSigner("nhan-chung.example", bytes(range(32, 64)))
LIST = "http://crl.example/ca.crl"
STAMPED = NOW + timedelta(minutes=5)

CA = chains.issue("evidence-ca", authority=True)
HUB = chains.issue("evidence-hub", CA, extra=[chains.points(LIST)])
AUTHORITY = chains.issue("evidence-tsa", uses=[ExtendedKeyUsageOID.TIME_STAMPING], uses_critical=True)
SIGNER = FileKey(HUB.key, [HUB.certificate])


def anchors(**changes: Any) -> Anchors:
    """What a reader of these files believes."""
    witness = WITNESS.verifier
    assert isinstance(witness, CosignatureVerifier)
    known = Anchors((CA.certificate,), (AUTHORITY.certificate,), (LOG.verifier,), (witness,))
    return dataclasses.replace(known, **changes)


def trust_folder(folder: Path) -> Path:
    """The anchors as files."""
    (folder / "tsa").mkdir(parents=True)
    (folder / "ca.pem").write_bytes(CA.certificate.public_bytes(Encoding.PEM))
    (folder / "tsa" / "tsa.pem").write_bytes(AUTHORITY.certificate.public_bytes(Encoding.PEM))
    keys = [LOG.verifier.vkey, WITNESS.verifier.vkey]
    (folder / "log.vkey").write_text("\n".join(keys), encoding="utf-8")
    return folder


@functools.cache
def token(data: bytes, at: datetime = STAMPED) -> bytes:
    """A time-stamp token over ``data``."""
    own = FileKey(AUTHORITY.key, [AUTHORITY.certificate])
    authority = EmbeddedAuthority(own, clock=lambda: at, serial=lambda: 7)
    digest = hashlib.sha256(data).digest()
    answer = authority.issue(timestamp.request(digest, nonce=11))
    return timestamp.read_response(answer, digest=digest, nonce=11)


def _leaf(number: int, body: bytes, salt: bytes, **changes: Any) -> bytes:
    fields = {
        "v": 2,
        "id": f"m-{number}",
        "at": f"2026-09-01T08:{20 + number % 30:02d}:00.000000Z",
        "direction": "out",
        "kind": "request",
        "agency": "hotich",
        "operation": "DangKy",
        "outcome": "ok",
        "dossier": "H01-1",
        "related": None,
        "related_leaf": None,
        "signer": None,
        "officer": None,
        "purpose": None,
        "content_type": "text/xml",
        "size": len(body),
        "body_sha256": hashlib.sha256(salt + body).hexdigest(),
    }
    return canonical(fields | changes)


@dataclasses.dataclass
class Message:
    """One entry of the log; ``leaf`` follows from the rest unless it is given."""

    number: int
    body: bytes | None
    leaf: bytes
    salt: bytes | None

    @classmethod
    def of(cls, number: int, body: bytes | None = None, **changes: Any) -> Message:
        """An ordinary message, with changes of what its leaf says."""
        body = f"<KhaiSinh>Nguyễn Văn {number}</KhaiSinh>".encode() if body is None else body
        salt = hashlib.sha256(b"salt %d" % number).digest()[:16]
        return cls(number, body, _leaf(number, body, salt, **changes), salt)

    @property
    def hash(self) -> bytes:
        """Its leaf hash."""
        return merkle.leaf_hash(self.leaf)

    def erased(self) -> Message:
        """The same without body and salt."""
        return dataclasses.replace(self, body=None, salt=None)


def messages(count: int = 5) -> list[Message]:
    """A log: each odd message answers the one before."""
    made: list[Message] = []
    for number in range(count):
        answers = (
            {"kind": "reply", "related": f"m-{number - 1}", "related_leaf": made[-1].hash.hex()}
            if number % 2
            else {}
        )
        made.append(Message.of(number, **answers))
    return made


@dataclasses.dataclass
class Draft:
    """Files and statement of a container that is not sealed yet."""

    statement: dict[str, Any]
    files: dict[str, bytes]

    def sealed(self, **options: Any) -> bytes:
        """The container; see `seal`."""
        files = {**self.files, "evidence.json": json.dumps(self.statement, ensure_ascii=False).encode()}
        return seal(files, **options)


def seal(
    files: Mapping[str, bytes],
    *,
    signer: FileKey = SIGNER,
    at: datetime = NOW,
    stamped: bool = True,
    crls: Sequence[bytes] | None = None,
    certificates: Iterable[Any] = (CA.certificate, AUTHORITY.certificate),
    compressed: Sequence[str] = (),
) -> bytes:
    """A container with these files, signed at B-LT, or at B-B if it is not ``stamped``."""
    ordered = {name: files[name] for name in sorted(files)}
    media_types = {name: asic.media_type(name) for name in ordered}
    root = etree.Element("holder")
    written = xades.sign_detached(ordered, signer, at=at, media_types=media_types, parent=root)
    if stamped:
        xades.add_timestamp(written, token(xades.stamped_bytes(written)))
        found = [chains.revocation_list(CA)] if crls is None else crls
        xades.add_validation_data(written, list(certificates), found, [])
    out = io.BytesIO()
    asic.write(ordered, written, out, compressed=compressed)
    return out.getvalue()


def note_of(log: Sequence[Message], signer: NoteSigner = LOG, origin: str = ORIGIN) -> str:
    """The signed head of these messages."""
    root = merkle.tree_root(message.hash for message in log)
    return sign_checkpoint(Checkpoint(origin, len(log), root), signer)


def cosigned(note: str, *witnesses: CosignatureSigner) -> str:
    """The note with co-signatures."""
    text = note.rpartition("\n\n")[0] + "\n"
    return with_lines(note, [one.cosignature_line(text, STAMPED).rstrip("\n") for one in witnesses])


def _head(log: Sequence[Message], *, stamped: bool, witnesses: Sequence[CosignatureSigner]) -> Draft:
    note = note_of(log)
    keys = [LOG.verifier.vkey, *(one.verifier.vkey for one in witnesses)]
    files = {
        "log/checkpoint.note": note.encode(),
        "log/cosigned.note": cosigned(note, *witnesses).encode(),
        "log/log.vkey": "".join(f"{key}\n" for key in keys).encode(),
        "explanation.html": "<!DOCTYPE html><title>Chứng cứ</title>".encode(),
    }
    statement: dict[str, Any] = {
        "version": 1,
        "made": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
        "origin": ORIGIN,
        "size": len(log),
        "root": base64.b64encode(merkle.tree_root(message.hash for message in log)).decode(),
        "timestamp": None,
    }
    if stamped:
        files["log/checkpoint.tst"] = token(note.encode())
        at = f"{STAMPED:%Y-%m-%dT%H:%M:%SZ}"
        statement["timestamp"] = {"authority": "ngoai", "independent": True, "at": at}
    return Draft(statement, files)


def evidence(
    indexes: Sequence[int] = (1,),
    log: Sequence[Message] | None = None,
    *,
    stamped: bool = True,
    witnesses: Sequence[CosignatureSigner] = (WITNESS,),
) -> Draft:
    """Evidence of some entries."""
    log = messages() if log is None else log
    draft = _head(log, stamped=stamped, witnesses=witnesses)
    hashes = [message.hash for message in log]
    listed = []
    for index in indexes:
        message = log[index]
        body = None if message.body is None else f"bodies/{index}.xml"
        path = merkle.inclusion_proof(hashes, index)
        note = draft.files["log/cosigned.note"].decode()
        draft.files[f"entries/{index}.json"] = message.leaf
        draft.files[f"entries/{index}.proof"] = Proof(index, tuple(path), note).text.encode()
        if body is not None and message.body is not None:
            draft.files[body] = message.body
        salt = None if message.salt is None else message.salt.hex()
        listed.append({"index": index, "salt": salt, "body": body, "media_type": "text/xml"})
    kind = "message" if len(indexes) == 1 else "exchange"
    draft.statement |= {"kind": kind, "subject": f"m-{indexes[0]}", "entries": listed}
    return draft


def line_of(message: Message, index: int | None = None) -> bytes:
    """One line of an archive."""
    return (
        json.dumps(
            {
                "index": message.number if index is None else index,
                "leaf": message.leaf.decode(),
                "salt": None if message.salt is None else base64.b64encode(message.salt).decode(),
                "body": None if message.body is None else base64.b64encode(message.body).decode(),
            },
            ensure_ascii=False,
        ).encode()
        + b"\n"
    )


def archive(
    first: int = 0,
    stop: int = 5,
    log: Sequence[Message] | None = None,
    *,
    previous: tuple[str, bytes] | None = None,
    kind: str = "archive",
) -> Draft:
    """An archive of entries ``first`` to before ``stop``; ``previous`` is the name and bytes of the one before."""
    log = messages(max(stop, 5)) if log is None else log
    draft = _head(log[:stop], stamped=True, witnesses=(WITNESS,))
    frontier = merkle.Frontier()
    frontier.extend(message.hash for message in log[:first])
    draft.files["log/frontier.bin"] = frontier.to_bytes()
    draft.files["log/entries.jsonl"] = b"".join(line_of(message) for message in log[first:stop])
    draft.statement |= {"kind": kind, "subject": "2026-09", "first": first, "stop": stop, "previous": None}
    if first:
        draft.files["log/previous.note"] = note_of(log[:first]).encode()
    if previous is not None:
        name, data = previous
        digest = hashlib.sha256(data).hexdigest()
        draft.statement["previous"] = {"file": name, "sha256": digest, "size": first}
    return draft
