"""Keys and certificates that must not count: an attacker's, another partner's, old, revoked, misused, weak, or none.

The signature itself is right each time: what is wrong is who made it.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID

from adapters.errors import Refused
from adapters.trusting import Expected
from signing.errors import SigningError
from signing.pki.revocation import Evidence
from signing.trust import Accepted, Trust
from signing.xml import parse
from tests import pki
from tests.chains import Party, Taken, issue, name, points, revocation_list
from tests.hostile import forge
from tests.hostile.attack import Attack, Hostile
from tests.hostile.canary import canary
from tests.hostile.resources import resources

_UNKNOWN = "no known authority vouches for it"


@dataclasses.dataclass(frozen=True)
class Presented:
    """A signed document, and whom the receiver believes."""

    document: bytes
    trust: Trust
    partners: tuple[str, ...] = ("partner",)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def data_of(*certificates: x509.Certificate | bytes) -> str:
    """X509Data with these certificates."""
    written = [each if isinstance(each, bytes) else _der(each) for each in certificates]
    inside = "".join(
        f"<ds:X509Certificate>{base64.b64encode(each).decode()}</ds:X509Certificate>" for each in written
    )
    return f"<ds:X509Data>{inside}</ds:X509Data>"


def _value(key: Any) -> forge.Value:
    """What an honest signer with any kind of key would write."""

    def sign(data: bytes) -> bytes:
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        if isinstance(key, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
            width = (key.key_size + 7) // 8
            return r.to_bytes(width, "big") + s.to_bytes(width, "big")
        if isinstance(key, dsa.DSAPrivateKey):
            return key.sign(data, hashes.SHA256())
        return bytes(key.sign(data))

    return sign


def signed(key: Any, key_info: str) -> bytes:
    """A document signed with ``key`` under a KeyInfo that may say anything."""
    method = forge.RSA_SHA256 if isinstance(key, rsa.RSAPrivateKey) else forge.ECDSA_SHA256
    return forge.enveloped(value=_value(key), method=method, key_info=key_info)


@functools.cache
def _authority() -> Party:
    return issue("authority", authority=True)


@functools.cache
def _partner() -> Party:
    return issue("partner", _authority(), serial=4711)


def _by(party: Party, trust: Trust | None = None, *chain: Party, **more: Any) -> Presented:
    inside = data_of(party.certificate, *(each.certificate for each in chain))
    return Presented(signed(party.key, inside), trust or _issuing(), **more)


def _pinning(*certificates: x509.Certificate) -> Trust:
    return Trust({"partner": list(certificates)})


def _issuing(**options: Any) -> Trust:
    """The partner's certificates come from an authority."""
    return Trust({"partner": [_authority().certificate]}, **options)


# ---------------------------------------------------------------------- other keys


def _strangers() -> Iterator[Hostile]:
    false_authority = issue("authority", authority=True, key_name="false authority")
    alike = issue("partner", false_authority, key_name="false partner", serial=4711)
    alone = issue("partner", key_name="false partner", serial=4711)
    below = issue("below", _partner())
    cases: dict[str, tuple[Callable[[], Presented], str]] = {
        "self-signed": (lambda: _by(issue("stranger")), _UNKNOWN),
        "self-signed under the partner's name": (lambda: _by(alone), _UNKNOWN),
        "same name, issuer and number": (lambda: _by(alike), _UNKNOWN),
        "with the false authority": (lambda: _by(alike, None, false_authority), _UNKNOWN),
        "with the true authority": (lambda: _by(alike, None, _authority()), _UNKNOWN),
        "same name where the true one is pinned": (
            lambda: _by(alike, _pinning(_partner().certificate)),
            _UNKNOWN,
        ),
        "issued by a partner": (lambda: _by(below, None, _partner()), _UNKNOWN),
        "of another partner": (_of_another, "only partner signs here"),
        "of a partner whose authority many share": (_of_shared, _UNKNOWN),
    }
    for said, (make, why) in cases.items():
        yield Hostile(f"certificate {said}", make, why)


def _of_another() -> Presented:
    other = issue("other", _authority())
    trust = Trust({"partner": [_partner().certificate], "other": [other.certificate]})
    return _by(other, trust)


