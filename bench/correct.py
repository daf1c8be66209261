"""Checks a run afterwards: every declaration arrived once and unaltered at the right agency, and the log verifies."""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import json
from collections.abc import Sequence

from bench import papers
from bench.scene import HUB, OFFICE, REGISTER, Scene
from broker.clock import random_id, system_clock
from broker.log.logbook import Logbook
from broker.store import invariants
from broker.store.engine import Store, Tx
from broker.store.salt import new_salt
from signing.keys import read_certificates
from signing.log.note import load_note_key
from signing.trust import Trust
from signing.vault import load_vault
from signing.xmlsig.xmldsig import verify_enveloped

_LOOKED_AT = 200
_UNALTERED = {"meHoTen": "Nguyễn Thị Thanh Hương", "chaHoTen": "Trần Quang Dũng", "nycSoDDCN": "001196004217"}


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What was found wrong, one sentence each, and how large the log was."""

    problems: list[str] = dataclasses.field(default_factory=list)
    entries: int = 0


def check(scene: Scene, hashes: Sequence[str], submissions: Sequence[bytes], dossiers: int) -> Verdict:
    """Compare what the agencies got (``hashes`` of all, and the ``submissions``) with what was sent and logged."""
    project = scene.project
    vault = load_vault(scene.folder / "keys")
    store = Store.open(project.database_url, clock=system_clock, new_id=random_id, salt=new_salt, vault=vault)
    try:
        logbook = Logbook(store, project.path(project.hub.data), system_clock)
        report = logbook.verify(load_note_key(scene.folder / "keys", HUB).verifier)
        problems = [str(finding) for finding in report.findings] + invariants.check(store)
        problems += _compared(collections.Counter(hashes), _logged(store))
    finally:
        store.close()
    problems += _arrived([papers.index_of(body) for body in submissions], dossiers)
    problems += _signed(scene, submissions)
    return Verdict(problems, report.entries)


def _logged(store: Store) -> collections.Counter[str]:
    """SHA-256 of every message to an agency in the log."""

    def read(tx: Tx) -> collections.Counter[str]:
        found: collections.Counter[str] = collections.Counter()
        for entry in tx.log.entries():
            leaf = json.loads(entry.leaf)
            if leaf["direction"] == "out" and leaf["agency"] in (REGISTER, OFFICE):
                found[hashlib.sha256(entry.body or b"").hexdigest()] += 1
        return found

    return store.read(read)


def _compared(received: collections.Counter[str], logged: collections.Counter[str]) -> list[str]:
    # The token is asked for outside of the log: credentials are never stored.
    strange, lost = (received - logged).total() - 1, (logged - received).total()
    problems = (
        [f"{strange} messages reached an agency that are not in the log as they came"] if strange > 0 else []
    )
    return problems + ([f"{lost} messages of the log reached no agency"] if lost else [])


def _arrived(indexes: Sequence[int], dossiers: int) -> list[str]:
    counted = collections.Counter(indexes)
    problems = []
    if missing := set(range(dossiers)) - counted.keys():
        problems.append(f"{len(missing)} declarations never arrived, the first is {min(missing)}")
    if twice := [index for index, count in counted.items() if count > 1]:
        problems.append(f"{len(twice)} declarations arrived more than once, the first is {min(twice)}")
    if foreign := counted.keys() - set(range(dossiers)):
        problems.append(f"{len(foreign)} declarations arrived that nobody sent")
    return problems


def _signed(scene: Scene, submissions: Sequence[bytes]) -> list[str]:
    """The hub's signature on submissions spread over the run, and the names below it."""
    trust = Trust({HUB: read_certificates(scene.folder / "keys" / f"{HUB}.crt.pem")})
    problems = []
    for body in submissions[:: max(1, len(submissions) // _LOOKED_AT)]:
        content = verify_enveloped(papers.accessor(body), trust, system_clock()).element
        problems += [
            f"{name} is {content.findtext(f'.//{name}')} at the agency, not {value}"
            for name, value in _UNALTERED.items()
            if content.findtext(f".//{name}") != value
        ]
    return problems
