"""Signed data with one signer, as time-stamp tokens are (Cryptographic Message Syntax, RFC 5652 §5).

Read strictly, verified against the certificate that the signer's own signed attributes name (RFC 5035 §5, RFC 5816),
and nothing is given out before that: no other certificate of the same key can be put in its place.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from signing.errors import SignatureInvalid
from signing.stamps.der import require_der

LIMIT = 256 * 1024
"""The most bytes that signed data may have."""
_MOST_CERTIFICATES = 16

HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
"""Hash algorithms that are accepted, by name."""
_RSA = {"sha256_rsa": "sha256", "sha384_rsa": "sha384", "sha512_rsa": "sha512"}
_ECDSA = {"sha256_ecdsa": "sha256", "sha384_ecdsa": "sha384", "sha512_ecdsa": "sha512"}
_UNREADABLE = (
    *(ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError),
    *(x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, UnsupportedAlgorithm),
)
_DER = serialization.Encoding.DER


@dataclasses.dataclass(frozen=True, slots=True)
class Signed:
    """What one signer signed, verified."""

    content: bytes
    signer: x509.Certificate
    certificates: tuple[x509.Certificate, ...]
    """All that came along, the signer's among them or not."""


@contextlib.contextmanager
def reading(what: str) -> Iterator[None]:
    """Translate what the lazy readers of ASN.1 raise, wherever they come to raise it, to SignatureInvalid."""
    try:
        yield
    except _UNREADABLE as error:
        raise SignatureInvalid(f"{what} cannot be read: {type(error).__name__}") from error


def open_signed(data: bytes, content_type: str, *, others: Sequence[x509.Certificate] = ()) -> Signed:
    """Verify the one signature of ``data`` and give back what it covers. Raises SignatureInvalid.

    ``content_type`` is the name of the type that must be inside; ``others`` are certificates among which the signer's
    is if none came along. Whether the signer is believed is not decided here.
    """
    require_der(data, "the signed data", limit=LIMIT)
    with reading("the signed data"):
        info = cms.ContentInfo.load(data, strict=True)
        if info["content_type"].native != "signed_data":
            raise SignatureInvalid("this is not signed data")
        body = info["content"]
        signer, content = _parts(body, content_type)
        # What was signed is taken as it stands, before the library reads it: afterwards it would spell it anew.
        signed = bytes(signer["signed_attrs"].dump())
        came = _certificates(body["certificates"])
        attributes = _attributes(signer["signed_attrs"])
        algorithm = _hash_name(signer["digest_algorithm"])
        if _only(attributes, "content_type").native != content_type:
            raise SignatureInvalid("the signed attributes speak of another type of content")
        if _only(attributes, "message_digest").native != hashlib.new(algorithm, content).digest():
            raise SignatureInvalid("the signed digest is not that of the content")
        certificate = _named(attributes, signer["sid"], came or others)
        _verify(signer, signed, algorithm, certificate)
    return Signed(content, certificate, came)


def _parts(body: Any, content_type: str) -> tuple[Any, bytes]:
    """The one signer, and the bytes inside."""
    if body["version"].native != "v3":  # RFC 5652 §5.1: another type than plain data inside
        raise SignatureInvalid("signed data of a time-stamp has version 3")
    inside = body["encap_content_info"]
    if inside["content_type"].native != content_type or not isinstance(
        inside["content"], cms.ParsableOctetString
    ):
        raise SignatureInvalid(f"the signed data does not hold {content_type}")
    if len(body["signer_infos"]) != 1:
        raise SignatureInvalid(f"the signed data has {len(body['signer_infos'])} signers instead of one")
    signer = body["signer_infos"][0]
    if _hash_name(signer["digest_algorithm"]) not in [
        each["algorithm"].native for each in body["digest_algorithms"]
    ]:
        raise SignatureInvalid("the signed data does not announce the signer's digest algorithm")
    return signer, bytes(inside["content"])


def _certificates(found: Any) -> tuple[x509.Certificate, ...]:
    choices = [choice for choice in found or () if choice.name == "certificate"]
    if len(choices) > _MOST_CERTIFICATES:
        raise SignatureInvalid(f"more than {_MOST_CERTIFICATES} certificates came along")
    return tuple(_certificate(choice.chosen) for choice in choices)


def _certificate(found: cms.Certificate) -> x509.Certificate:
    if found.serial_number <= 0:  # RFC 5280 §4.1.2.2; the next reader would only warn of it
        raise SignatureInvalid("a certificate that came along has a serial number that is none")
    return x509.load_der_x509_certificate(found.dump())


def _attributes(found: Any) -> dict[str, Any]:
    """Signed attributes by name, each with its values."""
    if not found:
        raise SignatureInvalid("there are no signed attributes")
    names = [attribute["type"].native for attribute in found]
    if len(set(names)) != len(names):
        raise SignatureInvalid("a signed attribute is there twice")
    return {attribute["type"].native: attribute["values"] for attribute in found}


