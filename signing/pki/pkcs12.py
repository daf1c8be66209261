"""Keys in PKCS#12 files (RFC 7292), as authorities and other programs hand them out: read and written, never kept."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from signing.algorithms import PrivateKey
from signing.errors import KeyProblem

_ROUNDS = 100_000


def read(data: bytes, passphrase: bytes) -> tuple[PrivateKey, list[x509.Certificate]]:
    """The private key with its certificate first and others after it. Raises KeyProblem."""
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(data, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise KeyProblem("the PKCS#12 file cannot be opened: is the passphrase right?") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) or certificate is None:
        raise KeyProblem("the PKCS#12 file does not hold one RSA or ECDSA key with its certificate")
    return key, [certificate, *others]


def write(name: str, key: PrivateKey, chain: Sequence[x509.Certificate], passphrase: bytes) -> bytes:
    """Key and certificates, sealed with AES-256 and SHA-256. Raises KeyProblem for a key that a token keeps."""
    if not passphrase:
        raise KeyProblem("a PKCS#12 file needs a passphrase")
    sealing = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(passphrase)
    )
    key.private_numbers()  # a token's key refuses this with its own words
    return pkcs12.serialize_key_and_certificates(name.encode(), key, chain[0], list(chain[1:]), sealing)
