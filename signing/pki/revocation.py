"""Whether a certificate was taken back, judged from lists and answers that are at hand; nothing is fetched here.

The same code judges a message of now, with what the hub keeps in memory, and a signature of years ago, with what stands
in its evidence: the time that counts is an argument.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.x509.ocsp import OCSPResponse
from cryptography.x509.oid import AuthorityInformationAccessOID

from signing.errors import RevocationUnknown
from signing.pki import crl, ocsp, path
from signing.pki.answers import Answer, decide


@dataclasses.dataclass(frozen=True, slots=True)
class Sources:
    """Where a certificate says that its revocation can be learnt: http(s) addresses, in its order."""

    lists: tuple[str, ...] = ()
    responders: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lists or self.responders)


def sources(certificate: x509.Certificate) -> Sources:
    """What ``certificate`` names: distribution points (RFC 5280 §4.2.1.13) and responders (§4.2.2.1)."""
    points = path.extension(certificate, x509.CRLDistributionPoints) or ()
    access = path.extension(certificate, x509.AuthorityInformationAccess) or ()
    lists = [name for point in points for name in point.full_name or ()]
    responders = [
        each.access_location for each in access if each.access_method == AuthorityInformationAccessOID.OCSP
    ]
    return Sources(_addresses(lists), _addresses(responders))


def _addresses(names: Iterable[x509.GeneralName]) -> tuple[str, ...]:
    found = [name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)]
    return tuple(dict.fromkeys(url for url in found if url.startswith(("http://", "https://"))))


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """Lists and answers at hand, and what happens where they are silent. For `signing.pki.path.validate`."""

    crls: tuple[x509.CertificateRevocationList, ...] = ()
    ocsps: tuple[OCSPResponse, ...] = ()
    certificates: tuple[x509.Certificate, ...] = ()
    """Where signers of lists and answers may be found; they are trusted for nothing else."""
    required: bool = False
    """Refuse a certificate that nothing is known about even if it names neither a list nor a responder."""
    grace: timedelta = timedelta()
    """How long after its end an answer still serves."""
    now: datetime | None = None
    """Answers from later than this are not believed; None believes them all."""

    @classmethod
    def read(
        cls,
        crls: Iterable[bytes],
        ocsps: Iterable[bytes],
        certificates: Iterable[x509.Certificate] = (),
        *,
        required: bool = False,
        now: datetime | None = None,
    ) -> Evidence:
        """From lists and answers as DER. Raises RevocationUnknown naming the first that cannot be read."""
        return cls(
            tuple(map(crl.read, crls)),
            tuple(map(ocsp.read, ocsps)),
            tuple(certificates),
            required=required,
            now=now,
        )

    def check(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> None:
        """Return if ``certificate``, issued by ``issuer``, was not revoked at ``at``.

        Raises Revoked; RevocationUnknown if it names where to ask, or must be known, and nothing here answers.
        """
        answers, refused = self.answers(certificate, issuer)
        if not answers and not self.required and not sources(certificate):
            return
        try:
            decide(answers, certificate, at, grace=self.grace, now=self.now)
        except RevocationUnknown as error:
            raise RevocationUnknown("; ".join([error.reason, *refused])) from error

    def answers(
        self, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> tuple[list[Answer], list[str]]:
        """All authentic answers about ``certificate``, and why others here are none."""
        found: list[Answer] = []
        refused: list[str] = []
        for response in self.ocsps:
            try:
                answer = ocsp.answer(response, certificate, issuer, self.certificates)
                self._check_responder(response, issuer)
                found.append(answer)
            except RevocationUnknown as error:
                refused.append(error.reason)
        for revocations in self.crls:
            try:
                found.append(crl.answer(revocations, certificate, issuer, self.certificates))
            except RevocationUnknown as error:
                refused.append(error.reason)
        return found, list(dict.fromkeys(refused))

    def _check_responder(self, response: OCSPResponse, issuer: x509.Certificate) -> None:
        """Raise RevocationUnknown if a list of the issuer itself names the responder's own certificate.

        A responder whose certificate says that it need not be checked (RFC 6960 §4.2.2.2.1) is not looked up.
        """
        responder = ocsp.check_signed(response, issuer, self.certificates)
        if responder == issuer or path.extension(responder, x509.OCSPNoCheck) is not None:
            return
        for revocations in self.crls:
            try:
                said = crl.answer(revocations, responder, issuer)
            except RevocationUnknown:
                continue  # a list that does not speak of the responder does not condemn it
            if said.since is not None and said.since <= response.produced_at_utc:
                raise RevocationUnknown("the certificate of the responder itself was revoked")
