"""From a certificate to an anchor that we believe: path building and validation (RFC 5280 §6.1).

What is checked of every certificate of a path: its signature, its validity at the asked time, the strength of key
and hash, and that no critical extension is unknown to us. Of every issuer besides: basic constraints with path length,
key usage, and no purpose that excludes the asked one. Of the first: that it may do what it is used for. What this
module does not compute (name constraints, required policies) makes a path invalid instead of being passed over. Names
are compared attribute by attribute, without folding of case.

An anchor is an authority, or the very certificate that is asked about: then the path has length one. Anchors
must be valid at the asked time as well, and their constraints hold; their own signatures are not looked at, since
trust in them comes from elsewhere.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, Protocol, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from cryptography.x509.oid import ExtensionOID, ObjectIdentifier

from signing.errors import Untrusted

Purpose = Literal["signing", "timestamping", "crl", "ocsp"]
Path = tuple[x509.Certificate, ...]
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)

MAX_LENGTH = 8
"""Certificates in a path, the anchor included."""
_MAX_STEPS = 64  # signatures that are verified while a path is looked for
_RSA_BITS = range(2048, 8193)  # above, one verification costs more than a message may
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
"""With these, certificates and answers about revocation may be signed."""
_ILLEGIBLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
_UNDERSTOOD = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        # Without a required policy (refused below) these three cannot make a path invalid.
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.POLICY_MAPPINGS,
        ExtensionOID.INHIBIT_ANY_POLICY,
    }
)
_NOT_COMPUTED = (ExtensionOID.NAME_CONSTRAINTS, ExtensionOID.POLICY_CONSTRAINTS)
_DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
_DOCUMENT_SIGNING_OLD = ObjectIdentifier("1.3.6.1.4.1.311.10.3.12")  # what authorities issued before it
_SIGNING_USES = frozenset(
    {
        Eku.CLIENT_AUTH,
        Eku.EMAIL_PROTECTION,
        _DOCUMENT_SIGNING,
        _DOCUMENT_SIGNING_OLD,
        Eku.ANY_EXTENDED_KEY_USAGE,
    }
)

# An authority whose extended key usage names other things than these must not lead to such a certificate.
_ISSUER_USES = {
    "signing": _SIGNING_USES,
    "timestamping": frozenset({Eku.TIME_STAMPING, Eku.ANY_EXTENDED_KEY_USAGE}),
}


class Revocation(Protocol):
    """Who knows which certificates were revoked."""

    def check(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> None:
        """Raise Untrusted if ``certificate``, which ``issuer`` issued, must not be believed at ``at``."""


def validate(
    certificate: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    at: datetime,
    *,
    purpose: Purpose,
    revocation: Revocation | None,
) -> Path:
    """The path from ``certificate`` to one of ``anchors``, both included, valid at ``at`` (aware) for ``purpose``.

    ``intermediates`` need neither trust nor order. Raises Untrusted with what is wrong with the first path that was
    found, or that there is none.
    """
    check_legible(certificate)
    refused: Untrusted | None = None
    for path in _Builder(_legible(intermediates), _legible(anchors)).paths((certificate,)):
        try:
            _check_path(path, at, purpose)
            if revocation is not None:
                for subject, issuer in itertools.pairwise(path):
                    revocation.check(subject, issuer, at)
        except Untrusted as error:
            refused = refused or error
        else:
            return path
    raise refused or Untrusted(
        f"certificate {name_of(certificate)} is not known, and no known authority vouches for it"
    )


@dataclasses.dataclass
class _Builder:
    """Finds paths by name and signature; nothing else is judged here."""

    intermediates: Sequence[x509.Certificate]
    anchors: Sequence[x509.Certificate]
    steps: int = 0

    def paths(self, path: Path) -> Iterator[Path]:
        """Every way on from ``path`` to an anchor; none longer than MAX_LENGTH, none through one certificate twice."""
        if path[-1] in self.anchors:
            yield path
        elif len(path) < MAX_LENGTH:
            for issuer in self._issuers(path):
                yield from self.paths((*path, issuer))

    def _issuers(self, path: Path) -> Iterator[x509.Certificate]:
        for candidate in (*self.anchors, *self.intermediates):
            if candidate.subject != path[-1].issuer or candidate in path:
                continue
            self.steps += 1
            if self.steps > _MAX_STEPS:
                raise Untrusted(f"no path to a known authority within {_MAX_STEPS} steps")
            if issued(path[-1], candidate):
                yield candidate


def issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether ``certificate`` names ``issuer`` and bears a signature of its key, whatever else is wrong with it."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _check_path(path: Path, at: datetime, purpose: Purpose) -> None:
    """Everything about a path but its signatures, which built it (RFC 5280 §6.1.3 to §6.1.5)."""
    for certificate in path:
        check_validity(certificate, at)
        check_strength(certificate)
        _check_criticals(certificate)
    for certificate in path[:-1]:
        _check_hash(certificate)
    check_purpose(path[0], purpose)
    below = 0  # issuers below, those that only renew their own key not counted (§6.1.4 (l))
    for issuer in path[1:]:
        _check_issuer(issuer, below, purpose)
        below += issuer.subject != issuer.issuer


def _check_issuer(issuer: x509.Certificate, below: int, purpose: Purpose) -> None:
    """Raise Untrusted unless ``issuer`` may issue certificates, with ``below`` other issuers under it."""
    name = name_of(issuer)
    constraints = extension(issuer, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        raise Untrusted(f"certificate {name} is not one of an authority and cannot issue others")
    if constraints.path_length is not None and below > constraints.path_length:
        raise Untrusted(
            f"authority {name} allows {constraints.path_length} authorities below it, not {below}"
        )
    usage = extension(issuer, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        raise Untrusted(f"the key usage of authority {name} does not allow it to issue certificates")
    uses = extension(issuer, x509.ExtendedKeyUsage)
    wanted = _ISSUER_USES.get(purpose)
    if uses is not None and wanted is not None and not wanted.intersection(uses):
        raise Untrusted(f"the extended key usage of authority {name} excludes {purpose}")


def check_purpose(certificate: x509.Certificate, purpose: Purpose) -> None:
    """Raise Untrusted unless key usage and extended key usage of a path's first certificate allow ``purpose``.

    Messages and time-stamps are never signed by an authority: its key would speak for everyone it issues to.
    """
    name = name_of(certificate)
    usage = extension(certificate, x509.KeyUsage)
    if purpose == "crl":
        if usage is None or not usage.crl_sign:
            raise Untrusted(f"the key usage of certificate {name} does not allow revocation lists")
        return
    if is_authority(certificate):
        raise Untrusted(f"certificate {name} of an authority must not be used for {purpose}")
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise Untrusted(f"the key usage of certificate {name} does not allow signatures")
    _check_uses(certificate, purpose)


def _check_uses(certificate: x509.Certificate, purpose: Purpose) -> None:
    """Raise Untrusted unless the extended key usage fits: RFC 5280 §4.2.1.12, RFC 3161 §2.3, RFC 6960 §4.2.2.2."""
    name = name_of(certificate)
    uses = extension(certificate, x509.ExtendedKeyUsage)
    if purpose == "signing":
        if uses is not None and not _SIGNING_USES.intersection(uses):
            raise Untrusted(f"the extended key usage of certificate {name} does not allow signed messages")
    elif purpose == "timestamping":
        critical = uses is not None and certificate.extensions.get_extension_for_class(type(uses)).critical
        if uses is None or list(uses) != [Eku.TIME_STAMPING] or not critical:
            raise Untrusted(f"certificate {name} is not one for time-stamps and for nothing else (critical)")
    elif uses is None or Eku.OCSP_SIGNING not in uses:
        raise Untrusted(f"certificate {name} is not one of a responder for revocation")


def check_validity(certificate: x509.Certificate, at: datetime) -> None:
    """Raise Untrusted if ``at`` lies outside the validity of ``certificate``; both ends belong to it (§4.1.2.5)."""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at < start:
        raise Untrusted(f"certificate {name_of(certificate)} is valid only from {minute(start)}")
    if at > end:
        raise Untrusted(f"certificate {name_of(certificate)} expired on {minute(end)}")


def check_strength(certificate: x509.Certificate) -> None:
    """Raise Untrusted for a key that is too short, too long to be harmless, or of another kind than RSA and EC."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_BITS:
        return
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES):
        return
    name = name_of(certificate)
    raise Untrusted(
        f"the key of certificate {name} is neither RSA of 2048 to 8192 bits nor on P-256, P-384 or P-521"
    )


