"""JSON Web Tokens as the identity provider writes them (RFC 7515, 7517, 7519): RS256 by its own key."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def b64(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def key_set(key: rsa.RSAPublicKey) -> dict[str, Any]:
    """The JWK Set with this one key."""
    numbers = key.public_numbers()
    size = (numbers.n.bit_length() + 7) // 8
    jwk = {"kty": "RSA", "n": b64(numbers.n.to_bytes(size)), "e": b64(numbers.e.to_bytes(3))}
    return {"keys": [{**jwk, "kid": key_id(key), "alg": "RS256", "use": "sig"}]}


def key_id(key: rsa.RSAPublicKey) -> str:
    """A name for the key that changes with it."""
    return hashlib.sha256(key.public_numbers().n.to_bytes(512)).hexdigest()[:16]


def signed(claims: Mapping[str, Any], key: rsa.RSAPrivateKey) -> str:
    """The claims as a signed token."""
    header = {"alg": "RS256", "typ": "JWT", "kid": key_id(key.public_key())}
    body = ".".join(b64(json.dumps(part, ensure_ascii=False).encode()) for part in (header, claims))
    signature = key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{body}.{b64(signature)}"


def challenge(verifier: str) -> str:
    """The S256 challenge of a code verifier (RFC 7636 §4.2)."""
    return b64(hashlib.sha256(verifier.encode()).digest())
