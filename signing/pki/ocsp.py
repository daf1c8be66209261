"""Answers of responders (RFC 6960): asking about one certificate, and what the answer says.

An answer is signed by the issuer of the certificate, or by a responder to whom that very issuer gave a certificate with
the extended key usage for it. It must be about exactly the certificate that was asked about, and about no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp

from signing.errors import RevocationUnknown, Untrusted
from signing.pki import path
from signing.pki.answers import Answer, delegate, effective

MAX_BYTES = 64 * 1024
"""Largest answer that is read."""
WITHOUT_END = timedelta(hours=1)
"""How long an answer without nextUpdate holds: the responder has always newer ones (§4.2.2.1)."""
_UNDERSTOOD = frozenset({x509.OCSPNonce.oid, x509.CRLReason.oid, x509.InvalidityDate.oid})
_SHA1 = hashes.SHA1()  # noqa: S303 - part of an identifier, protects nothing, and RFC 5019 knows no other
_ID_HASHES = (hashes.SHA1, *path.HASHES)
_ILLEGIBLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion)


def request(certificate: x509.Certificate, issuer: x509.Certificate, nonce: bytes) -> bytes:
    """The DER question about ``certificate``; ``nonce``: 16 to 32 random bytes (RFC 9654), kept for `answer`."""
    builder = _question(certificate, issuer, _SHA1).add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(serialization.Encoding.DER)


def read(data: bytes) -> ocsp.OCSPResponse:
    """A DER answer, whole and successful. Raises RevocationUnknown, with the responder's status if it is an error."""
    if len(data) > MAX_BYTES:
        raise RevocationUnknown(f"the responder's answer is larger than {MAX_BYTES} bytes")
    try:
        response = ocsp.load_der_ocsp_response(data)
        status = response.response_status
        if status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise RevocationUnknown(f"the responder answered: {status.name.lower()}")
        if len(list(response.responses)) != 1:
            raise RevocationUnknown("the responder's answer is not about one certificate")
        _check_extensions(response)
    except _ILLEGIBLE as error:
        raise RevocationUnknown("the responder's answer cannot be read") from error
    return response


def answer(
    response: ocsp.OCSPResponse,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    signers: Sequence[x509.Certificate] = (),
    *,
    nonce: bytes | None = None,
) -> Answer:
    """What ``response`` says about ``certificate``, which ``issuer`` issued. Raises RevocationUnknown.

    ``nonce``: what was sent; another one in the answer is refused, none is accepted, because many responders sign ahead
    of time (RFC 9654 §2.1) and the answer's own time bounds its age.
    """
    try:
        _check_subject(response, certificate, issuer)
        _check_nonce(response, nonce)
        check_signed(response, issuer, signers)
        return _said(response)
    except _ILLEGIBLE as error:
        raise RevocationUnknown("the responder's answer cannot be read") from error


def check_signed(
    response: ocsp.OCSPResponse, issuer: x509.Certificate, signers: Sequence[x509.Certificate] = ()
) -> x509.Certificate:
    """Who signed ``response``: ``issuer``, or a responder with its certificate. Raises RevocationUnknown."""
    if _is_responder(response, issuer) and _is_signed(response, issuer):
        return issuer
    named = [each for each in (*response.certificates, *signers) if _is_responder(response, each)]
    for candidate in delegate(named, issuer, response.produced_at_utc, "ocsp"):
        if _is_signed(response, candidate):
            return candidate
    raise RevocationUnknown(
        f"the responder's answer is not signed by {path.name_of(issuer)} or somebody it entitled"
    )


def _said(response: ocsp.OCSPResponse) -> Answer:
    status = response.certificate_status
    if status is ocsp.OCSPCertStatus.UNKNOWN:
        raise RevocationUnknown("the responder does not know the certificate")
    this_update = response.this_update_utc
    next_update = response.next_update_utc or this_update + WITHOUT_END
    revoked = response.revocation_time_utc
    if status is ocsp.OCSPCertStatus.GOOD or revoked is None:
        return Answer(this_update, next_update)
    reason = response.revocation_reason
    why = reason.value if reason else None
    invalidity = None
    for each in response.single_extensions:
        if isinstance(each.value, x509.InvalidityDate):
            invalidity = each.value.invalidity_date_utc
    return Answer(this_update, next_update, effective(revoked, why, invalidity), why)


def _check_subject(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> None:
    algorithm = response.hash_algorithm
    if not isinstance(algorithm, _ID_HASHES):
        raise RevocationUnknown("the responder's answer names the certificate by an unknown hash")
    asked = _question(certificate, issuer, algorithm).build()
    if (response.serial_number, response.issuer_name_hash, response.issuer_key_hash) != (
        asked.serial_number,
        asked.issuer_name_hash,
        asked.issuer_key_hash,
    ):
        raise RevocationUnknown("the responder's answer is about another certificate")


def _check_nonce(response: ocsp.OCSPResponse, nonce: bytes | None) -> None:
    for each in response.extensions:
        if isinstance(each.value, x509.OCSPNonce) and nonce is not None and each.value.nonce != nonce:
            raise RevocationUnknown("the responder's answer is to another question (nonce)")


def _check_extensions(response: ocsp.OCSPResponse) -> None:
    for each in (*response.extensions, *response.single_extensions):
        if each.critical and each.oid not in _UNDERSTOOD:
            raise RevocationUnknown(
                f"the responder's answer has an extension that is not understood: {each.oid.dotted_string}"
            )


def _question(
    certificate: x509.Certificate, issuer: x509.Certificate, algorithm: hashes.HashAlgorithm
) -> ocsp.OCSPRequestBuilder:
    return ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, algorithm)


def _is_responder(response: ocsp.OCSPResponse, candidate: x509.Certificate) -> bool:
    """Whether the answer names ``candidate`` as its signer: by subject, or by the SHA-1 of its key (§4.2.1)."""
    if response.responder_name is not None:
        return response.responder_name == candidate.subject
    return (
        response.responder_key_hash
        == x509.SubjectKeyIdentifier.from_public_key(candidate.public_key()).digest
    )


def _is_signed(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    algorithm = response.signature_hash_algorithm
    if not isinstance(algorithm, path.HASHES):
        return False
    try:
        path.check_strength(signer)
        key = signer.public_key()
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(algorithm))
    except (InvalidSignature, Untrusted):
        return False
    return True
