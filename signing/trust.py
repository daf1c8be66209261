"""Whom we believe: which certificate speaks for which partner, and under which conditions.

A partner is known by a pinned certificate (the exact one), or by an authority that issues its certificates.
Conditions are small policy objects that raise; every check takes the time of the message, never "now".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from signing.errors import Untrusted

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


class Policy(Protocol):
    """One condition on a certificate."""

    def check(self, certificate: x509.Certificate, at: datetime) -> None:
        """Raise Untrusted if ``certificate`` must not be accepted for a message of time ``at``."""


@dataclasses.dataclass(frozen=True, slots=True)
class ValidAt:
    """The certificate's validity covers the time of the message."""

    def check(self, certificate: x509.Certificate, at: datetime) -> None:
        """Raise Untrusted outside the validity."""
        if at < certificate.not_valid_before_utc:
            raise Untrusted(f"the certificate is valid only from {_utc(certificate.not_valid_before_utc)}")
        if at > certificate.not_valid_after_utc:
            raise Untrusted(f"the certificate expired on {_utc(certificate.not_valid_after_utc)}")


@dataclasses.dataclass(frozen=True, slots=True)
class SignsMessages:
    """The certificate is meant for signatures (RFC 5280 §4.2.1.3), and not for issuing certificates."""

    def check(self, certificate: x509.Certificate, at: datetime) -> None:
        """Raise Untrusted if key usage or basic constraints forbid message signatures."""
        usage = _extension(certificate, x509.KeyUsage)
        if usage is not None and not (usage.digital_signature or usage.content_commitment):
            raise Untrusted("the certificate's key usage does not allow signatures")
        if _is_authority(certificate):
            raise Untrusted("a certificate of an authority must not sign messages")


@dataclasses.dataclass(frozen=True, slots=True)
class StrongKey:
    """The key has at least ``rsa`` bits, or lies on a P-curve of at least ``ec`` bits."""

    rsa: int = 2048
    ec: int = 256

    def check(self, certificate: x509.Certificate, at: datetime) -> None:
        """Raise Untrusted for a short key or another kind of key."""
        key = certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey) and key.key_size >= self.rsa:
            return
        curves = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
        if (
            isinstance(key, ec.EllipticCurvePublicKey)
            and isinstance(key.curve, curves)
            and key.key_size >= self.ec
        ):
            return
        raise Untrusted(
            f"the certificate's key is neither RSA of {self.rsa} bits or more nor on P-256 or better"
        )


@dataclasses.dataclass(frozen=True, slots=True)
class NotRevoked:
    """No given revocation list names the certificate. The lists must have been checked when they were
    loaded."""

    lists: tuple[x509.CertificateRevocationList, ...]

    def check(self, certificate: x509.Certificate, at: datetime) -> None:
        """Raise Untrusted if the certificate was revoked at or before ``at``."""
        for revocations in self.lists:
            entry = revocations.get_revoked_certificate_by_serial_number(certificate.serial_number)
            if (
                revocations.issuer == certificate.issuer
                and entry is not None
                and entry.revocation_date_utc <= at
            ):
                raise Untrusted(f"the certificate was revoked on {_utc(entry.revocation_date_utc)}")


DEFAULT_POLICIES: tuple[Policy, ...] = (ValidAt(), SignsMessages(), StrongKey())


@dataclasses.dataclass(frozen=True, slots=True)
class Issued:
    """What ``authority`` issued to exactly this ``subject`` (RFC 4514); for authorities that many share."""

    authority: x509.Certificate
    subject: str


Anchor = x509.Certificate | Issued


class Trust:
    """Which certificates speak for which partner. Immutable; safe to share between threads."""

    def __init__(
        self,
        certificates: Mapping[str, Sequence[Anchor]],
        *,
        policies: Sequence[Policy] = DEFAULT_POLICIES,
    ) -> None:
        """``certificates`` by partner: an ordinary certificate is pinned, an authority's vouches for what it
        issues.

        Raises ValueError if one certificate is listed for two partners: its messages would have two senders.
        """
        self._pinned: dict[x509.Certificate, str] = {}
        self._authorities: dict[x509.Certificate, str] = {}
        self._issued: list[tuple[Issued, str]] = []
        self._policies = tuple(policies)
        self._identified: dict[bytes, list[x509.Certificate]] = {}
        for partner, anchors in certificates.items():
            for anchor in anchors:
                self._add(partner, anchor)

    def _add(self, partner: str, anchor: Anchor) -> None:
        if isinstance(anchor, Issued):
            self._issued.append((anchor, partner))
            return
        known = self._authorities if _is_authority(anchor) else self._pinned
        if known.setdefault(anchor, partner) != partner:
            subject = anchor.subject.rfc4514_string()
            raise ValueError(f"certificate {subject} is listed for {known[anchor]} and for {partner}")
        identifier = key_identifier(anchor)
        if known is self._pinned and identifier is not None:
            same = self._identified.setdefault(identifier, [])
            if anchor not in same:
                same.append(anchor)

    @property
    def partners(self) -> frozenset[str]:
        """Names of the partners that some certificate speaks for."""
        issued = {partner for _, partner in self._issued}
        return frozenset(self._pinned.values()) | frozenset(self._authorities.values()) | issued

    def identified(self, identifier: bytes) -> tuple[x509.Certificate, ...]:
        """The pinned certificates with this subject key identifier; several if one was renewed with its key."""
        return tuple(self._identified.get(identifier, ()))

    def check(self, certificate: x509.Certificate, at: datetime) -> str:
        """The partner whom ``certificate`` speaks for at time ``at`` (aware). Raises Untrusted with why
        not."""
        partner = self._partner_of(certificate, at)
        for policy in self._policies:
            policy.check(certificate, at)
        return partner

    def _partner_of(self, certificate: x509.Certificate, at: datetime) -> str:
        if certificate in self._pinned:
            return self._pinned[certificate]
        subject = certificate.subject.rfc4514_string()
        for issued, partner in self._issued:
            if issued.subject == subject and _vouches(issued.authority, certificate, at):
                return partner
        for authority, partner in self._authorities.items():
            if _vouches(authority, certificate, at):
                return partner
        raise Untrusted(f"certificate {subject} is not known for any partner")


def _vouches(authority: x509.Certificate, certificate: x509.Certificate, at: datetime) -> bool:
    """Whether ``authority``, valid itself at that time, issued ``certificate`` without a broken hash."""
    if not _is_authority(authority) or certificate == authority:
        return False
    algorithm = certificate.signature_hash_algorithm
    if isinstance(algorithm, hashes.SHA1 | hashes.MD5):
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return authority.not_valid_before_utc <= at <= authority.not_valid_after_utc


def _is_authority(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def key_identifier(certificate: x509.Certificate) -> bytes | None:
    """The subject key identifier that a certificate states (RFC 5280 §4.2.1.2); None if it states none."""
    stated = _extension(certificate, x509.SubjectKeyIdentifier)
    return None if stated is None else stated.digest


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError):
        return None


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
