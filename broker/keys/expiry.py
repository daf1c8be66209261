"""Certificates that end: how long each still holds, and who is told before it does."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from broker.clock import Clock
from broker.config.project import Project
from broker.keys.partners import read_partners
from broker.log.authorities import anchor_files
from broker.model import WorkItem
from broker.store.engine import Store, Tx
from signing.keys import certificates_of, list_keys, read_certificates
from signing.pki.keyring import KeyRing
from signing.pki.path import is_authority, name_of

log = structlog.get_logger(__name__)

Kind = Literal["own", "partner", "authority", "time"]


@dataclasses.dataclass(frozen=True, slots=True)
class Ending:
    """A certificate that the hub works with, and its end."""

    kind: Kind
    """``own``; a ``partner``'s; an ``authority``'s or one on the way to it; one of a ``time``-stamping authority."""
    place: str
    """File below the key folder, the trust folder or the project."""
    subject: str
    start: datetime
    until: datetime
    fingerprint: str
    """SHA-256 of the certificate, hexadecimal."""

    def days_left(self, now: datetime) -> float:
        """Days until the end, negative after it: the figure for metrics."""
        return (self.until - now) / timedelta(days=1)


def endings(project: Project, ring: KeyRing) -> list[Ending]:
    """Every certificate that the hub works with, the one that ends first in front. Raises KeyProblem."""
    found: dict[tuple[str, str], Ending] = {}
    for ending in (*_own(ring), *_partners(project), *_time(project)):
        found.setdefault((ending.fingerprint, ending.place), ending)
    return sorted(found.values(), key=lambda ending: (ending.until, ending.place))


def _own(ring: KeyRing) -> Iterator[Ending]:
    """Keys of the ring that are not retired, and other keys of the folder."""
    retired = {key.name for key in ring.members() if key.state == "retired"}
    for name in list_keys(ring.folder):
        if name not in retired:
            yield _ending("own", f"{name}.crt.pem", certificates_of(ring.folder, name)[0])


def _partners(project: Project) -> Iterator[Ending]:
    for listed in read_partners(project):
        certificate = listed.accepted.certificate
        kind: Kind = "authority" if listed.helps or is_authority(certificate) else "partner"
        ending = _ending(kind, listed.file, certificate)
        limit = listed.accepted.until
        yield ending if limit is None else dataclasses.replace(ending, until=min(limit, ending.until))


def _time(project: Project) -> Iterator[Ending]:
    files = anchor_files(project)
    for authority in project.hub.evidence.timestamps.authorities:
        for certificate in read_certificates(files[authority.name]) if authority.name in files else ():
            yield _ending("time", files[authority.name].name, certificate)


def _ending(kind: Kind, place: str, certificate: x509.Certificate) -> Ending:
    return Ending(
        kind,
        place,
        name_of(certificate),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        certificate.fingerprint(hashes.SHA256()).hex(),
    )


class Expiry:
    """The job that warns: in the log with every run, and by a work item once per certificate and threshold."""

    def __init__(self, project: Project, ring: KeyRing, store: Store, clock: Clock) -> None:
        """Thresholds (``evidence.expiry``, in days) and the owner of the items are the project's."""
        self._project = project
        self._ring = ring
        self._store = store
        self._clock = clock

    async def run(self) -> int:
        """Warn about what ends soon; says how many certificates that are. Raises KeyProblem."""
        now = self._clock()
        thresholds = self._project.hub.evidence.expiry
        due = [
            (ending, threshold)
            for ending in endings(self._project, self._ring)
            if (threshold := reached(ending.days_left(now), thresholds)) is not None
        ]
        for ending, _ in due:
            days = int(ending.days_left(now) // 1)
            log.warning(
                "certificate ends", kind=ending.kind, place=ending.place, days=days, until=ending.until
            )
        if due:
            await self._store.write(lambda tx: self._add(tx, due, now))
        return len(due)

    def _add(self, tx: Tx, due: Sequence[tuple[Ending, int]], now: datetime) -> None:
        for ending, threshold in due:
            tx.work.add(
                WorkItem(
                    id=f"expiry:{ending.fingerprint[:40]}:{threshold}",
                    kind="certificate",
                    at=now,
                    owner=self._project.hub.owner,
                    reason=f"{ending.place} ({ending.subject}) ends on {ending.until:%Y-%m-%d %H:%M} UTC"[
                        :1000
                    ],
                    due=ending.until,
                )
            )


def reached(days: float, thresholds: Sequence[int]) -> int | None:
    """The smallest threshold that ``days`` has reached, None if none is."""
    return min((threshold for threshold in thresholds if days <= threshold), default=None)
