"""The allow-list of XML signature algorithms, and what each one computes.

Names and forms: XML Signature Syntax and Processing 1.1 §6, RFC 4051/6931, Exclusive XML Canonicalization
1.0. What is not listed is refused: no SHA-1, no DSA, and no HMAC, whose "key" an attacker could take from a
public certificate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import IO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from signing.errors import KeyProblem, SignatureInvalid

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
RSA_SHA384 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"
RSA_SHA512 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
ECDSA_SHA384 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"

SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA384 = "http://www.w3.org/2001/04/xmldsig-more#sha384"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"

C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XPATH_FILTER = "http://www.w3.org/2002/06/xmldsig-filter2"
BASE64 = "http://www.w3.org/2000/09/xmldsig#base64"

CANONICALIZATIONS = frozenset({C14N, EXCLUSIVE_C14N})

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

# Bytes, or how to open a stream of them: an archive of a month does not fit into memory.
Content = bytes | Callable[[], IO[bytes]]

# Shorter keys are weak; longer ones only make verifying slow.
_RSA_BITS = range(2048, 4096 + 1)
_CURVES = (ec.SECP256R1, ec.SECP384R1)

_CHUNK = 1 << 18
_DIGESTS = {SHA256: hashlib.sha256, SHA384: hashlib.sha384, SHA512: hashlib.sha512}
_RSA_HASHES: dict[str, hashes.HashAlgorithm] = {
    RSA_SHA256: hashes.SHA256(),
    RSA_SHA384: hashes.SHA384(),
    RSA_SHA512: hashes.SHA512(),
}
_ECDSA_HASHES: dict[str, hashes.HashAlgorithm] = {
    ECDSA_SHA256: hashes.SHA256(),
    ECDSA_SHA384: hashes.SHA384(),
}


def digest(algorithm: str, data: Content) -> bytes:
    """Hash ``data`` with a listed digest method. Raises SignatureInvalid for another one."""
    if algorithm not in _DIGESTS:
        raise SignatureInvalid(f"digest method {algorithm} is not accepted")
    if isinstance(data, bytes):
        return _DIGESTS[algorithm](data).digest()
    hashed = _DIGESTS[algorithm]()
    with data() as stream:
        while chunk := stream.read(_CHUNK):
            hashed.update(chunk)
    return hashed.digest()


def method_for(key: PrivateKey) -> str:
    """The signature method that a private key signs with here. Raises KeyProblem for another kind of key."""
    if isinstance(key, rsa.RSAPrivateKey):
        return RSA_SHA256
    if isinstance(key.curve, ec.SECP256R1):
        return ECDSA_SHA256
    if isinstance(key.curve, ec.SECP384R1):
        return ECDSA_SHA384
    raise KeyProblem(f"curve {key.curve.name} is not supported: use P-256 or P-384")


def sign(method: str, key: PrivateKey, data: bytes) -> bytes:
    """Signature value in the form of XML-DSig: PKCS#1 v1.5 for RSA, r‖s at fixed width for ECDSA (§6.4.3)."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), _RSA_HASHES[method])
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(_ECDSA_HASHES[method])))
    width = _width(key.curve)
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")


def verify(method: str, key: PublicKey, signature: bytes, data: bytes) -> None:
    """Check a signature value of XML-DSig form. Raises SignatureInvalid if anything does not fit.

    RSA keys of 2048 to 4096 bits and the curves P-256 and P-384 are accepted, whatever the caller trusts.
    """
    _check_key(key)
    try:
        if method in _RSA_HASHES and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), _RSA_HASHES[method])
        elif method in _ECDSA_HASHES and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(_der(signature, key.curve), data, ec.ECDSA(_ECDSA_HASHES[method]))
        else:
            raise SignatureInvalid(f"signature method {method} is not accepted for this certificate's key")
    except InvalidSignature as error:
        raise SignatureInvalid("the signature value does not match the signed information") from error


def _check_key(key: PublicKey) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size not in _RSA_BITS:
            raise SignatureInvalid(f"an RSA key of {key.key_size} bits is not accepted: 2048 to 4096 are")
    elif not isinstance(key.curve, _CURVES):
        raise SignatureInvalid(f"curve {key.curve.name} is not accepted: P-256 and P-384 are")


def _der(raw: bytes, curve: ec.EllipticCurve) -> bytes:
    width = _width(curve)
    if len(raw) != 2 * width:
        raise SignatureInvalid(f"an ECDSA signature on {curve.name} has {2 * width} bytes, not {len(raw)}")
    return encode_dss_signature(int.from_bytes(raw[:width], "big"), int.from_bytes(raw[width:], "big"))


def _width(curve: ec.EllipticCurve) -> int:
    return (curve.key_size + 7) // 8
