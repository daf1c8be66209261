"""Algorithms that are weak, misplaced or confused with one another, and signature values in forms they must not have.

Values are computed as the stated algorithm demands wherever that can be done, so that a verifier which follows the
document, and not its own list, accepts them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signing.xml import parse
from signing.xmlsig.xmldsig import verify_enveloped
from tests import pki
from tests.hostile import forge
from tests.hostile.attack import Attack, Hostile
from tests.hostile.forge import DS, MORE

_HMAC = MORE + "hmac-sha256"
_ENC = "http://www.w3.org/2001/04/xmlenc#"
_DSIG11 = "http://www.w3.org/2009/xmldsig11#"
_MORE7 = "http://www.w3.org/2007/05/xmldsig-more#"
_METHOD = "signature method .* is not accepted"
_MATCH = "does not match the signed information"


def _rsa(name: str) -> rsa.RSAPrivateKey:
    key = pki.key(name)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _pkcs1(algorithm: hashes.HashAlgorithm) -> forge.Value:
    return lambda data: _rsa("hub").sign(data, padding.PKCS1v15(), algorithm)


def _pss(data: bytes) -> bytes:
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    return _rsa("hub").sign(data, scheme, hashes.SHA256())


def _keys_for_hmac() -> dict[str, bytes]:
    """What anybody knows of a partner's certificate, in the forms that confused libraries take for a key."""
    known = pki.certificate("hub")
    public = known.public_key()
    return {
        "certificate, DER": known.public_bytes(Encoding.DER),
        "certificate, PEM": known.public_bytes(Encoding.PEM),
        "certificate, base64": base64.b64encode(known.public_bytes(Encoding.DER)),
        "public key, DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "public key, PEM": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "public key, PKCS#1": public.public_bytes(Encoding.DER, PublicFormat.PKCS1),
        "nothing": b"",
        "zeros": bytes(32),
    }


def _mac(key: bytes, algorithm: str, length: int | None = None) -> forge.Value:
    return lambda data: hmac.digest(key, data, algorithm)[:length]


def _signed(said: str, why: str, **options: Any) -> Hostile:
    return Hostile(said, lambda: forge.enveloped(**options), why)


def _digested(name: str, method: str, digest: Callable[[bytes], Any]) -> Hostile:
    def references(data: bytes) -> list[str]:
        return [forge.reference(data, method=method, digest=digest)]

    return Hostile(f"digest {name}", lambda: forge.enveloped(references), "digest method .* is not accepted")


