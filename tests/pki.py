"""A test PKI from declarations: who issues whom, with which key, and what is wrong with it.

Keys are made once per process and kind, because generating an RSA key takes a tenth of a second; certificates
are cheap and made on demand. Everything is synthetic and nothing is written to disk.
"""

from __future__ import annotations

import dataclasses
import functools
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from signing.algorithms import PrivateKey
from signing.keys import FileKey
from signing.trust import Trust

NOW = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Declared:
    """One certificate of the test PKI; ``issuer`` None means self-signed, ``days`` may be negative."""

    name: str
    kind: str = "rsa-2048"
    issuer: str | None = None
    authority: bool = False
    signs: bool = True
    starts: int = -30
    ends: int = 365


DECLARED = {
    each.name: each
    for each in (
        Declared("ca", kind="ecdsa-p256", authority=True),
        Declared("other-ca", kind="ecdsa-p256", authority=True),
        Declared("old-ca", kind="ecdsa-p256", authority=True, starts=-900, ends=-1),
        Declared("hub"),
        Declared("hub-ec", kind="ecdsa-p256"),
        Declared("hub-p384", kind="ecdsa-p384"),
        Declared("cutru", issuer="ca"),
        Declared("bhxh", issuer="ca"),
        Declared("yte", kind="ecdsa-p256", issuer="ca"),
        Declared("yte-rsa"),
        Declared("stranger", issuer="other-ca"),
        Declared("expired", starts=-400, ends=-1),
        Declared("not-yet", starts=1),
        Declared("wrong-usage", signs=False),
        Declared("late-issue", issuer="old-ca"),
        Declared("weak", kind="rsa-1024"),
    )
}


@functools.cache
def key(name: str) -> PrivateKey:
    """Private key of a declared name."""
    kind = DECLARED[name].kind
    if kind == "ecdsa-p256":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "ecdsa-p384":
        return ec.generate_private_key(ec.SECP384R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=int(kind.removeprefix("rsa-")))


@functools.cache
def certificate(name: str) -> x509.Certificate:
    """Certificate of a declared name."""
    declared = DECLARED[name]
    issuer = declared.issuer or name
    own = key(name).public_key()
    builder = (
        x509.CertificateBuilder(subject_name=subject(name), issuer_name=subject(issuer), public_key=own)
        .serial_number(1000 + list(DECLARED).index(name))
        .not_valid_before(NOW + timedelta(days=declared.starts))
        .not_valid_after(NOW + timedelta(days=declared.ends))
        .add_extension(x509.BasicConstraints(ca=declared.authority, path_length=None), critical=True)
        .add_extension(_usage(declared), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
    )
    return builder.sign(key(issuer), hashes.SHA256())


@functools.cache
def signer(name: str) -> FileKey:
    """A signer of a declared name."""
    return FileKey(key(name), [certificate(name)])


def trust(*names: str) -> Trust:
    """Trust that pins the certificate of each declared name to a partner of that name."""
    return Trust({name: [certificate(name)] for name in names})


def subject(name: str) -> x509.Name:
    """Subject of a declared name."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Cơ quan thử nghiệm"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _usage(declared: Declared) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=declared.signs and not declared.authority,
        content_commitment=False,
        key_encipherment=not declared.signs,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=declared.authority,
        crl_sign=declared.authority,
        encipher_only=False,
        decipher_only=False,
    )
