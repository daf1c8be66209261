"""A time-stamping authority inside the hub, for a set-up that has no other (RFC 3161).

It is **not independent**: it proves the order of events to those who trust the hub, and nothing to those who do not.
Its certificate says so to whoever looks at a token, in two languages. Tokens are ordinary ones, for any verifier.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asn1crypto import algos, core, tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing import algorithms, keys
from signing.errors import KeyProblem, SignatureInvalid
from signing.stamps.cms import HASHES, reading
from signing.stamps.der import require_der, tlv
from signing.stamps.timestamp import Response

POLICY = "2.25.64888472919760827145410111978312455196"
"""Policy of tokens that nobody outside the hub vouches for (an arc from a UUID, ITU-T X.667)."""
SUBJECT = (
    "CN=Dấu thời gian nội bộ - internal time-stamps,"
    "OU=KHÔNG độc lập với trục - NOT independent of the hub,O=Liên Thông"
)
"""Subject of the authority's certificate."""

_REQUEST_LIMIT = 4096
_ACCURACY = 1  # seconds: tokens carry the time of the hub's clock to the second
_METHODS = {
    algorithms.RSA_SHA256: ("sha256", "rsassa_pkcs1v15"),
    algorithms.ECDSA_SHA256: ("sha256", "sha256_ecdsa"),
    algorithms.ECDSA_SHA384: ("sha384", "sha384_ecdsa"),
}


_OCTETS, _GENERALIZED_TIME, _SEQUENCE, _SET, _TAG_0 = 0x04, 0x18, 0x30, 0x31, 0xA0
_SIGNED_DATA = bytes(core.ObjectIdentifier("1.2.840.113549.1.7.2").dump())
_TST_INFO = bytes(core.ObjectIdentifier("1.2.840.113549.1.9.16.1.4").dump())
_CONTENT_TYPE = tlv(_SEQUENCE, core.ObjectIdentifier("1.2.840.113549.1.9.3").dump(), tlv(_SET, _TST_INFO))