def _of_shared() -> Presented:
    trust = Trust({"partner": [Accepted(_authority().certificate, subject="CN=partner")]})
    return _by(issue("CN=partner", _authority()), trust)


# ---------------------------------------------------------------------- what KeyInfo says


def _infos() -> Iterator[Hostile]:
    false, true = issue("stranger"), _partner()
    key = false.key
    number = true.certificate.serial_number
    issuer = true.certificate.issuer.rfc4514_string()
    none, match = "carries no certificate", "does not match the signed information"
    serial = (
        f"<ds:X509IssuerSerial><ds:X509IssuerName>{issuer}</ds:X509IssuerName>"
        f"<ds:X509SerialNumber>{number}</ds:X509SerialNumber></ds:X509IssuerSerial>"
    )
    bundle = pkcs7.serialize_certificates([false.certificate], Encoding.DER)
    infos = {
        "nothing": ("", none),
        "a key value": (_key_value(false), none),
        "a key value and the partner's certificate": (_key_value(false) + data_of(true.certificate), match),
        "the partner's certificate, then the attacker's": (
            data_of(true.certificate) + data_of(false.certificate),
            match,
        ),
        "the attacker's certificate, then the partner's": (
            data_of(false.certificate) + data_of(true.certificate),
            _UNKNOWN,
        ),
        "both certificates in one": (data_of(false.certificate, true.certificate), _UNKNOWN),
        "a name": ("<ds:KeyName>partner</ds:KeyName>", none),
        "a subject": ("<ds:X509Data><ds:X509SubjectName>CN=partner</ds:X509SubjectName></ds:X509Data>", none),
        "an issuer and a number": (f"<ds:X509Data>{serial}</ds:X509Data>", none),
        "a key identifier": ("<ds:X509Data><ds:X509SKI>AAAA</ds:X509SKI></ds:X509Data>", none),
        "a retrieval by HTTP": (f'<ds:RetrievalMethod URI="{canary().url}/c"/>', none),
        "a retrieval of a file": ('<ds:RetrievalMethod URI="file:///etc/hostname"/>', none),
        "a PGP key": ("<ds:PGPData><ds:PGPKeyID>AAAA</ds:PGPKeyID></ds:PGPData>", none),
        "a key in DER": (f"<d:DEREncodedKeyValue xmlns:d='http://www.w3.org/2009/xmldsig11#'>"
        f"{base64.b64encode(_public(false)).decode()}</d:DEREncodedKeyValue>", none),
        "a management": ("<ds:MgmtData>x</ds:MgmtData>", none),
        "33 certificates": (data_of(*[true.certificate] * 33), none),
        "a certificate of no namespace": (data_of(true.certificate).replace("ds:", ""), none),
        "an empty certificate": (data_of(b""), "cannot be read"),
        "a text for a certificate": (data_of(b"certificate"), "cannot be read"),
        "a certificate as PEM": (data_of(true.certificate.public_bytes(Encoding.PEM)), "cannot be read"),
        "a bundle of certificates": (data_of(bundle), "cannot be read"),
        "a certificate with bytes behind it": (data_of(_der(true.certificate) + b"\0"), "cannot be read"),
        "a certificate cut short": (data_of(_der(true.certificate)[:-1]), "cannot be read"),
        "a certificate of ten megabytes": (data_of(b"\x30\x84\x00\x98\x96\x80" + bytes(7_000_000)), "larger than"),
        "a certificate of a megabyte": (data_of(_large().certificate), "larger than"),
        "a certificate of nested sequences": (data_of(_nested(5_000)), "cannot be read"),
        "a certificate of endless length": (data_of(b"\x30\x80" + b"\x30\x80" * 10_000), "cannot be read"),
    }  # fmt: skip
    for said, (inside, why) in infos.items():
        yield Hostile(
            f"KeyInfo with {said}",
            lambda inside=inside: Presented(signed(key, inside), _issuing()),  # type: ignore[misc]
            why,
        )


