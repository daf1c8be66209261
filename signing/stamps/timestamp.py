"""Time-stamps: asking an authority, reading its answer, verifying its token years later (RFC 3161, RFC 5816).

A token says: these bytes existed at that time. It says so to whoever trusts the authority, so a token is verified
against anchors that are given, at the token's own time, and with the revocation data of that time.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import cms, core, tsp
from asn1crypto.x509 import Certificate as AsnCertificate
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing.errors import SignatureInvalid, TimestampRefused, Untrusted
from signing.pki.path import Revocation, extension, validate
from signing.pki.revocation import Evidence
from signing.stamps.cms import HASHES, LIMIT, open_signed, reading
from signing.stamps.der import require_der

QUERY_TYPE = "application/timestamp-query"
"""Media type of a request (RFC 3161 §3.4)."""
REPLY_TYPE = "application/timestamp-reply"
"""Media type of a response."""

_GENERALIZED = re.compile(rb"(\d{14})(?:\.(\d*[1-9]))?Z")  # RFC 3161 §2.4.2: always Z, no zeros at the end
_GRANTED = ("granted", "granted_with_mods")
_MOST_NONCE = 64  # octets of a number that is copied into the token


class Response(core.Sequence):  # type: ignore[misc]
    """TimeStampResp, whose token is optional: a refusal has none (RFC 3161 §2.4.2)."""

    _fields = [  # noqa: RUF012 - the library's way
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


@dataclasses.dataclass(frozen=True, slots=True)
class Stamped:
    """What a verified token says."""

    at: datetime
    """Its time (genTime, aware UTC)."""
    authority_certificate: x509.Certificate
    """Who says so."""
    serial: int
    """The authority's number of the token."""
    policy: str
    """Object identifier of the authority's policy."""
    accuracy: timedelta | None
    """How far the time may be off; None if the authority does not say."""
    chain: tuple[x509.Certificate, ...] = ()
    """From the authority's certificate to the anchor."""


