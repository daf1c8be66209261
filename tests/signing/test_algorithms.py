from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

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


def test_sha1_digests_are_refused() -> None:
    """A digest that can be collided proves nothing."""
    with pytest.raises(SignatureInvalid, match="sha1"):
        algorithms.digest("http://www.w3.org/2000/09/xmldsig#sha1", DATA)


def test_a_key_on_another_curve_does_not_sign() -> None:
    """Only P-256 and P-384 have a method here."""
    with pytest.raises(KeyProblem, match="secp521r1"):
        algorithms.method_for(ec.generate_private_key(ec.SECP521R1()))