def _public(party: Party) -> bytes:
    return party.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _key_value(party: Party) -> str:
    numbers = party.key.public_key().public_numbers()
    assert isinstance(numbers, ec.EllipticCurvePublicNumbers)
    point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    return (
        "<ds:KeyValue><d:ECKeyValue xmlns:d='http://www.w3.org/2009/xmldsig11#'>"
        f"<d:NamedCurve URI='urn:oid:1.2.840.10045.3.1.7'/>"
        f"<d:PublicKey>{base64.b64encode(point).decode()}</d:PublicKey></d:ECKeyValue></ds:KeyValue>"
    )


def _large() -> Party:
    """A certificate with an extension of a megabyte."""
    comment = x509.UnrecognizedExtension(
        x509.ObjectIdentifier("1.2.3.5"), b"\x04\x83\x0f\x42\x40" + bytes(1_000_000)
    )
    return issue("large", extra=[(comment, False)])


def _nested(depth: int) -> bytes:
    """DER sequences in one another."""
    data = b""
    for _ in range(depth):
        length = len(data)
        size = length.to_bytes(3, "big")
        data = b"\x30\x83" + size + data
    return data


# ---------------------------------------------------------------------- certificates past their time or use


def _certificates() -> Iterator[Hostile]:
    ca = _authority()
    sub = issue("sub", ca, authority=True, path_length=0)
    expired_ca = issue("old authority", authority=True, starts=-900, ends=-1)
    usage = ("key_encipherment",)
    issued: dict[str, tuple[Callable[[], Presented], str]] = {
        "expired": (lambda: _by(issue("a", ca, starts=-400, ends=-1)), "expired"),
        "not valid yet": (lambda: _by(issue("b", ca, starts=1)), "valid only from"),
        "expired and pinned": (lambda: _pinned(issue("c", starts=-400, ends=-1)), "expired"),
        "not valid yet and pinned": (lambda: _pinned(issue("d", starts=1)), "valid only from"),
        "not accepted any more": (lambda: _limited(until=-1), "not believed at that time"),
        "not accepted yet": (lambda: _limited(start=1), "not believed at that time"),
        "of an expired authority": (
            lambda: _by(issue("e", expired_ca), Trust({"partner": [expired_ca.certificate]})),
            "expired",
        ),
        "for encryption": (lambda: _by(issue("f", ca, usage=usage)), "key usage"),
        "for encryption and pinned": (lambda: _pinned(issue("g", usage=usage)), "key usage"),
        "for servers": (lambda: _by(issue("h", ca, uses=[ExtendedKeyUsageOID.SERVER_AUTH])), "extended key usage"),
        "for code": (lambda: _by(issue("i", ca, uses=[ExtendedKeyUsageOID.CODE_SIGNING])), "extended key usage"),
        "for time-stamps": (lambda: _by(issue("j", ca, uses=[ExtendedKeyUsageOID.TIME_STAMPING])), "extended key"),
        "for OCSP": (lambda: _by(issue("k", ca, uses=[ExtendedKeyUsageOID.OCSP_SIGNING])), "extended key usage"),
        "of the authority itself": (lambda: _by(ca), "authority"),
        "of an authority below": (lambda: _by(sub, None), "authority"),
        "below an authority that may have none": (
            lambda: _by(issue("l", issue("sub2", sub, authority=True)), _through(sub)),
            "authorities below",
        ),
        "of an authority without the right": (
            lambda: _by(issue("m", issue("half", ca, authority=True, usage=("crl_sign",)))),
            _UNKNOWN,
        ),
        "with a critical extension": (lambda: _by(issue("n", ca, extra=[_odd(True)])), "not understood"),
        "issued with SHA-1": (lambda: _reissued("sha1"), _UNKNOWN),
    }  # fmt: skip
    for said, (make, why) in issued.items():
        yield Hostile(f"certificate {said}", make, why)


def _odd(critical: bool) -> tuple[x509.ExtensionType, bool]:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), critical


def _pinned(party: Party) -> Presented:
    return _by(party, _pinning(party.certificate))


def _limited(*, start: int | None = None, until: int | None = None) -> Presented:
    days = {key: pki.NOW + timedelta(days=each) for key, each in (("start", start), ("until", until)) if each}
    return _by(_partner(), Trust({"partner": [Accepted(_partner().certificate, **days)]}))


