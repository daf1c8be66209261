"""A time-stamping authority inside the hub, for a set-up that has no other (RFC 3161).

It is **not independent**: it proves the order of events to those who trust the hub, and nothing to those who do not.
Its certificate says so to whoever looks at a token, in two languages. Tokens are ordinary ones, for any verifier.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing import algorithms, keys
from signing.cms import HASHES, reading
from signing.der import require_der
from signing.errors import KeyProblem, SignatureInvalid
from signing.timestamp import Response

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
                refusal = _refusal(asked)
                if refusal is None:
                    return self._granted(asked)
        except SignatureInvalid as error:
            refusal = ("bad_data_format", error.reason)
        failure, words = refusal
        status = {"status": "rejection", "status_string": [words], "fail_info": {failure}}
        return bytes(Response({"status": status}).dump())

    def _granted(self, asked: Any) -> bytes:
        info = {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": asked["message_imprint"],
            "serial_number": self._serial(),
            "gen_time": self._clock().replace(microsecond=0),
            "accuracy": {"seconds": _ACCURACY},
        }
        if asked["nonce"].native is not None:
            info["nonce"] = asked["nonce"].native
        token = self._signed(tsp.TSTInfo(info).dump(), with_certificate=asked["cert_req"].native)
        return bytes(Response({"status": {"status": "granted"}, "time_stamp_token": token}).dump())

    def _signed(self, content: bytes, *, with_certificate: bool) -> cms.ContentInfo:
        """Signed data over ``content`` (RFC 5652 §5), with the attributes that RFC 3161 and RFC 5816 ask for."""
        digest, method = _METHODS[self._signer.algorithm]
        der = self.certificate.public_bytes(Encoding.DER)
        own = cms.Certificate.load(der)
        named = {"hash_algorithm": {"algorithm": digest}, "cert_hash": hashlib.new(digest, der).digest()}
        attributes = cms.CMSAttributes(
            [
                _attribute("content_type", "tst_info"),
                _attribute("message_digest", hashlib.new(digest, content).digest()),
                _attribute("signing_certificate_v2", {"certs": [named]}),
            ]
        )
        place = cms.IssuerAndSerialNumber({"issuer": own.issuer, "serial_number": own.serial_number})
        signer = {
            "version": "v1",
            "sid": cms.SignerIdentifier("issuer_and_serial_number", place),
            "digest_algorithm": {"algorithm": digest},
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": method},
            "signature": self._sign(attributes.dump()),
        }
        data = {
            "version": "v3",
            "digest_algorithms": [{"algorithm": digest}],
            "encap_content_info": {"content_type": "tst_info", "content": cms.ParsableOctetString(content)},
            "signer_infos": [signer],
        }
        if with_certificate:
            data["certificates"] = [own]
        return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(data)})

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


def _attribute(name: str, value: Any) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": name, "values": [value]})


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
