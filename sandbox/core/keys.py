"""Key and certificate of a stand-in agency, and the hub's certificate that it trusts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


class NoTrust(Exception):
    """The agency has no certificate of the hub that is valid now."""


@dataclass(frozen=True)
class Identity:
    """A private key with its self-signed certificate, and where both lie."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    certificate_path: Path

    @cached_property
    def pem(self) -> str:
        """The certificate as PEM text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


def identity(folder: Path, name: str, now: datetime) -> Identity:
    """Load ``<name>.key.pem`` and ``<name>.crt.pem`` of ``folder``; create both on the first start.

    A stand-in may create its key by itself: it is synthetic and belongs to nobody.
    """
    key_path, certificate_path = folder / f"{name}.key.pem", folder / f"{name}.crt.pem"
    if not key_path.exists():
        _create(key_path, certificate_path, name, now)
    # Its own file: proving once more that the numbers are prime takes longer than all else at the start.
    key = serialization.load_pem_private_key(
        key_path.read_bytes(), password=None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{key_path}: an RSA key is expected")
    return Identity(key, x509.load_pem_x509_certificate(certificate_path.read_bytes()), certificate_path)


def _create(key_path: Path, certificate_path: Path, name: str, now: datetime) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate_path.write_bytes(_self_signed(key, name, now).public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with open(os.open(key_path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(private)


def _self_signed(key: rsa.RSAPrivateKey, name: str, now: datetime) -> x509.Certificate:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Lien Thong sandbox"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{name}.sandbox.invalid"),
        ]
    )
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1825))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )


class HubTrust:
    """The hub's certificate, read from its file when first needed: hub and sandbox may start in any order."""

    def __init__(self, path: Path | None) -> None:
        """``path`` is a PEM file; None trusts nobody."""
        self.path = path

    def certificate(self, now: datetime) -> x509.Certificate:
        """The certificate to verify with. Raises `NoTrust` if there is none or it is not valid at ``now``."""
        if self.path is None or not self.path.exists():
            raise NoTrust("no certificate of the hub is installed here")
        certificate = x509.load_pem_x509_certificate(self.path.read_bytes())
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise NoTrust("the hub's certificate is not valid now")
        return certificate
