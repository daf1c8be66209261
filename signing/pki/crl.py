"""Revocation lists (RFC 5280 §5 and §6.3): reading one, and what it says about one certificate.

A list is signed by the issuer of the certificate, or by a key to which that issuer gave a certificate with the key
usage for it. Indirect lists are read when the certificate's distribution point names their signer. A list that says
which certificates it covers is taken at its word. Delta lists, lists without an end, and lists with a critical
extension that is not understood say nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtensionOID

from signing.algorithms import PublicKey
from signing.errors import RevocationUnknown, Untrusted
from signing.pki import path
from signing.pki.answers import Answer, delegate, effective

MAX_BYTES = 32 * 1024 * 1024
"""Largest list that is read."""
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_UNDERSTOOD = frozenset({ExtensionOID.ISSUING_DISTRIBUTION_POINT, ExtensionOID.CRL_NUMBER})
_ILLEGIBLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion)


def read(data: bytes) -> x509.CertificateRevocationList:
    """A list from DER or PEM. Raises RevocationUnknown."""
    if len(data) > MAX_BYTES:
        raise RevocationUnknown(f"the revocation list is larger than {MAX_BYTES} bytes")
    load = x509.load_pem_x509_crl if data.lstrip().startswith(b"-----") else x509.load_der_x509_crl
    try:
        revocations = load(data)
        _ = revocations.issuer, revocations.extensions, revocations.next_update_utc
    except _ILLEGIBLE as error:
        raise RevocationUnknown("the revocation list cannot be read") from error
    return revocations


def answer(
    revocations: x509.CertificateRevocationList,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    signers: Sequence[x509.Certificate] = (),
) -> Answer:
    """What the list says about ``certificate``, which ``issuer`` issued. Raises RevocationUnknown with why it cannot.

    ``signers``: certificates among which a signer other than the issuer may be.
    """
    scope = _scope(revocations)
    point = _check_point(scope, revocations.issuer, certificate)
    _check_kind(scope, certificate)
    check_signed(revocations, issuer, signers)
    next_update = revocations.next_update_utc
    if next_update is None:
        raise RevocationUnknown("the revocation list does not say until when it holds")
    limited = scope is not None and scope.only_some_reasons is not None
    complete = not limited and (point is None or point.reasons is None)
    entry = _entry(revocations, certificate, indirect=scope is not None and scope.indirect_crl)
    if entry is None:
        return Answer(revocations.last_update_utc, next_update, complete=complete)
    reason = _of_entry(entry, x509.CRLReason)
    invalidity = _of_entry(entry, x509.InvalidityDate)
    why = reason.reason.value if reason else None
    since = effective(entry.revocation_date_utc, why, invalidity.invalidity_date_utc if invalidity else None)
    return Answer(revocations.last_update_utc, next_update, since, why, complete)


def check_signed(
    revocations: x509.CertificateRevocationList,
    issuer: x509.Certificate,
    signers: Sequence[x509.Certificate] = (),
) -> None:
    """Raise RevocationUnknown unless the list is signed by ``issuer`` or by one to whom it gave the right to."""
    if not isinstance(_hash(revocations), path.HASHES):
        raise RevocationUnknown("the revocation list is signed without SHA-256, SHA-384 or SHA-512")
    if revocations.issuer == issuer.subject and _may_sign(issuer) and _is_signed(revocations, issuer):
        return
    named = [signer for signer in signers if signer.subject == revocations.issuer]
    for signer in delegate(named, issuer, revocations.last_update_utc, "crl"):
        if _is_signed(revocations, signer):
            return
    raise RevocationUnknown(
        f"the revocation list is not signed by {path.name_of(issuer)} or somebody it entitled"
    )


def _scope(revocations: x509.CertificateRevocationList) -> x509.IssuingDistributionPoint | None:
    """What the list covers, if it says so. Raises RevocationUnknown for what is not understood."""
    found = None
    for each in revocations.extensions:
        if each.oid == ExtensionOID.DELTA_CRL_INDICATOR:
            raise RevocationUnknown(
                "the revocation list holds changes only (delta): a complete one is needed"
            )
        if each.critical and each.oid not in _UNDERSTOOD:
            raise RevocationUnknown(
                f"the revocation list has an extension that is not understood: {each.oid.dotted_string}"
            )
        if isinstance(each.value, x509.IssuingDistributionPoint):
            found = each.value
    return found


def _check_kind(scope: x509.IssuingDistributionPoint | None, certificate: x509.Certificate) -> None:
    """Raise RevocationUnknown if the list covers another kind of certificates (RFC 5280 §6.3.3 (b)(2))."""
    if scope is None:
        return
    authority = path.is_authority(certificate)
    if scope.only_contains_attribute_certs or (
        scope.only_contains_user_certs if authority else scope.only_contains_ca_certs
    ):
        raise RevocationUnknown("the revocation list covers another kind of certificates")


def _check_point(
    scope: x509.IssuingDistributionPoint | None, signer: x509.Name, certificate: x509.Certificate
) -> x509.DistributionPoint | None:
    """The distribution point of ``certificate`` that leads to this list, None if it names none and needs none.

    Raises RevocationUnknown if the list is for others (RFC 5280 §6.3.3 (b)(1) and (2)(i)).
    """
    points: Iterable[x509.DistributionPoint] = path.extension(certificate, x509.CRLDistributionPoints) or ()
    indirect = scope is not None and scope.indirect_crl
    fitting = [point for point in points if _is_issued_by(point, signer, certificate, indirect=indirect)]
    if scope is not None and (scope.full_name is not None or scope.relative_name is not None):
        names = set(scope.full_name or ())
        fitting = [
            point for point in fitting if names.intersection(point.full_name or point.crl_issuer or ())
        ]
    elif signer == certificate.issuer:
        # A complete list of the issuer speaks of all its certificates, whatever point names it.
        return next((point for point in fitting if point.reasons is None), None)
    if not fitting:
        raise RevocationUnknown("the revocation list is for other certificates than this one")
    return next((point for point in fitting if point.reasons is None), fitting[0])


def _is_issued_by(
    point: x509.DistributionPoint, signer: x509.Name, certificate: x509.Certificate, *, indirect: bool
) -> bool:
    if not point.crl_issuer:
        return signer == certificate.issuer
    return indirect and any(
        isinstance(name, x509.DirectoryName) and name.value == signer for name in point.crl_issuer
    )


def _entry(
    revocations: x509.CertificateRevocationList, certificate: x509.Certificate, *, indirect: bool
) -> x509.RevokedCertificate | None:
    """The entry of ``certificate``; in an indirect list an entry belongs to the issuer named last (§5.3.3)."""
    if not indirect:
        return revocations.get_revoked_certificate_by_serial_number(certificate.serial_number)
    issuer = revocations.issuer
    for entry in revocations:
        named = _of_entry(entry, x509.CertificateIssuer)
        if named is not None:
            issuer = next(iter(named.get_values_for_type(x509.DirectoryName)), issuer)
        if entry.serial_number == certificate.serial_number and issuer == certificate.issuer:
            return entry
    return None


def _of_entry(entry: x509.RevokedCertificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return entry.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except _ILLEGIBLE as error:
        raise RevocationUnknown("an entry of the revocation list cannot be read") from error


def _may_sign(issuer: x509.Certificate) -> bool:
    usage = path.extension(issuer, x509.KeyUsage)
    return usage is None or usage.crl_sign


def _is_signed(revocations: x509.CertificateRevocationList, signer: x509.Certificate) -> bool:
    try:
        path.check_strength(signer)
        key = signer.public_key()
        return isinstance(key, PublicKey) and revocations.is_signature_valid(key)
    except (Untrusted, *_ILLEGIBLE):
        return False


def _hash(revocations: x509.CertificateRevocationList) -> object:
    try:
        return revocations.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None
