"""What a dossier costs at the least: the work of libxml2, libxslt, OpenSSL and SQLite on its documents, alone.

Each part is timed in a tight loop on the documents of this very run and counted as often as one dossier needs it:
nothing twice, nothing for convenience. The hub does the same work inside a server, between two agencies, durably; how
many times the sum it takes is the figure to watch.
"""

from __future__ import annotations

import dataclasses
import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from bench import papers
from bench.scene import OFFICE, REGISTER, STEP, Scene
from broker.canonical import build
from broker.canonical import document as documents
from broker.canonical.schemas import Schemas
from broker.clock import local_day, system_clock
from broker.mapping.mapping import Mapping, load
from broker.population import checks
from signing.keys import load_key
from signing.xml import canonicalize, parse, serialize
from signing.xmlsig.xmldsig import sign_enveloped

_LOOP_SECONDS = 0.15
_DOSSIERS_PER_COMMIT = 5
_CODE = "G22.99.08-261122-000123"
_PROBE = b"x" * 500


@dataclasses.dataclass(frozen=True)
class Part:
    """A kind of work: ``micros`` of CPU for all ``times`` that a dossier needs it."""

    name: str
    times: int
    micros: float


@dataclasses.dataclass(frozen=True)
class _Work:
    """``function`` does the work ``times`` times for each of ``dossiers`` dossiers."""

    name: str
    times: int
    function: Callable[[], object]
    dossiers: int = 1


def total(parts: Sequence[Part]) -> float:
    """Microseconds of all parts of a dossier."""
    return sum(part.micros for part in parts)


class Parts:
    """The parts, ready to be timed as often as wanted."""

    def __init__(self, scene: Scene) -> None:
        """Make one dossier's documents."""
        self._works = list(_works(scene, _Sample(scene)))

    def measure(self) -> list[Part]:
        """Time every part once."""
        return [Part(work.name, work.times, _micros(work)) for work in self._works]


def _micros(work: _Work) -> float:
    """CPU of one dossier's share; the median of many calls after the first."""
    work.function()
    taken = []
    until = time.perf_counter() + _LOOP_SECONDS
    while time.perf_counter() < until:
        began = time.thread_time_ns()
        work.function()
        taken.append(time.thread_time_ns() - began)
    return sorted(taken)[len(taken) // 2] / 1000 / work.dossiers


def _works(scene: Scene, sample: _Sample) -> Iterator[_Work]:
    yield _Work("parse", len(sample.inbound), lambda: [parse(body) for body in sample.inbound])
    schema = Schemas(scene.folder).compiled
    request = documents.read(papers.declaration(0))
    yield _Work("validate the declaration (XSD)", 1, lambda: schema.validate(request))
    yield _Work("map, and validate the result (XSLT, XSD)", len(sample.mapped), sample.map)
    signed = [parse(body) for body in sample.signed]
    twice = [*signed, *(root.find(f".//{documents.DS_SIGNATURE}") for root in signed)]
    yield _Work(
        "canonicalise", len(twice), lambda: [canonicalize(root) for root in twice if root is not None]
    )
    hashed = [*sample.signed, *map(canonicalize, signed), *sample.logged]
    yield _Work("SHA-256", len(hashed), lambda: [hashlib.sha256(body).digest() for body in hashed])
    yield _Work("sign (RSA-2048)", 1, lambda: scene.portal.sign(_PROBE))
    yield _Work("verify (RSA-2048)", 2, _verifying(scene))
    yield _Work("serialise", len(signed), lambda: [serialize(root) for root in signed])
    insert = _inserting(scene.folder / "parts.sqlite3", sample.logged)
    yield _Work(
        "insert into the log (SQLite, group commit)", len(sample.logged), insert, _DOSSIERS_PER_COMMIT
    )


class _Sample:
    """The documents of one dossier."""

    def __init__(self, scene: Scene) -> None:
        now = system_clock()
        self._on = local_day(now)
        answers = papers.answers(scene)
        envelope = papers.envelope(0, scene.portal)
        declaration = documents.declaration_of(parse(papers.declaration(0)))
        assert declaration is not None
        head = build.Head(_CODE, {"lienthong": _CODE}, STEP, "3.000722", f"{_CODE}:{STEP}:1", now, now)
        asked = list(_asked(declaration))
        record = next(iter(answers.records.values()))
        replies = [answers.confirmed if kind == "confirm" else record for kind, _ in asked]
        replies.append(answers.receipt)
        self.inbound = [envelope, *replies]
        """What the hub parses."""
        self.mapped = list(_mapped(scene, asked, build.step("BirthStep", head, declaration), replies))
        """Mapping and source: request and reply of every exchange with an agency."""
        outbound = [mapping.transform(source, on=self._on) for mapping, source in self.mapped[::2]]
        sign_enveloped(outbound[-1], load_key(scene.folder / "keys", "hub"))
        sent = [serialize(root) for root in outbound]
        self.signed = [envelope, sent[-1], answers.receipt]
        """What is signed: two of them by others."""
        answered = build.submit_response(_CODE, now, now, duplicate=False)
        self.logged = [envelope, answered, *sent, *replies]
        """Entries of the message log."""

    def map(self) -> list[etree._Element]:
        """Every mapping once, each with the validation of its result."""
        return [mapping.transform(source, on=self._on) for mapping, source in self.mapped]


def _asked(declaration: etree._Element) -> Iterator[tuple[str, bytes]]:
    """Kind and document of every question to the register."""
    for check in checks(declaration):
        query = check.next_query()
        assert query is not None, "everybody has a number"
        yield (
            query.kind,
            query.document(request_id="x", officer="CB000001", unit="H01.001", purpose="3.000722"),
        )


def _mapped(
    scene: Scene, asked: Sequence[tuple[str, bytes]], step: bytes, replies: Sequence[bytes]
) -> Iterator[tuple[Mapping, etree._Element]]:
    agencies = scene.project.agencies
    uses = [agencies[REGISTER].operations[kind] for kind, _ in asked]
    sources = [*(query for _, query in asked), step]
    requests = [*(use.request for use in uses), "birth-to-hotich"]
    receipts = [*(use.reply for use in uses), agencies[OFFICE].operations["submit"].reply]
    for request, source, receipt, reply in zip(requests, sources, receipts, replies, strict=True):
        yield _load(scene, request), parse(source)
        mapping = _load(scene, receipt)
        yield mapping, papers.payload(reply, mapping.header.source.root.qname)


def _load(scene: Scene, name: str | None) -> Mapping:
    assert name is not None
    return load(scene.folder / "mappings" / name, scene.folder)


def _verifying(scene: Scene) -> Callable[[], None]:
    key, signature = scene.portal.certificate.public_key(), scene.portal.sign(_PROBE)
    assert isinstance(key, rsa.RSAPublicKey)

    def verify() -> None:
        for _ in range(2):
            key.verify(signature, _PROBE, PKCS1v15(), SHA256())

    return verify


def _inserting(file: Path, bodies: Sequence[bytes]) -> Callable[[], None]:
    """Rows as large as the log's, durable, several dossiers to a commit."""
    db = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("CREATE TABLE messages (id INTEGER PRIMARY KEY, body BLOB)")
    rows = [(body,) for body in bodies]

    def insert() -> None:
        db.execute("BEGIN IMMEDIATE")
        for _ in range(_DOSSIERS_PER_COMMIT):
            db.executemany("INSERT INTO messages (body) VALUES (?)", rows)
        db.execute("COMMIT")

    return insert
