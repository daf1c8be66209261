"""XAdES with a time-stamp and revocation data before the EU's Digital Signature Services: B-T and B-LT."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from signing import xml
from signing.keys import FileKey, name_of
from signing.stamps import timestamp
from signing.stamps.authority import EmbeddedAuthority, create_authority
from signing.xmlsig import xades
from tests.foreign.conftest import NOW, Judge
from tests.foreign.test_xades import DOCUMENT, METHODS, written

CA_KEY = ec.derive_private_key(2**200 + 1, ec.SECP256R1())
KEY = ec.derive_private_key(2**200 + 2, ec.SECP256R1())
LATER = (NOW + timedelta(minutes=2)).isoformat().replace("+00:00", "Z")


def builder(subject: str, key: ec.EllipticCurvePrivateKey, serial: int) -> x509.CertificateBuilder:
    """A certificate of the test authority, without what its use demands."""
    return x509.CertificateBuilder(
        issuer_name=name_of("Cơ quan chứng thực"),
        subject_name=name_of(subject),
        public_key=key.public_key(),
        serial_number=serial,
        not_valid_before=NOW - timedelta(days=30),
        not_valid_after=NOW + timedelta(days=300),
    ).add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def usage(*, signs: bool) -> x509.KeyUsage:
    """For messages, or for certificates and lists."""
    rest = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    return x509.KeyUsage(
        digital_signature=signs, content_commitment=signs, key_cert_sign=not signs, crl_sign=not signs, **rest
    )


def authority() -> x509.Certificate:
    """The anchor that issued our certificate."""
    made = builder("Cơ quan chứng thực", CA_KEY, 1)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return made.add_extension(usage(signs=False), critical=True).sign(CA_KEY, hashes.SHA256())


def issued() -> x509.Certificate:
    """Our certificate, which says where its authority's list would be."""
    at = x509.UniformResourceIdentifier("http://127.0.0.1:9/ca.crl")
    made = builder("Trục liên thông", KEY, 2).add_extension(usage(signs=True), critical=True)
    made = made.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(CA_KEY.public_key()), critical=False
    )
    points = x509.CRLDistributionPoints([x509.DistributionPoint([at], None, None, None)])
    return made.add_extension(points, critical=False).sign(CA_KEY, hashes.SHA256())


def revocations(*serials: int) -> bytes:
    """The authority's list, issued after the signature."""
    made = x509.CertificateRevocationListBuilder(
        issuer_name=name_of("Cơ quan chứng thực"),
        last_update=NOW + timedelta(minutes=1),
        next_update=NOW + timedelta(days=7),
    ).add_extension(x509.CRLNumber(1), critical=False)
    for serial in serials:
        made = made.add_revoked_certificate(
            x509.RevokedCertificateBuilder(
                serial_number=serial, revocation_date=NOW - timedelta(days=1)
            ).build()
        )
    return made.sign(CA_KEY, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture
def stamping(tmp_path: Path) -> EmbeddedAuthority:
    """A time-stamping authority."""
    key = create_authority(tmp_path / "tsa", "tsa", clock=lambda: NOW)
    return EmbeddedAuthority(key, clock=lambda: NOW)


def stamp(signature: etree._Element, stamping: EmbeddedAuthority) -> None:
    """Raise a signature to B-T."""
    digest = hashlib.sha256(xades.stamped_bytes(signature)).digest()
    response = stamping.issue(timestamp.request(digest, nonce=1))
    xades.add_timestamp(signature, timestamp.read_response(response, digest=digest, nonce=1))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("form", ["enveloped", "enveloping"])
def test_dss_accepts_every_level_of_ours(
    form: str, method: str, stamping: EmbeddedAuthority, java: Judge, tmp_path: Path
) -> None:
    """What it misses at B-B and B-T, the revocation data, completes the signature at B-LT; a revoked one fails."""
    signer = FileKey(KEY, [issued()])
    document = xml.parse(DOCUMENT.encode())
    if form == "enveloped":
        signature = xades.sign_enveloped(document, signer, at=NOW, canonicalization=METHODS[method])
    else:
        signature = document = xades.sign_enveloping(
            document, signer, at=NOW, canonicalization=METHODS[method]
        )
    anchors = []
    for name, certificate in (("ca", authority()), ("tsa", stamping.certificate)):
        anchors.append(tmp_path / f"{name}.pem")
        anchors[-1].write_bytes(certificate.public_bytes(Encoding.PEM))

    def said() -> str:
        path = written(document, tmp_path)
        return java.ask("xades-verify", path, ",".join(map(str, anchors)), LATER)

    assert said().startswith("XAdES-BASELINE-B INDETERMINATE")
    stamp(signature, stamping)
    assert said().startswith("XAdES-BASELINE-T INDETERMINATE")
    assert "timestamp PASSED" in said()
    chain = [signer.certificate, authority(), stamping.certificate]
    xades.add_validation_data(signature, chain, [revocations()], [])
    assert said().startswith("XAdES-BASELINE-LT TOTAL_PASSED"), said()
    xades.add_validation_data(signature, chain, [revocations(2)], [])
    assert said().startswith("XAdES-BASELINE-LT INDETERMINATE REVOKED"), said()
