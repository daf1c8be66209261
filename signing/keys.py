"""Our own keys: created by a command, loaded once, used through one method on bytes.

A folder holds for each key ``<name>.key.pem`` (private key, mode 0600) or ``<name>.token.json`` (which token holds it,
see `signing.pki.pkcs11`), and ``<name>.crt.pem`` (its certificate, issuers after it); beside them ``<name>.note.key``
(Ed25519 key of the log's checkpoints, see `signing.log.note`). Which key signs is `signing.pki.keyring`'s matter.
Losing a private key means that partners must accept a new certificate; nothing already signed is lost. Losing the note
key means announcing a new log key.
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
from signing.pki import pkcs11, pkcs12
from signing.pki.path import issued
from signing.pki.pkcs11 import TokenKey

Algorithm = Literal["rsa-2048", "rsa-3072", "rsa-4096", "ecdsa-p256", "ecdsa-p384"]
Passphrase = Callable[[], bytes]

_KEY = ".key.pem"
_ELSEWHERE = ".token.json"
_CERTIFICATE = ".crt.pem"
_PAST = ".past.pem"
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
    """A private key with its certificates: in memory, as reading it takes a hundred times longer than signing."""

    def __init__(self, key: PrivateKey, chain: Sequence[x509.Certificate]) -> None:
        """``chain`` begins with the key's own certificate. Raises KeyProblem if it is another key's."""
        if not chain or chain[0].public_key() != key.public_key():
            raise KeyProblem("the certificate does not belong to the private key")
        self._key = key
        self.chain = tuple(chain)
        self.algorithm = algorithms.method_for(key)

    @property
    def kind(self) -> Algorithm:
        """What kind of key it is, as `create_key` calls it."""
        return kind_of(self.certificate)

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

    def pkcs12(self, name: str, passphrase: bytes) -> bytes:
        """Key and certificates as one sealed PKCS#12 file. Raises KeyProblem for a key that a token keeps."""
        return pkcs12.write(name, self._key, self.chain, passphrase)


class ActiveKey:
    """Stands for whichever key is active: a signer that changes to the next key while the hub runs."""

    def __init__(self, load: Callable[[], FileKey]) -> None:
        """``load`` gives the key that is active now. Raises KeyProblem."""
        self._load = load
        self._current = load()

    def refresh(self) -> None:
        """Sign with the key that is active now. Raises KeyProblem, and then goes on with the one before."""
        self._current = self._load()

    def current(self) -> FileKey:
        """The key itself: one signature is made with one key, see `steady`."""
        return self._current

    @property
    def algorithm(self) -> str:
        """Signature method of the active key."""
        return self._current.algorithm

    @property
    def certificate(self) -> x509.Certificate:
        """Certificate of the active key."""
        return self._current.certificate

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """Certificate of the active key, and its issuers."""
        return self._current.chain

    def sign(self, data: bytes) -> bytes:
        """Signature value by the active key."""
        return self._current.sign(data)


def steady(signer: Signer) -> Signer:
    """A signer that stays the same: whoever reads its certificate and signs later begins with this."""
    return signer.current() if isinstance(signer, ActiveKey) else signer


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
    token: TokenKey | None = None,
) -> FileKey:
    """Create a private key and a self-signed certificate in ``folder``; never overwrites.

    ``subject`` is a common name or a whole name such as ``CN=Hub,O=Sở Tư pháp,C=VN`` (RFC 4514); ``uses`` are the only
    purposes of the certificate (extended key usage, critical), any if there are none. ``passphrase`` seals the file;
    with ``token`` the key is made inside the token, and it is the PIN. Raises KeyProblem.
    """
    check_free(folder, name)
    if algorithm not in _GENERATORS:
        raise KeyProblem(f"unknown key algorithm {algorithm!r}: use one of {', '.join(_GENERATORS)}")
    named = name_of(subject)
    generate = _GENERATORS[algorithm]
    key = generate() if token is None else pkcs11.generate_key(token, _pin(passphrase), algorithm)
    certificate = _self_signed(key, named, clock(), days, serial(), uses)
    return store_key(folder, name, key, [certificate], passphrase=passphrase, token=token)


def store_key(
    folder: Path,
    name: str,
    key: PrivateKey,
    chain: Sequence[x509.Certificate],
    *,
    passphrase: Passphrase | None = None,
    token: TokenKey | None = None,
) -> FileKey:
    """Put a key that exists into ``folder``, or the place of one in a token; never overwrites. Raises KeyProblem."""
    check_free(folder, name)
    stored = FileKey(key, chain)
    folder.mkdir(parents=True, exist_ok=True)
    if token is None:
        write_private(key_path(folder, name, _KEY), _private_pem(key, passphrase))
    else:
        write_private(key_path(folder, name, _ELSEWHERE), token.text.encode())
    replace_file(key_path(folder, name, _CERTIFICATE), _pem(chain))
    return stored


def check_free(folder: Path, name: str) -> None:
    """Raise KeyProblem if ``name`` is no name for a key, or a key has it already."""
    for path in (key_path(folder, name, _KEY), key_path(folder, name, _ELSEWHERE)):
        if path.exists():
            raise KeyProblem(f"{path} exists already: choose another name or move the old key away")


