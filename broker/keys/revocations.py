"""What is known of revocation, in memory: a message is judged by it, and never waits for an issuer.

`broker.keys.revoking` asks issuers and fills it. A certificate that nobody has seen before is asked about by the next
run; until then it counts as unknown, and ``evidence.revocation.unknown`` says what that means. The same holds while an
issuer is down and its last answer has ended for longer than ``grace``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.ocsp import OCSPResponse

from broker.clock import Clock
from broker.config.evidence import Revocation as Settings
from signing.errors import RevocationUnknown
from signing.pki.answers import Answer, decide
from signing.pki.path import issued, name_of
from signing.pki.revocation import Evidence, sources

log = structlog.get_logger(__name__)

_MOST_SEEN = 4096
Link = tuple[x509.Certificate, x509.Certificate]
"""A certificate and its issuer."""


@dataclasses.dataclass(frozen=True, slots=True)
class Held:
    """An authentic answer in memory; ``raw`` as it came."""

    fetched_at: datetime
    until: datetime
    raw: bytes
    read: x509.CertificateRevocationList | OCSPResponse


@dataclasses.dataclass(frozen=True, slots=True)
class _Judged:
    """What the answers at hand say about one certificate; ``named``: it says whom to ask."""

    named: bool
    answers: Sequence[Answer]
    refused: Sequence[str]


def responder_source(url: str, certificate: x509.Certificate) -> str:
    """The name of a responder's answer about one certificate: its address and the certificate's SHA-256."""
    return f"{url}#{certificate.fingerprint(hashes.SHA256()).hex()}"


class Revocations:
    """What is known of revocation: the hub's `signing.pki.path.Revocation`. Safe to use from many threads."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Knows nothing yet."""
        self._settings = settings
        self._clock = clock
        self._held: Mapping[str, Held] = {}
        self._signers: Sequence[x509.Certificate] = ()
        self._judged: dict[x509.Certificate, _Judged] = {}
        self._seen: dict[x509.Certificate, x509.Certificate] = {}

    def check(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> None:
        """Return if ``certificate``, issued by ``issuer``, is believed at ``at``, as memory and settings say.

        Raises Revoked, or RevocationUnknown with the remedy.
        """
        if self._settings.check == "off":
            return
        judged = self._judged.get(certificate)
        if judged is None:
            judged = self._judge(certificate, issuer)
        if not judged.named and not judged.answers:
            if self._settings.check == "required":
                raise RevocationUnknown(
                    f"certificate {name_of(certificate)} does not say where to ask about it"
                )
            return
        try:
            decide(judged.answers, certificate, at, grace=self._settings.grace, now=self._clock())
        except RevocationUnknown as error:
            if self._settings.unknown == "refuse":
                raise RevocationUnknown("; ".join([error.reason, *judged.refused])) from error

    def seen(self) -> list[Link]:
        """Certificates that messages brought and that name somebody to ask."""
        return list(self._seen.items())

    def held(self) -> Mapping[str, Held]:
        """Source → its answer."""
        return self._held

    def take(self, answers: Mapping[str, Held], signers: Sequence[x509.Certificate]) -> None:
        """Hold these answers from now on; among ``signers`` are those whom issuers let sign for them."""
        self._held = {**self._held, **answers}
        self._signers = tuple(signers)
        self._judged = {}

    def prepare(self, links: Iterable[Link]) -> None:
        """Judge these certificates now, so that no message waits while a long list is searched; takes long itself."""
        for certificate, issuer in links:
            if self._judged.get(certificate) is None:
                self._judge(certificate, issuer)

    def material(self, chain: Sequence[x509.Certificate]) -> tuple[list[bytes], list[bytes]]:
        """Lists and answers (DER) about the certificates of a chain, for a signature that is to be judged much later.

        What is not at hand is asked for by the next run, so that the next signature has it.
        """
        for certificate in chain:
            issuer = next((each for each in chain if each != certificate and issued(certificate, each)), None)
            if issuer is not None and sources(certificate):
                self._watch(certificate, issuer)
        held = [self._held.get(source) for certificate in chain for source in named(certificate)]
        found = {each.raw: each.read for each in held if each is not None}
        lists = [raw for raw, read in found.items() if isinstance(read, x509.CertificateRevocationList)]
        return lists, [raw for raw in found if raw not in lists]

    def _watch(self, certificate: x509.Certificate, issuer: x509.Certificate) -> None:
        if len(self._seen) < _MOST_SEEN:
            self._seen.setdefault(certificate, issuer)

    def _judge(self, certificate: x509.Certificate, issuer: x509.Certificate) -> _Judged:
        memory = self._judged  # taken before the answers: newer ones come with a memory of their own
        judged = self._about(certificate, issuer)
        if len(memory) >= _MOST_SEEN:
            memory.clear()
        memory[certificate] = judged
        if judged.named:
            self._watch(certificate, issuer)
        if judged.named and not judged.answers:
            log.warning("revocation unknown", certificate=name_of(certificate), why="; ".join(judged.refused))
        return judged

    def _about(self, certificate: x509.Certificate, issuer: x509.Certificate) -> _Judged:
        where = named(certificate)
        found = [self._held[source].read for source in where if source in self._held]
        evidence = Evidence(
            crls=tuple(each for each in found if isinstance(each, x509.CertificateRevocationList)),
            ocsps=tuple(each for each in found if not isinstance(each, x509.CertificateRevocationList)),
            certificates=tuple(self._signers),
        )
        answers, refused = evidence.answers(certificate, issuer)
        missing = [
            f"no answer of {source.partition('#')[0]} yet" for source in where if source not in self._held
        ]
        return _Judged(bool(where), answers, [*refused, *missing])


def named(certificate: x509.Certificate) -> list[str]:
    """The sources that ``certificate`` names: responders first, then lists."""
    where = sources(certificate)
    return [*(responder_source(url, certificate) for url in where.responders), *where.lists]