def request(digest: bytes, *, nonce: int, algorithm: str = "sha256") -> bytes:
    """The request (TimeStampReq, DER) for a token over data with that ``digest``, certificate included.

    ``nonce`` is a large random number, new for every request. Raises ValueError if the digest is not of ``algorithm``.
    """
    if algorithm not in HASHES or len(digest) != HASHES[algorithm].digest_size or nonce < 0:
        raise ValueError("a request needs a SHA-2 digest of 256 bits or more and a positive nonce")
    imprint = {"hash_algorithm": {"algorithm": algorithm}, "hashed_message": digest}
    asked = {"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True}
    return bytes(tsp.TimeStampReq(asked).dump())


def read_response(response: bytes, *, digest: bytes, nonce: int, algorithm: str = "sha256") -> bytes:
    """The token (DER) of an authority's answer to the request with that ``digest`` and ``nonce``.

    Its signature is verified by `verify`, not here. Raises TimestampRefused with the authority's words if it gives no
    token, SignatureInvalid if the answer is malformed or belongs to another request.
    """
    require_der(response, "the authority's answer", limit=LIMIT)
    with reading("the authority's answer"):
        answer = Response.load(response, strict=True)
        status = answer["status"]
        token = answer["time_stamp_token"]
        if status["status"].native not in _GRANTED:
            raise TimestampRefused(_refusal(status))
        if not isinstance(token, cms.ContentInfo):
            raise SignatureInvalid("the answer says that the token was given, and holds none")
        given = bytes(token.dump())
        info = _info(bytes(token["content"]["encap_content_info"]["content"]))
        _check_imprint(info, algorithm, digest)
        if info["nonce"].native != nonce:
            raise SignatureInvalid("the token's nonce is not that of the request: it may be an old answer")
    return given


def verify(
    token: bytes,
    data: bytes,
    anchors: Sequence[x509.Certificate],
    *,
    crls: Sequence[bytes] = (),
    ocsps: Sequence[bytes] = (),
    revocation: Revocation | None = None,
) -> Stamped:
    """Verify that ``token`` (DER) stamps ``data`` in the name of an authority that one of ``anchors`` vouches for.

    ``crls`` and ``ocsps`` are revocation data (DER); where there are none, ``revocation`` is asked, and without it
    revocation is not looked at. Raises SignatureInvalid for the token, Untrusted for its authority.
    """
    signed = open_signed(token, "tst_info", others=anchors)
    with reading("the time-stamp"):
        info = _info(signed.content)
        algorithm = str(info["message_imprint"]["hash_algorithm"]["algorithm"].native)
        if algorithm not in HASHES:
            raise SignatureInvalid(f"the imprint's algorithm {algorithm} is not accepted: SHA-256 or better")
        _check_imprint(info, algorithm, hashlib.new(algorithm, data).digest())
        at = _time(info["gen_time"])
        _check_name(info["tsa"], signed.signer)
        accuracy = _accuracy(info["accuracy"])
        stamped = Stamped(at, signed.signer, info["serial_number"].native, info["policy"].dotted, accuracy)
    if crls or ocsps:
        revocation = Evidence.read(crls, ocsps, [*signed.certificates, *anchors])
    _check_purpose(signed.signer)
    chain = validate(
        signed.signer, signed.certificates, anchors, at, purpose="timestamping", revocation=revocation
    )
    return dataclasses.replace(stamped, chain=chain)


def _info(content: bytes) -> Any:
    """TSTInfo, as far as it says something about itself (RFC 3161 §2.4.2)."""
    require_der(content, "the time-stamp's content", limit=LIMIT)
    info = tsp.TSTInfo.load(content, strict=True)
    if info["version"].native != "v1":
        raise SignatureInvalid("the time-stamp has an unknown version")
    for each in info["extensions"] or ():
        if each["critical"].native:
            raise SignatureInvalid(f"the time-stamp's critical extension {each['extn_id'].dotted} is unknown")
    if isinstance(info["nonce"], core.Integer) and len(info["nonce"].contents) > _MOST_NONCE:
        raise SignatureInvalid(f"the time-stamp's nonce has more than {_MOST_NONCE} bytes")
    return info


def _check_imprint(info: Any, algorithm: str, digest: bytes) -> None:
    imprint = info["message_imprint"]
    used = imprint["hash_algorithm"]
    if used["algorithm"].native != algorithm or not isinstance(used["parameters"], core.Void | core.Null):
        raise SignatureInvalid("the time-stamp's imprint was made with another algorithm")
    if imprint["hashed_message"].native != digest:
        raise SignatureInvalid("the time-stamp is of other bytes")


def _time(value: Any) -> datetime:
    match = _GENERALIZED.fullmatch(value.contents)
    if match is None:
        raise SignatureInvalid("the time-stamp's time is not written as it must be")
    at = datetime.strptime(match[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return at + timedelta(microseconds=int(((match[2] or b"0") + b"000000")[:6]))


def _accuracy(value: Any) -> timedelta | None:
    if not isinstance(value, tsp.Accuracy):
        return None
    seconds, millis, micros = (value[unit].native or 0 for unit in ("seconds", "millis", "micros"))
    if not (0 <= seconds <= 86_400 and 0 <= millis <= 999 and 0 <= micros <= 999):
        raise SignatureInvalid("the time-stamp's accuracy is none")
    return timedelta(seconds=seconds, milliseconds=millis, microseconds=micros)


def _check_name(name: Any, signer: x509.Certificate) -> None:
    """The name in a token, if it is one, must be a name of its signer (RFC 3161 §2.4.2, ``tsa``)."""
    if not isinstance(name, tsp.GeneralName):
        return
    own = AsnCertificate.load(signer.public_bytes(Encoding.DER))
    others = own.subject_alt_name_value or ()
    known = own.subject == name.chosen if name.name == "directory_name" else False
    if not known and not any(other == name for other in others):
        raise SignatureInvalid("the name in the time-stamp is not that of its signer")


def _check_purpose(certificate: x509.Certificate) -> None:
    """The certificate is for time-stamps, says so critically, and for nothing else (RFC 3161 §2.3)."""
    use = extension(certificate, x509.ExtendedKeyUsage)
    critical = [each.oid for each in certificate.extensions if each.critical]
    if use is None or list(use) != [ExtendedKeyUsageOID.TIME_STAMPING] or use.oid not in critical:
        raise Untrusted("the certificate of the authority is not for time-stamps alone, marked as critical")


def _refusal(status: Any) -> str:
    words = "; ".join(status["status_string"].native or ())[:200]
    failures = ", ".join(sorted(status["fail_info"].native or ()))
    return ": ".join(
        part
        for part in ("the authority gives no token", str(status["status"].native), failures, words)
        if part
    )
