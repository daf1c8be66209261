"""Partners' certificates: the trust folder, read, watched and believed.

One sub-folder per partner. A ``*.pem`` in it is believed: an ordinary certificate is pinned, an authority's vouches for
what it issues. A ``*.pem`` in its folder ``intermediates`` only helps to find a path, or says who issued a pinned one.
``limits.yaml`` may say for each file from which day and until which it is believed (days in Vietnam, both included),
and of which subject alone, where an authority serves many.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path

import structlog
from cryptography import x509
from pydantic import Field, RootModel, ValidationError

from broker.clock import VIETNAM
from broker.config.base import Frozen
from broker.config.project import Project
from broker.config.source import ConfigError, Source
from signing.errors import KeyProblem, Untrusted
from signing.keys import read_certificates
from signing.pki.path import Revocation, check_legible
from signing.trust import Accepted, Trust

log = structlog.get_logger(__name__)

LIMITS = "limits.yaml"
INTERMEDIATES = "intermediates"


class Limit(Frozen):
    """What narrows the belief in one file of a partner."""

    start: date | None = Field(default=None, alias="from")
    """First day."""
    until: date | None = None
    """Last day."""
    subject: str | None = None
    """Only what the authority issued to this subject (RFC 4514)."""


class _Limits(RootModel[dict[str, Limit]]):
    """File name → its limits."""


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """One certificate of the trust folder; ``file`` is relative to that folder."""

    partner: str
    file: str
    accepted: Accepted
    helps: bool
    """It is among the intermediates."""


def read_partners(project: Project) -> list[Listed]:
    """Everything in the trust folder. Raises KeyProblem with the file and the remedy."""
    folder = project.path(project.hub.trust)
    if not folder.is_dir():
        raise KeyProblem(
            f"{folder} does not exist: `lienthong keys create` makes it, partners' certificates go there"
        )
    return [
        listed
        for partner in sorted(folder.iterdir())
        if partner.is_dir()
        for listed in (*_believed(partner), *_helping(partner))
    ]


def _believed(partner: Path) -> list[Listed]:
    limits = _limits(partner / LIMITS)
    files = sorted(partner.glob("*.pem"))
    if lost := set(limits) - {file.name for file in files}:
        raise KeyProblem(f"{partner / LIMITS} speaks of {', '.join(sorted(lost))}, which is not there")
    return [
        Listed(partner.name, f"{partner.name}/{file.name}", _accepted(one, limits.get(file.name)), False)
        for file in files
        for one in _certificates(file)
    ]


def _helping(partner: Path) -> list[Listed]:
    return [
        Listed(partner.name, f"{partner.name}/{INTERMEDIATES}/{file.name}", Accepted(one), True)
        for file in sorted((partner / INTERMEDIATES).glob("*.pem"))
        for one in _certificates(file)
    ]


def _certificates(file: Path) -> list[x509.Certificate]:
    found = read_certificates(file)
    try:
        for certificate in found:
            check_legible(certificate)
    except Untrusted as error:
        raise KeyProblem(f"{file}: {error}") from error
    return found


def _limits(file: Path) -> Mapping[str, Limit]:
    if not file.exists():
        return {}
    try:
        source = Source.read(file, f"{file.parent.name}/{LIMITS}")
        return _Limits.model_validate(source.values).root
    except ConfigError as error:
        raise KeyProblem(str(error)) from error
    except ValidationError as error:
        raise KeyProblem("\n".join(map(str, source.faults(error)))) from error


def _accepted(certificate: x509.Certificate, limit: Limit | None) -> Accepted:
    limit = limit or Limit()
    return Accepted(
        certificate,
        subject=limit.subject,
        start=None if limit.start is None else _midnight(limit.start),
        until=None if limit.until is None else _midnight(limit.until + timedelta(days=1)) - _LEAST,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM)


_LEAST = timedelta(microseconds=1)


class Partners:
    """What the hub believes: one `Trust` for all partners, and one for each alone; both follow the folder."""

    def __init__(self, project: Project, revocation: Revocation | None = None) -> None:
        """Reads the folder. Raises KeyProblem."""
        self._project = project
        self._revocation = revocation
        self._state: object = None
        self.all = Trust({}, revocation=revocation)
        """Whoever is believed: for documents whose sender the certificate tells."""
        self.alone: dict[str, Trust] = {}
        """Partner → trust in it and in nobody else: what its adapter works with."""
        self.refresh()

    def refresh(self) -> bool:
        """Read the folder again if a file of it changed; says whether. What was believed stays if it is wrong now.

        A partner that is new gets its adapter's trust with the next start. Raises KeyProblem.
        """
        state = self._stamp()
        if state == self._state:
            return False
        listed = read_partners(self._project)
        believed: dict[str, list[Accepted]] = {}
        for each in listed:
            believed.setdefault(each.partner, [])
            if not each.helps:
                believed[each.partner].append(each.accepted)
        helping = [each.accepted.certificate for each in listed if each.helps]
        try:
            self.all.renew(believed, helping)
        except ValueError as error:
            raise KeyProblem(str(error)) from error
        for partner in (*believed, *self.alone):
            trust = self.alone.setdefault(partner, Trust({}, revocation=self._revocation))
            trust.renew({partner: found} if (found := believed.get(partner)) else {}, helping)
        if self._state is not None:
            log.info("partners' certificates read again", partners=sorted(believed))
        self._state = state
        return True

    def _stamp(self) -> object:
        """What changes when a file of the folder does."""
        folder = self._project.path(self._project.hub.trust)
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        return [(str(file), (stat := file.stat()).st_mtime_ns, stat.st_size, stat.st_ino) for file in files]