def _only(attributes: dict[str, Any], name: str) -> Any:
    if name not in attributes or len(attributes[name]) != 1:
        raise SignatureInvalid(f"the signed attribute {name} is not there exactly once")
    return attributes[name][0]


def _hash_name(algorithm: Any) -> str:
    name = str(algorithm["algorithm"].native)
    if name not in HASHES:
        raise SignatureInvalid(f"digest algorithm {name} is not accepted: SHA-256 or better")
    return name


def _named(attributes: dict[str, Any], sid: Any, among: Sequence[x509.Certificate]) -> x509.Certificate:
    """The certificate that the signer's attributes name; every naming must mean the same one."""
    names = [name for name in ("signing_certificate", "signing_certificate_v2") if name in attributes]
    if not names:
        raise SignatureInvalid("the signed attributes do not name the signer's certificate (RFC 5816)")
    fitting = [
        certificate
        for certificate in among
        if all(_means(_only(attributes, name)["certs"][0], certificate) for name in names)
    ]
    if not fitting:
        raise SignatureInvalid("the certificate that the signed attributes name is not there")
    if not _identifies(sid, fitting[0]):
        raise SignatureInvalid(
            "the signer's identifier and the signed attributes name different certificates"
        )
    return fitting[0]


def _means(ess: Any, certificate: x509.Certificate) -> bool:
    """Whether an ESSCertID or ESSCertIDv2 is that of ``certificate``."""
    # RFC 2634 knows SHA-1 only: there it names a certificate whose own signature protects it, and protects nothing.
    algorithm = _hash_name(ess["hash_algorithm"]) if isinstance(ess, tsp.ESSCertIDv2) else "sha1"
    der = certificate.public_bytes(_DER)
    if ess["cert_hash"].native != hashlib.new(algorithm, der, usedforsecurity=False).digest():
        return False
    place = ess["issuer_serial"]
    if not isinstance(place, tsp.IssuerSerial):  # it is optional
        return True
    own = cms.Certificate.load(der)
    names = [name.chosen for name in place["issuer"] if name.name == "directory_name"]
    return place["serial_number"].native == own.serial_number and names == [own.issuer]


def _identifies(sid: Any, certificate: x509.Certificate) -> bool:
    own = cms.Certificate.load(certificate.public_bytes(_DER))
    if sid.name == "subject_key_identifier":
        return bool(sid.chosen.native == own.key_identifier)
    chosen = sid.chosen
    if chosen["serial_number"].native != own.serial_number:
        return False
    # Comparing names by their rules is slow, and authorities copy theirs.
    return bool(chosen["issuer"].dump() == own.issuer.dump() or chosen["issuer"] == own.issuer)


def _verify(signer: Any, attributes: bytes, algorithm: str, certificate: x509.Certificate) -> None:
    signed = b"\x31" + attributes[1:]  # RFC 5652 §5.4: the attributes as a SET, and they stand in DER already
    key, signature = certificate.public_key(), signer["signature"].native
    method = signer["signature_algorithm"]
    try:
        match key:
            case rsa.RSAPublicKey():
                key.verify(signature, signed, _padding(method, algorithm), HASHES[algorithm])
            case ec.EllipticCurvePublicKey() if _ECDSA.get(method["algorithm"].native) == algorithm:
                key.verify(signature, signed, ec.ECDSA(HASHES[algorithm]))
            case _:
                raise SignatureInvalid("the signature algorithm is not accepted for the signer's key")
    except (InvalidSignature, UnsupportedAlgorithm) as error:
        raise SignatureInvalid("the signature value does not match what it must cover") from error


def _padding(method: Any, algorithm: str) -> padding.AsymmetricPadding:
    """Padding of an RSA signature whose hash is ``algorithm``, the digest's own (RFC 5652 §5.6, RFC 4055 §3.1)."""
    name = method["algorithm"].native
    if name == "rsassa_pkcs1v15" or _RSA.get(name) == algorithm:
        return padding.PKCS1v15()
    if name != "rsassa_pss":
        raise SignatureInvalid(f"signature algorithm {name} is not accepted with {algorithm}")
    parameters = method["parameters"]
    mask = parameters["mask_gen_algorithm"]
    used = (
        _hash_name(parameters["hash_algorithm"]),
        _hash_name(mask["parameters"]),
        mask["algorithm"].native,
    )
    length = parameters["salt_length"].native
    if used != (algorithm, algorithm, "mgf1") or not 0 <= length <= 64:
        raise SignatureInvalid("the parameters of RSASSA-PSS are not those of the digest")
    return padding.PSS(padding.MGF1(HASHES[algorithm]), length)