class EmbeddedAuthority:
    """Issues tokens with a key of the hub's own. Safe to call from several threads."""

    def __init__(
        self,
        signer: keys.Signer,
        *,
        clock: Callable[[], datetime],
        serial: Callable[[], int] = x509.random_serial_number,
    ) -> None:
        """``serial`` gives a new number for every token. Raises KeyProblem for a key that is not made for this."""
        if signer.algorithm not in _METHODS:
            raise KeyProblem(f"time-stamps are not signed with {signer.algorithm}")
        self._signer = signer
        self._clock = clock
        self._serial = serial
        self._digest, method = _METHODS[signer.algorithm]
        self._digest_algorithm = algos.DigestAlgorithm({"algorithm": self._digest}).dump()
        self._signature_algorithm = algos.SignedDigestAlgorithm({"algorithm": method}).dump()
        self._der = signer.certificate.public_bytes(Encoding.DER)
        number = core.Integer(signer.certificate.serial_number).dump()
        self._identifier = _sequence(signer.certificate.issuer.public_bytes(), number)
        self._names_the_certificate = _attribute("1.2.840.113549.1.9.16.2.47", self._signing_certificate())

    @property
    def certificate(self) -> x509.Certificate:
        """Certificate of the authority, which is its anchor too."""
        return self._signer.certificate

    def issue(self, request: bytes) -> bytes:
        """The answer (TimeStampResp, DER) to ``request`` (TimeStampReq, DER): a token, or a refusal that says why."""
        try:
            require_der(request, "the request", limit=_REQUEST_LIMIT)
            with reading("the request"):
                asked = tsp.TimeStampReq.load(request, strict=True)
                imprint = asked["message_imprint"].dump()  # it goes into the token as it came
                refusal = _refusal(asked)
                if refusal is None:
                    return self._granted(imprint, asked)
        except SignatureInvalid as error:
            refusal = ("bad_data_format", error.reason)
        failure, words = refusal
        status = {"status": "rejection", "status_string": [words], "fail_info": {failure}}
        return bytes(Response({"status": status}).dump())

    def _granted(self, imprint: bytes, asked: Any) -> bytes:
        nonce = asked["nonce"].native
        info = _sequence(
            core.Integer(1).dump(),  # version
            _oid(POLICY),
            imprint,
            core.Integer(self._serial()).dump(),
            tlv(_GENERALIZED_TIME, f"{self._clock().astimezone(UTC):%Y%m%d%H%M%S}Z".encode()),
            _sequence(core.Integer(_ACCURACY).dump()),
            b"" if nonce is None else core.Integer(nonce).dump(),
        )
        status = _sequence(core.Integer(0).dump())  # granted
        return _sequence(status, self._signed(info, with_certificate=asked["cert_req"].native))

    def _signed(self, content: bytes, *, with_certificate: bool) -> bytes:
        """Signed data over ``content`` (RFC 5652 §5), with the attributes that RFC 3161 and RFC 5816 ask for."""
        version = core.Integer(3).dump()
        digest = _attribute("1.2.840.113549.1.9.4", tlv(_OCTETS, hashlib.new(self._digest, content).digest()))
        attributes = sorted((_CONTENT_TYPE, digest, self._names_the_certificate))  # DER: a SET OF is sorted
        signer = _sequence(
            core.Integer(1).dump(),
            self._identifier,
            self._digest_algorithm,
            tlv(_TAG_0, *attributes),
            self._signature_algorithm,
            tlv(_OCTETS, self._sign(tlv(_SET, *attributes))),
        )
        inside = _sequence(_TST_INFO, tlv(_TAG_0, tlv(_OCTETS, content)))
        certificates = tlv(_TAG_0, self._der) if with_certificate else b""
        data = _sequence(version, tlv(_SET, self._digest_algorithm), inside, certificates, tlv(_SET, signer))
        return _sequence(_SIGNED_DATA, tlv(_TAG_0, data))

    def _signing_certificate(self) -> bytes:
        """SigningCertificateV2 with the hash of the own certificate; SHA-256 is the default and not written."""
        algorithm = b"" if self._digest == "sha256" else self._digest_algorithm
        named = _sequence(algorithm, tlv(_OCTETS, hashlib.new(self._digest, self._der).digest()))
        return _sequence(_sequence(named))

    def _sign(self, data: bytes) -> bytes:
        """Signature value in the form of CMS: ECDSA as a pair of numbers (RFC 5753 §7.2), RSA as it is."""
        raw = self._signer.sign(data)
        if not isinstance(self.certificate.public_key(), ec.EllipticCurvePublicKey):
            return raw
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))


def create_authority(
    folder: Path,
    name: str,
    *,
    clock: Callable[[], datetime],
    algorithm: keys.Algorithm = "ecdsa-p256",
    subject: str = SUBJECT,
    days: int = 3660,
) -> keys.FileKey:
    """Create the authority's key and certificate in ``folder``, good for time-stamps only; never overwrites.

    Raises KeyProblem.
    """
    uses = [ExtendedKeyUsageOID.TIME_STAMPING]
    return keys.create_key(
        folder, name, subject=subject, algorithm=algorithm, days=days, clock=clock, uses=uses
    )


def _sequence(*parts: bytes) -> bytes:
    return tlv(_SEQUENCE, *parts)


def _oid(dotted: str) -> bytes:
    return bytes(core.ObjectIdentifier(dotted).dump())


def _attribute(oid: str, value: bytes) -> bytes:
    return _sequence(_oid(oid), tlv(_SET, value))


def _refusal(asked: Any) -> tuple[str, str] | None:
    """Why the authority does not answer a request with a token: failure and words; None if it does."""
    imprint = asked["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    if asked["version"].native != "v1":
        return "bad_request", "the version of the request is unknown"
    if algorithm not in HASHES:
        return "bad_alg", "the imprint needs SHA-256 or better"
    if len(imprint["hashed_message"].native) != HASHES[algorithm].digest_size:
        return "bad_data_format", "the imprint has not the length of its algorithm"
    if asked["req_policy"].native not in (None, POLICY):
        return "unaccepted_policy", "there is one policy here"
    if asked["extensions"].native:
        return "unaccepted_extensions", "no extension is known here"
    return None