def load_key(folder: Path, name: str, *, passphrase: Passphrase | None = None) -> FileKey:
    """Read key and certificates from ``folder``; ``passphrase`` opens a sealed file, or is a token's PIN.

    Raises KeyProblem with the file and the remedy.
    """
    token = key_path(folder, name, _ELSEWHERE)
    if token.exists():
        key = pkcs11.open_key(TokenKey.read(token), _pin(passphrase))
    else:
        key = read_private(key_path(folder, name, _KEY), name, passphrase)
    return FileKey(key, certificates_of(folder, name))


def read_private(path: Path, name: str, passphrase: Passphrase | None) -> PrivateKey:
    """The private key in a PEM file. Raises KeyProblem with the file and the remedy."""
    try:
        pem = path.read_bytes()
        sealed = b"ENCRYPTED" in pem
        key = serialization.load_pem_private_key(pem, passphrase() if passphrase and sealed else None)
    except FileNotFoundError as error:
        raise KeyProblem(f"{path} does not exist: create it with `lienthong keys create {name}`") from error
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyProblem(f"{path} cannot be read as a private key: {error}") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise KeyProblem(f"{path} holds a key that is neither RSA nor ECDSA")
    return key


def certificates_of(folder: Path, name: str) -> list[x509.Certificate]:
    """The certificate of a key, then its issuers; the private key is not looked at. Raises KeyProblem."""
    return read_certificates(key_path(folder, name, _CERTIFICATE))


def past_certificates(folder: Path, name: str) -> list[x509.Certificate]:
    """Certificates that a key had before the one it has now. Raises KeyProblem."""
    past = key_path(folder, name, _PAST)
    return read_certificates(past) if past.exists() else []


def certify_key(folder: Path, name: str, certificates: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Give a key the certificate that came back for it, with issuers if they came along; says what is stored.

    The one before is kept in ``<name>.past.pem``. Raises KeyProblem if none of ``certificates`` is of this key.
    """
    before = certificates_of(folder, name)
    own = [each for each in certificates if each.public_key() == before[0].public_key()]
    if not own:
        raise KeyProblem(f"no certificate among these belongs to the key {name}")
    chain = [own[-1]]
    rest = [each for each in certificates if each not in own]
    while following := [each for each in rest if issued(chain[-1], each)]:
        chain.append(following[0])
        rest.remove(following[0])
    past = key_path(folder, name, _PAST)
    replace_file(past, (past.read_bytes() if past.exists() else b"") + _pem(before[:1]))
    replace_file(key_path(folder, name, _CERTIFICATE), _pem(chain))
    return chain


def destroy_key(folder: Path, name: str) -> bool:
    """Delete the private key's file and keep its certificates; False if a token holds the key, which stays there."""
    path = key_path(folder, name, _KEY)
    path.unlink(missing_ok=True)
    return not key_path(folder, name, _ELSEWHERE).exists()


def list_keys(folder: Path) -> list[str]:
    """Names of the signing keys in ``folder``, retired ones included, sorted; empty if the folder does not exist."""
    return sorted(path.name.removesuffix(_CERTIFICATE) for path in folder.glob(f"*{_CERTIFICATE}"))


def read_certificates(path: Path) -> list[x509.Certificate]:
    """All certificates of a PEM file, in order. Raises KeyProblem with the file."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError, x509.InvalidVersion) as error:
        raise KeyProblem(f"{path} cannot be read as PEM certificates: {error}") from error


def kind_of(certificate: x509.Certificate) -> Algorithm:
    """What kind of key a certificate is for, as `create_key` calls it: the nearest one that can be created."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        sizes: dict[int, Algorithm] = {2048: "rsa-2048", 3072: "rsa-3072", 4096: "rsa-4096"}
        return sizes[min(sizes, key=lambda bits: abs(bits - key.key_size))]
    p256 = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    return "ecdsa-p256" if p256 else "ecdsa-p384"


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


def replace_file(path: Path, data: bytes) -> None:
    """Write a file anew as a whole: a reader sees the old one or the new one."""
    draft = path.with_name(f".{path.name}.new")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def key_path(folder: Path, name: str, suffix: str) -> Path:
    """Where the key ``name`` keeps its file with ``suffix``. Raises KeyProblem for a name that is no file
    name."""
    if not name or name.startswith(".") or not all(c.isalnum() or c in "-_." for c in name):
        raise KeyProblem(f"{name!r} is not a key name: use letters, digits, - and _")
    return folder / f"{name}{suffix}"


def _pem(certificates: Sequence[x509.Certificate]) -> bytes:
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)


def _pin(passphrase: Passphrase | None) -> Passphrase:
    if passphrase is None:
        raise KeyProblem("the key is in a token, whose PIN is not known: set key_secret in config/hub.yaml")
    return passphrase


def _private_pem(key: PrivateKey, passphrase: Passphrase | None) -> bytes:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(passphrase())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def _self_signed(
    key: PrivateKey,
    name: x509.Name,
    now: datetime,
    days: int,
    serial: int,
    uses: Sequence[x509.ObjectIdentifier],
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