def _through(sub: Party) -> Trust:
    return _issuing(intermediates=[sub.certificate, issue("sub2", sub, authority=True).certificate])


def _reissued(_: str) -> Presented:
    """The partner's certificate with the name of its signature algorithm changed to SHA-1."""
    der = _der(_partner().certificate)
    changed = der.replace(bytes.fromhex("2a8648ce3d040302"), bytes.fromhex("2a8648ce3d040301"))
    return Presented(signed(_partner().key, data_of(changed)), _issuing())


def _keys() -> Iterator[Hostile]:
    weak = "is neither RSA|is not accepted"
    kinds: dict[str, Callable[[], Any]] = {
        "RSA 1024": lambda: rsa.generate_private_key(65537, 1024),
        "RSA 1536": lambda: rsa.generate_private_key(65537, 1536),
        "RSA 4104": lambda: rsa.generate_private_key(65537, 4104),
        "P-224": lambda: ec.generate_private_key(ec.SECP224R1()),
        "P-192": lambda: ec.generate_private_key(ec.SECP192R1()),
        "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
        "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
        "Brainpool": lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate,
        "Ed448": ed448.Ed448PrivateKey.generate,
        "DSA": lambda: dsa.generate_private_key(2048),
    }
    for said, generate in kinds.items():
        for issued in (False, True):
            how = "issued" if issued else "pinned"
            yield Hostile(
                f"key {said}, {how}",
                lambda generate=generate, issued=issued: _of_kind(generate(), issued),  # type: ignore[misc]
                weak,
            )


def _of_kind(key: Any, issued: bool) -> Presented:
    issuer = _authority()
    builder = (
        x509.CertificateBuilder(
            subject_name=name("partner"), issuer_name=issuer.name, public_key=key.public_key()
        )
        .serial_number(7)
        .not_valid_before(pki.NOW - timedelta(days=1))
        .not_valid_after(pki.NOW + timedelta(days=1))
    )
    certificate = builder.sign(issuer.key, hashes.SHA256())
    trust = _issuing() if issued else _pinning(certificate)
    return Presented(signed(key, data_of(certificate)), trust)


# ---------------------------------------------------------------------- revocation


def _revocations() -> Iterator[Hostile]:
    url = canary().url
    ca = _authority()
    party = issue("listed", ca, extra=[points(f"{url}/list.crl")])
    other = issue("authority", authority=True, key_name="false authority")
    gone = revocation_list(ca, Taken(party.certificate))
    nothing, revoked = "was revoked is not known", "was revoked on"
    for_its_key = Taken(party.certificate, 0, x509.ReasonFlags.key_compromise, -5)
    lists: dict[str, tuple[Sequence[bytes], str]] = {
        "revoked": ([gone], revoked),
        "revoked, and not in an older list": ([revocation_list(ca, at=pki.NOW - timedelta(days=2)), gone], revoked),
        "revoked for its key": ([revocation_list(ca, for_its_key)], revoked),
        "of which nothing is known": ([], nothing),
        "cleared by another authority": ([revocation_list(other)], nothing),
        "cleared by itself": ([revocation_list(party, issuer=ca.name)], nothing),
        "cleared by an old list": ([revocation_list(ca, at=pki.NOW - timedelta(days=30))], nothing),
    }  # fmt: skip
    for said, (known, why) in lists.items():
        yield Hostile(
            f"certificate {said}",
            lambda known=known: _by(party, _issuing(revocation=Evidence.read(known, (), now=pki.NOW))),  # type: ignore[misc]
            why,
        )


def _inputs() -> Iterator[Hostile]:
    yield from _strangers()
    yield from _infos()
    yield from _certificates()
    yield from _keys()
    yield from _revocations()


def document(presented: Presented) -> object:
    """An enveloped signature, taken where only some partners sign; a server listens that must not be asked."""
    try:
        expected = Expected(resources(trust=presented.trust), presented.partners)
        return expected.enveloped(parse(presented.document))
    finally:
        canary().must_be_silent()


SUBSTITUTION = Attack(_inputs, document, (SigningError, Refused), honest=lambda: _by(_partner()))
