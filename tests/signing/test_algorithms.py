from __future__ import annotations

import hashlib
import io

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from signing import algorithms
from signing.errors import KeyProblem, SignatureInvalid
from tests import pki

DATA = b"<SignedInfo></SignedInfo>"


@pytest.mark.parametrize("name", ["hub", "hub-ec", "hub-p384"])
def test_what_a_key_signs_its_public_key_verifies(name: str) -> None:
    """RSA and both curves, each with the method that belongs to the key."""
    key = pki.key(name)
    method = algorithms.method_for(key)
    algorithms.verify(method, key.public_key(), algorithms.sign(method, key, DATA), DATA)


@pytest.mark.parametrize("name", ["hub", "hub-ec", "hub-p384"])
def test_other_data_or_another_value_is_refused(name: str) -> None:
    """One changed bit on either side is enough."""
    key = pki.key(name)
    method = algorithms.method_for(key)
    value = algorithms.sign(method, key, DATA)
    touched = bytes([value[0] ^ 1]) + value[1:]
    for signature, data in ((value, DATA + b" "), (touched, DATA), (value[:-1], DATA), (b"", DATA)):
        with pytest.raises(SignatureInvalid):
            algorithms.verify(method, key.public_key(), signature, data)


@pytest.mark.parametrize(("name", "width"), [("hub-ec", 64), ("hub-p384", 96)])
def test_ecdsa_values_have_the_fixed_width_of_the_standard(name: str, width: int) -> None:
    """XML-DSig wants r‖s, not the DER form of the library."""
    key = pki.key(name)
    values = [algorithms.sign(algorithms.method_for(key), key, bytes([n])) for n in range(20)]
    assert {len(value) for value in values} == {width}


@pytest.mark.parametrize(
    "method",
    [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        algorithms.ECDSA_SHA256,
        "",
    ],
)
def test_methods_that_are_not_listed_or_do_not_fit_the_key_are_refused(method: str) -> None:
    """No SHA-1, no HMAC, and no method of another kind of key."""
    with pytest.raises(SignatureInvalid, match="not accepted"):
        algorithms.verify(method, pki.key("hub").public_key(), b"x", DATA)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "name"),
    [(algorithms.SHA256, "sha256"), (algorithms.SHA384, "sha384"), (algorithms.SHA512, "sha512")],
)
def test_listed_digests_are_computed(method: str, name: str) -> None:
    """SHA-2 in three lengths."""
    assert algorithms.digest(method, DATA) == hashlib.new(name, DATA).digest()


@pytest.mark.parametrize(
    ("public", "why"),
    [
        (rsa.RSAPublicNumbers(65537, 2**1023 + 1).public_key(), "1024 bits"),
        (rsa.RSAPublicNumbers(65537, 2**2046 + 1).public_key(), "2047 bits"),
        (rsa.RSAPublicNumbers(65537, 2**4096 + 1).public_key(), "4097 bits"),
        (rsa.RSAPublicNumbers(65537, 2**16383 + 1).public_key(), "16384 bits"),
        (ec.derive_private_key(1, ec.SECP521R1()).public_key(), "secp521r1"),
        (ec.derive_private_key(1, ec.SECP256K1()).public_key(), "secp256k1"),
        (ec.derive_private_key(1, ec.SECP224R1()).public_key(), "secp224r1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_keys_of_other_sizes_are_refused(public: algorithms.PublicKey, why: str) -> None:
    """Shorter ones are weak, longer ones waste our time: whatever a trusted authority may have certified."""
    method = algorithms.RSA_SHA256 if isinstance(public, rsa.RSAPublicKey) else algorithms.ECDSA_SHA256
    with pytest.raises(SignatureInvalid, match=why):
        algorithms.verify(method, public, bytes(256), DATA)


def test_a_stream_has_the_digest_of_its_bytes() -> None:
    """It is read in pieces, and closed."""
    data = bytes(range(256)) * 3000
    stream = io.BytesIO(data)
    assert algorithms.digest(algorithms.SHA512, lambda: stream) == hashlib.sha512(data).digest()
    assert stream.closed


def test_sha1_digests_are_refused() -> None:
    """A digest that can be collided proves nothing."""
    with pytest.raises(SignatureInvalid, match="sha1"):
        algorithms.digest("http://www.w3.org/2000/09/xmldsig#sha1", DATA)


def test_a_key_on_another_curve_does_not_sign() -> None:
    """Only P-256 and P-384 have a method here."""
    with pytest.raises(KeyProblem, match="secp521r1"):
        algorithms.method_for(ec.generate_private_key(ec.SECP521R1()))
