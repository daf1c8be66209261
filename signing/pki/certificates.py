"""Certificates as they stand in signatures: read, written and asked for their key, each once.

The same few certificates come with every message, so what is read is remembered.
"""

from __future__ import annotations

import functools

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from signing.algorithms import PublicKey
from signing.errors import Untrusted

_MOST_BYTES = 65_536


@functools.lru_cache(maxsize=512)
def read_certificate(der: bytes) -> x509.Certificate:
    """Certificate from DER bytes. Raises Untrusted if they are none, or far more than one has."""
    if len(der) > _MOST_BYTES:  # what is read is remembered, so it must not be large
        raise Untrusted(f"the signature's certificate is larger than {_MOST_BYTES:,} bytes")
    try:
        return x509.load_der_x509_certificate(der)
    except (ValueError, x509.InvalidVersion) as error:
        raise Untrusted("the signature's certificate cannot be read") from error


@functools.lru_cache(maxsize=512)
def certificate_der(certificate: x509.Certificate) -> bytes:
    """DER bytes of a certificate."""
    return certificate.public_bytes(Encoding.DER)


@functools.lru_cache(maxsize=512)
def public_key(certificate: x509.Certificate) -> PublicKey:
    """The key of a certificate. Raises Untrusted if it is neither RSA nor ECDSA."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Untrusted("the certificate's key cannot be read") from error
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return key
    raise Untrusted("the certificate's key is neither RSA nor ECDSA")
