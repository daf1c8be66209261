"""Certificates, revocation lists and responders' answers of any shape, broken ones included, for tests.

Keys are made once per process and name; everything is synthetic and nothing is written to disk.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from signing.algorithms import PrivateKey
from tests.pki import NOW

_SHA256 = hashes.SHA256()


@functools.cache
def key(name: str) -> PrivateKey:
    """The private key of a name: RSA of so many bits for ``rsa-<bits>…``, else on P-256."""
    if name.startswith("rsa-"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(name.split("-")[1]))
    return ec.generate_private_key(ec.SECP256R1())


@dataclasses.dataclass(frozen=True)
class Party:
    """A certificate and its key."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def name(self) -> x509.Name:
        """Subject of the certificate."""
        return self.certificate.subject


def name(common: str) -> x509.Name:
    """A subject."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def issue(
    common: str,
    issuer: Party | None = None,
    *,
    authority: bool = False,
    path_length: int | None = None,
    constraints: bool = True,
    usage: Sequence[str] | None = ("digital_signature",),
    uses: Sequence[x509.ObjectIdentifier] = (),
    uses_critical: bool = False,
    extra: Sequence[tuple[x509.ExtensionType, bool]] = (),
    starts: int = -30,
    ends: int = 365,
    algorithm: Any = _SHA256,
    key_name: str = "",
    serial: int | None = None,
) -> Party:
    """A certificate of ``common``, by ``issuer`` or self-signed; ``starts`` and ``ends`` are days from NOW."""
    own = key(key_name or common)
    if authority and usage == ("digital_signature",):
        usage = ("key_cert_sign", "crl_sign")
    builder = (
        x509.CertificateBuilder(
            subject_name=name(common),
            issuer_name=issuer.name if issuer else name(common),
            public_key=own.public_key(),
        )
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=starts))
        .not_valid_after(NOW + timedelta(days=ends))
    )
    if constraints:
        builder = builder.add_extension(
            x509.BasicConstraints(ca=authority, path_length=path_length), critical=True
        )
    if usage is not None:
        builder = builder.add_extension(_usage(usage), critical=True)
    if uses:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(uses)), critical=uses_critical)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical=critical)
    return Party(own, builder.sign(issuer.key if issuer else own, algorithm))


def points(*urls: str, **more: Any) -> tuple[x509.ExtensionType, bool]:
    """Where the certificate says its revocation list is."""
    where = [x509.UniformResourceIdentifier(url) for url in urls]
    point = x509.DistributionPoint(
        full_name=where or None,
        relative_name=None,
        reasons=more.get("reasons"),
        crl_issuer=more.get("crl_issuer"),
    )
    return x509.CRLDistributionPoints([point]), False


def responder(url: str) -> tuple[x509.ExtensionType, bool]:
    """Where the certificate says its responder is."""
    access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url))
    return x509.AuthorityInformationAccess([access]), False


@dataclasses.dataclass(frozen=True)
class Taken:
    """A certificate that was taken back; ``at`` and ``invalid`` are days from NOW."""

    certificate: x509.Certificate
    at: float = -1
    reason: x509.ReasonFlags | None = None
    invalid: float | None = None
    issuer: x509.Name | None = None

    def entry(self) -> x509.RevokedCertificate:
        """As it stands in a list."""
        builder = (
            x509.RevokedCertificateBuilder()
            .serial_number(self.certificate.serial_number)
            .revocation_date(NOW + timedelta(days=self.at))
        )
        if self.reason is not None:
            builder = builder.add_extension(x509.CRLReason(self.reason), critical=False)
        if self.invalid is not None:
            moment = (NOW + timedelta(days=self.invalid)).replace(tzinfo=None)
            builder = builder.add_extension(x509.InvalidityDate(moment), critical=False)
        if self.issuer is not None:
            names = x509.CertificateIssuer([x509.DirectoryName(self.issuer)])
            builder = builder.add_extension(names, critical=True)
        return builder.build()


def revocation_list(
    signer: Party,
    *taken: Taken,
    at: datetime = NOW - timedelta(hours=1),
    hours: float = 24,
    extra: Sequence[tuple[x509.ExtensionType, bool]] = (),
    algorithm: Any = _SHA256,
    issuer: x509.Name | None = None,
) -> bytes:
    """A revocation list as DER."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer or signer.name)
        .last_update(at)
        .next_update(at + timedelta(hours=hours))
    )
    for each in taken:
        builder = builder.add_revoked_certificate(each.entry())
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signer.key, algorithm).public_bytes(serialization.Encoding.DER)


def scope(**covers: Any) -> tuple[x509.ExtensionType, bool]:
    """What a list says it covers."""
    nothing: dict[str, Any] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    if isinstance(covers.get("full_name"), str):
        covers["full_name"] = [x509.UniformResourceIdentifier(covers["full_name"])]
    return x509.IssuingDistributionPoint(**{**nothing, **covers}), True


def said(
    signer: Party,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    *,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    at: datetime = NOW - timedelta(hours=1),
    hours: float | None = 24,
    revoked: float | None = None,
    reason: x509.ReasonFlags | None = None,
    nonce: bytes | None = None,
    carried: Sequence[x509.Certificate] = (),
    id_hash: Any = _SHA256,
    algorithm: Any = _SHA256,
    by_key: bool = False,
    extra: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    """A responder's answer as DER; ``revoked`` in days from NOW makes it say so."""
    if revoked is not None:
        status = ocsp.OCSPCertStatus.REVOKED
    how = ocsp.OCSPResponderEncoding.HASH if by_key else ocsp.OCSPResponderEncoding.NAME
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=certificate,
            issuer=issuer,
            algorithm=id_hash,
            cert_status=status,
            this_update=at,
            next_update=None if hours is None else at + timedelta(hours=hours),
            revocation_time=None if revoked is None else NOW + timedelta(days=revoked),
            revocation_reason=reason,
        )
        .responder_id(how, signer.certificate)
    )
    if carried:
        builder = builder.certificates(list(carried))
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signer.key, algorithm).public_bytes(serialization.Encoding.DER)


def _usage(bits: Sequence[str]) -> x509.KeyUsage:
    known = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
    )
    return x509.KeyUsage(**{bit: bit in bits for bit in known}, encipher_only=False, decipher_only=False)
