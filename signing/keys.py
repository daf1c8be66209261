"""Our own keys: created by a command, loaded once, used through one method on bytes.

A folder holds ``<name>.key.pem`` (private key, mode 0600), ``<name>.crt.pem`` (its certificate, issuers after
it) and ``<name>.note.key`` (Ed25519 key of the log's checkpoints, see `signing.note`). Losing a private key
means that partners must accept a new certificate; nothing already signed is lost. Losing the note key means
announcing a new log key.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from signing import algorithms
from signing.algorithms import PrivateKey
from signing.errors import KeyProblem

Algorithm = Literal["rsa-2048", "rsa-3072", "rsa-4096", "ecdsa-p256", "ecdsa-p384"]
Passphrase = Callable[[], bytes]

_KEY = ".key.pem"
_CERTIFICATE = ".crt.pem"
_GENERATORS: dict[str, Callable[[], PrivateKey]] = {
    "rsa-2048": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "rsa-3072": lambda: rsa.generate_private_key(public_exponent=65537, key_size=3072),
    "rsa-4096": lambda: rsa.generate_private_key(public_exponent=65537, key_size=4096),
    "ecdsa-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
}


class Signer(Protocol):
    """Whoever can sign for us: a file, a token, a remote service. Safe to call from many threads."""

    @property
    def algorithm(self) -> str:
        """URI of the XML-DSig signature method of every signature that ``sign`` makes."""

    @property
    def certificate(self) -> x509.Certificate:
        """Certificate of the key, to be sent along."""

    def sign(self, data: bytes) -> bytes:
        """Signature value over ``data`` in the form of XML-DSig (ECDSA: r‖s). Raises KeyProblem."""


class FileKey:
    """A private key held in memory: reading it takes a hundred times longer than signing."""

    def __init__(self, key: PrivateKey, chain: list[x509.Certificate]) -> None:
        """``chain`` begins with the key's own certificate. Raises KeyProblem if it is another key's."""
        if not chain or chain[0].public_key() != key.public_key():
            raise KeyProblem("the certificate does not belong to the private key")
        self._key = key
        self.chain = tuple(chain)
        self.algorithm = algorithms.method_for(key)

    @property
    def certificate(self) -> x509.Certificate:
        """Certificate of the key."""
        return self.chain[0]

    def sign(self, data: bytes) -> bytes:
        """Signature value over ``data`` in the form of XML-DSig."""
        return algorithms.sign(self.algorithm, self._key, data)

    def request(self, subject: x509.Name) -> bytes:
        """PEM certificate request (PKCS#10) for this key."""
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def create_key(
    folder: Path,
    name: str,
    *,
    subject: str,
    algorithm: Algorithm = "rsa-2048",
    days: int = 825,
    clock: Callable[[], datetime],
    serial: Callable[[], int] = x509.random_serial_number,
    passphrase: Passphrase | None = None,
    uses: Sequence[x509.ObjectIdentifier] = (),
) -> FileKey:
    """Create a private key and a self-signed certificate in ``folder``; never overwrites.

    ``subject`` is a common name or a whole name such as ``CN=Hub,O=Sở Tư pháp,C=VN`` (RFC 4514); ``uses`` are the only
    purposes of the certificate (extended key usage, critical), any if there are none. Raises KeyProblem.
    """
    path = key_path(folder, name, _KEY)
    if path.exists():
        raise KeyProblem(f"{path} exists already: choose another name or move the old key away")
    if algorithm not in _GENERATORS:
        raise KeyProblem(f"unknown key algorithm {algorithm!r}: use one of {', '.join(_GENERATORS)}")
    key = _GENERATORS[algorithm]()
    certificate = _self_signed(key, name_of(subject), clock(), days, serial(), uses)
    folder.mkdir(parents=True, exist_ok=True)
    write_private(path, _private_pem(key, passphrase))
    key_path(folder, name, _CERTIFICATE).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return FileKey(key, [certificate])


def load_key(folder: Path, name: str, *, passphrase: Passphrase | None = None) -> FileKey:
    """Read key and certificates from ``folder``. Raises KeyProblem with the file and the remedy."""
    path = key_path(folder, name, _KEY)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), passphrase() if passphrase else None)
    except FileNotFoundError as error:
        raise KeyProblem(f"{path} does not exist: create it with `lienthong keys create {name}`") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyProblem(f"{path} cannot be read as a private key: {error}") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise KeyProblem(f"{path} holds a key that is neither RSA nor ECDSA")
    return FileKey(key, read_certificates(key_path(folder, name, _CERTIFICATE)))


def list_keys(folder: Path) -> list[str]:
    """Names of the signing keys in ``folder``, sorted; empty if the folder does not exist."""
    return sorted(path.name.removesuffix(_KEY) for path in folder.glob(f"*{_KEY}"))


def read_certificates(path: Path) -> list[x509.Certificate]:
    """All certificates of a PEM file, in order. Raises KeyProblem with the file."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise KeyProblem(f"{path} cannot be read as PEM certificates: {error}") from error


def certificate_request(
    folder: Path, name: str, *, subject: str, passphrase: Passphrase | None = None
) -> bytes:
    """PEM certificate request (PKCS#10) for an existing key, to be sent to a certification authority."""
    return load_key(folder, name, passphrase=passphrase).request(name_of(subject))


def name_of(subject: str) -> x509.Name:
    """X.500 name from an RFC 4514 string, or from a plain common name. Raises KeyProblem."""
    try:
        if "=" in subject:
            return x509.Name.from_rfc4514_string(subject)
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    except ValueError as error:
        raise KeyProblem(f"{subject!r} is not a certificate subject: {error}") from error


def write_private(path: Path, data: bytes) -> None:
    """Write a secret to a new file that only its owner can read. Raises KeyProblem if the file exists."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise KeyProblem(f"{path} exists already") from error
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def key_path(folder: Path, name: str, suffix: str) -> Path:
    """Where the key ``name`` keeps its file with ``suffix``. Raises KeyProblem for a name that is no file
    name."""
    if not name or name.startswith(".") or not all(c.isalnum() or c in "-_." for c in name):
        raise KeyProblem(f"{name!r} is not a key name: use letters, digits, - and _")
    return folder / f"{name}{suffix}"


def _private_pem(key: PrivateKey, passphrase: Passphrase | None) -> bytes:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(passphrase())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def _self_signed(
    key: PrivateKey, name: x509.Name, now: datetime, days: int, serial: int, uses: Sequence[x509.ObjectIdentifier]
) -> x509.Certificate:
    """Certificate for message signatures only; valid from an hour ago, so that slow clocks accept it."""
    builder = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(serial)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_message_signing_usage(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if uses:
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=True)
    return builder.sign(key, hashes.SHA256())


def _message_signing_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