def _check_hash(certificate: x509.Certificate) -> None:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm as error:
        raise Untrusted(f"certificate {name_of(certificate)} is signed in an unknown way") from error
    if not isinstance(algorithm, HASHES):
        raise Untrusted(f"certificate {name_of(certificate)} is signed without SHA-256, SHA-384 or SHA-512")


def _check_criticals(certificate: x509.Certificate) -> None:
    for each in certificate.extensions:
        if each.oid in _NOT_COMPUTED or (each.critical and each.oid not in _UNDERSTOOD):
            raise Untrusted(
                f"certificate {name_of(certificate)} has a constraint that is not understood: {each.oid.dotted_string}"
            )


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether the basic constraints make ``certificate`` one that issues others. Raises Untrusted if unreadable."""
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    """The extension of ``kind``, None if there is none. Raises Untrusted if the extensions cannot be read."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except _ILLEGIBLE as error:
        raise Untrusted(f"the extensions of certificate {name_of(certificate)} cannot be read") from error


def check_legible(certificate: x509.Certificate) -> None:
    """Raise Untrusted if a part of ``certificate`` that is decoded when it is asked for does not decode."""
    try:
        _ = certificate.subject, certificate.issuer, certificate.extensions, certificate.public_key()
    except _ILLEGIBLE as error:
        raise Untrusted(f"certificate {name_of(certificate)} cannot be read: {error}") from error


def _legible(certificates: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    found = []
    for certificate in certificates:
        with contextlib.suppress(Untrusted):  # it cannot be part of any path; another one may do
            check_legible(certificate)
            found.append(certificate)
    return found


def name_of(certificate: x509.Certificate) -> str:
    """The subject as people read it (RFC 4514); the serial number where there is none."""
    try:
        return certificate.subject.rfc4514_string() or f"number {certificate.serial_number:x}"
    except ValueError:
        return f"number {certificate.serial_number:x}"


def minute(at: datetime) -> str:
    """A time as reasons of refusals show it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