def _methods() -> Iterator[Hostile]:
    for name, key in _keys_for_hmac().items():
        yield _signed(f"HMAC with the {name}", _METHOD, method=_HMAC, value=_mac(key, "sha256"))
        sha1 = DS + "hmac-sha1"
        yield _signed(f"HMAC-SHA1 with the {name}", _METHOD, method=sha1, value=_mac(key, "sha1"))
    for bits in (0, 1, 8, 80):
        short = {"method_inside": f"<ds:HMACOutputLength>{bits}</ds:HMACOutputLength>", "method": _HMAC}
        value = _mac(b"", "sha256", bits // 8)
        yield _signed(f"HMAC cut to {bits} bits", "parameter <HMACOutputLength>", value=value, **short)
    sha1, md5 = hashes.SHA1(), hashes.MD5()
    yield _signed("RSA with SHA-1", _METHOD, method=DS + "rsa-sha1", value=_pkcs1(sha1))
    yield _signed("RSA with MD5", _METHOD, method=MORE + "rsa-md5", value=_pkcs1(md5))
    yield _signed("RSA with SHA-224", _METHOD, method=MORE + "rsa-sha224", value=_pkcs1(hashes.SHA224()))
    yield _signed("RSA-PSS", _METHOD, method=_MORE7 + "sha256-rsa-MGF1", value=_pss)
    parameters = "<p:RSAPSSParams xmlns:p='http://www.w3.org/2007/05/xmldsig-more#'/>"
    pss = {"method": _MORE7 + "rsa-pss", "method_inside": parameters}
    yield _signed("RSA-PSS with parameters", "parameter <RSAPSSParams>", value=_pss, **pss)
    yield _signed("RSA-PSS called PKCS#1", _MATCH, value=_pss)
    yield _signed("SHA-1 called SHA-256", _MATCH, value=_pkcs1(sha1))
    yield _signed("SHA-512 called SHA-256", _MATCH, value=_pkcs1(hashes.SHA512()))
    yield _signed("SHA-256 called SHA-512", _MATCH, method=MORE + "rsa-sha512")
    for uri in _UNKNOWN:
        yield _signed(f"method {uri!r}", _METHOD, method=uri)
    yield _signed("ECDSA with a key for RSA", _METHOD, method=forge.ECDSA_SHA256)
    yield _signed("RSA with a key for ECDSA", _METHOD, name="hub-ec", method=forge.RSA_SHA256)
    yield _signed("ECDSA with SHA-1", _METHOD, name="hub-ec", method=MORE + "ecdsa-sha1")
    none = {"c14n_inside": "<ds:XPath>1</ds:XPath>"}
    yield _signed("parameter of a canonicalisation", "parameter <XPath>", **none)
    for uri in _CANONICALIZATIONS:
        yield _signed(f"canonicalisation {uri!r}", "canonicalisation .* is not accepted", c14n=uri)


_UNKNOWN = (
    "",
    "none",
    "http://www.w3.org/2000/09/xmldsig#none",
    DS + "dsa-sha1",
    _DSIG11 + "dsa-sha256",
    MORE + "rsa-ripemd160",
    MORE + "RSA-SHA256",
    MORE + "rsa-sha256 ",
    " " + MORE + "rsa-sha256",
    MORE.upper() + "rsa-sha256",
    MORE.replace("http:", "https:") + "rsa-sha256",
    "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
    _ENC + "sha256",
    forge.EXCLUSIVE,
)

_CANONICALIZATIONS = (
    "",
    forge.INCLUSIVE + "#WithComments",
    forge.EXCLUSIVE + "WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2006/12/xml-c14n11#WithComments",
    "http://www.w3.org/2010/xml-c14n2",
    "http://www.w3.org/TR/1999/REC-xslt-19991116",
    "http://www.w3.org/TR/1999/REC-xpath-19991116",
    DS + "base64",
    DS + "enveloped-signature",
    "http://santuario.apache.org/c14n/physical",
)


def _digests() -> Iterator[Hostile]:
    yield _digested("SHA-1", DS + "sha1", hashlib.sha1)
    yield _digested("MD5", MORE + "md5", hashlib.md5)
    yield _digested("SHA-224", MORE + "sha224", hashlib.sha224)
    yield _digested("RIPEMD-160", _ENC + "ripemd160", hashlib.sha1)
    yield _digested("SHA3-256", _MORE7 + "sha3-256", hashlib.sha3_256)
    yield _digested("of no name", "", hashlib.sha256)
    yield _digested("called none", "none", hashlib.sha256)
    yield _digested("called as a signature", forge.RSA_SHA256, hashlib.sha256)
    for name, value in _DIGEST_VALUES.items():
        yield Hostile(
            f"digest value {name}",
            lambda value=value: forge.enveloped(lambda data: [forge.reference(data, value=value)]),  # type: ignore[misc]
            "was changed after signing|is not base64|must hold text only|must hold its Transforms|value of",
        )


_DIGEST_VALUES = {
    "empty": "",
    "zeros": base64.b64encode(bytes(32)).decode(),
    "one byte": "AA==",
    "of 64 bytes": base64.b64encode(bytes(64)).decode(),
    "not base64": "????",
    "base64 without its padding": base64.b64encode(bytes(31)).decode().rstrip("="),
    "hexadecimal": "00" * 32,
    "with an element inside": "<b/>",
    "with an instruction inside": "AA<?p?>AA",
    "of kilobytes": "A" * 10_000,
    "twice": base64.b64encode(bytes(32)).decode() + "</ds:DigestValue><ds:DigestValue>AA==",
}


# ---------------------------------------------------------------------- values


def _rsa_values() -> Iterator[Hostile]:
    key = _rsa("hub")
    n = key.private_numbers().public_numbers.n
    size = key.key_size // 8

    def value(number: int, width: int = size) -> forge.Value:
        return lambda _: number.to_bytes(width, "big")

    def moved(by: int) -> forge.Value:
        return lambda data: (int.from_bytes(forge.raw("hub")(data), "big") + by).to_bytes(size + 1, "big")

    def cut(data: bytes) -> bytes:
        return forge.raw("hub")(data)[:-1]

    plain = {"zero": value(0), "one": value(1), "modulus": value(n), "modulus less one": value(n - 1)}
    longer = {"plus the modulus": moved(n), "with a zero before": moved(0), "cut short": cut}
    for name, written in {
        **plain,
        **longer,
        "nothing": lambda _: b"",
        "a megabyte": lambda _: bytes(1_000_000),
    }.items():
        yield _signed(f"RSA value {name}", f"{_MATCH}|not base64", value=written)

    def padded(data: bytes) -> bytes:
        """The padded digest itself, as if the exponent were one."""
        block = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(data).digest()
        return b"\x00\x01" + b"\xff" * (size - 3 - len(block)) + b"\x00" + block

    yield _signed("RSA value that is the padded digest", _MATCH, value=padded)
    yield _signed("RSA value of other data", _MATCH, value=lambda _: forge.raw("hub")(b"other"))
    yield _signed("RSA value of another partner", _MATCH, value=forge.raw("cutru"))


def _ecdsa_values() -> Iterator[Hostile]:
    key = pki.key("hub-ec")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

    def pair(data: bytes) -> tuple[int, int]:
        return decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))

    def fixed(r: int, s: int) -> forge.Value:
        return lambda _: r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def wide(data: bytes) -> bytes:
        r, s = pair(data)
        return r.to_bytes(33, "big") + s.to_bytes(33, "big")

    def swapped(data: bytes) -> bytes:
        r, s = pair(data)
        return s.to_bytes(32, "big") + r.to_bytes(32, "big")

    def both(data: bytes) -> bytes:
        return forge.raw("hub-ec")(data) * 2

    values: dict[str, forge.Value] = {
        "zeros": fixed(0, 0),
        "r zero": fixed(0, 1),
        "s zero": fixed(1, 0),
        "ones": fixed(1, 1),
        "r the order": fixed(n, 1),
        "s the order": fixed(1, n),
        "all bits set": fixed(2**256 - 1, 2**256 - 1),
        "DER": lambda data: key.sign(data, ec.ECDSA(hashes.SHA256())),
        "overlong": wide,
        "halves exchanged": swapped,
        "twice": both,
        "cut short": lambda data: forge.raw("hub-ec")(data)[:-1],
        "nothing": lambda _: b"",
        "of 64 kilobytes": lambda _: b"\x01" * 65_536,
        "of other data": lambda _: forge.raw("hub-ec")(b"other"),
    }
    for name, value in values.items():
        options = {"name": "hub-ec", "method": forge.ECDSA_SHA256, "value": value}
        yield _signed(f"ECDSA value {name}", f"{_MATCH}|has 64 bytes|not base64", **options)
    short = {"name": "hub-p384", "method": MORE + "ecdsa-sha384"}
    yield _signed("ECDSA value of P-256 under P-384", "has 96 bytes", value=forge.raw("hub-ec"), **short)


def _inputs() -> Iterator[Hostile]:
    yield from _methods()
    yield from _digests()
    yield from _rsa_values()
    yield from _ecdsa_values()


def document(data: bytes) -> object:
    """An enveloped signature of a partner, whatever kind of key it is made with."""
    return verify_enveloped(parse(data), pki.trust("hub", "hub-ec", "hub-p384", "cutru"), pki.NOW)


ALGORITHMS = Attack(_inputs, document, honest=forge.enveloped)
