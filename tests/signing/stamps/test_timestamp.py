from __future__ import annotations

import contextlib
import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.clock import system_clock
from signing.errors import Revoked, SignatureInvalid, SigningError, TimestampRefused, Untrusted
from signing.keys import FileKey
from signing.stamps import timestamp
from signing.stamps.authority import EmbeddedAuthority
from tests import authorities
from tests.authorities import issue, resigned

KEY = ec.generate_private_key(ec.SECP256R1())
CA_KEY = ec.generate_private_key(ec.SECP256R1())
NOW = system_clock().replace(microsecond=0)
CA = issue("ca", CA_KEY, "ca", CA_KEY, NOW, authority=True)
CERTIFICATE = issue("tsa", KEY, "ca", CA_KEY, NOW)
DATA = b"signed head\n"
DIGEST = hashlib.sha256(DATA).digest()


def answered(certificate: x509.Certificate = CERTIFICATE, *, nonce: int = 1, at: datetime = NOW) -> bytes:
    """The answer of an authority that is right in everything."""
    authority = EmbeddedAuthority(FileKey(KEY, [certificate]), clock=lambda: at)
    return authority.issue(timestamp.request(DIGEST, nonce=nonce))


def token(certificate: x509.Certificate = CERTIFICATE, **more: Any) -> bytes:
    """The token in it."""
    return timestamp.read_response(answered(certificate, **more), digest=DIGEST, nonce=more.get("nonce", 1))


TOKEN = token()
ANSWER = answered()


def changed(**values: Any) -> bytes:
    """The token with fields of its content changed, signed again."""

    def change(info: Any) -> None:
        for name, value in values.items():
            info[name] = value

    return resigned(TOKEN, KEY, info=change)


def refused(given: bytes, *anchors: x509.Certificate, data: bytes = DATA) -> str:
    """The reason for which a token is refused."""
    with pytest.raises(SigningError) as caught:
        timestamp.verify(given, data, anchors or [CA])
    return caught.value.reason


def test_a_request_asks_for_the_certificate_and_has_a_nonce() -> None:
    """TimeStampReq of RFC 3161 §2.4.1."""
    asked = tsp.TimeStampReq.load(timestamp.request(DIGEST, nonce=2**64 - 1), strict=True).native
    assert asked["message_imprint"]["hashed_message"] == DIGEST
    assert (asked["version"], asked["nonce"], asked["cert_req"]) == ("v1", 2**64 - 1, True)


@pytest.mark.parametrize(("digest", "algorithm"), [(b"x", "sha256"), (b"x" * 20, "sha1"), (DIGEST, "sha512")])
def test_a_request_for_something_else_is_not_made(digest: bytes, algorithm: str) -> None:
    """The digest must be one of a listed algorithm."""
    with pytest.raises(ValueError, match="SHA-2"):
        timestamp.request(digest, nonce=1, algorithm=algorithm)


def test_a_token_says_when_who_and_how_exactly() -> None:
    """What a verified token says, with the chain to the anchor."""
    stamped = timestamp.verify(TOKEN, DATA, [CA])
    assert (stamped.at, stamped.accuracy) == (NOW, timedelta(seconds=1))
    assert stamped.chain == (CERTIFICATE, CA)


@pytest.mark.parametrize("algorithm", ["sha384", "sha512"])
def test_other_digests_can_be_stamped(algorithm: str) -> None:
    """SHA-384 and SHA-512, from the request to the verified token."""
    digest = hashlib.new(algorithm, DATA).digest()
    authority = EmbeddedAuthority(FileKey(KEY, [CERTIFICATE]), clock=lambda: NOW)
    answer = authority.issue(timestamp.request(digest, nonce=1, algorithm=algorithm))
    given = timestamp.read_response(answer, digest=digest, nonce=1, algorithm=algorithm)
    assert timestamp.verify(given, DATA, [CA]).at == NOW


@authorities.needs_openssl
@pytest.mark.parametrize(("kind", "ess"), [("ec", "sha256"), ("rsa", "sha1")])
def test_tokens_of_openssl_are_verified(tmp_path: Path, kind: str, ess: str) -> None:
    """A foreign authority with its own chain, accuracy, name and number; for other bytes its token is refused."""
    foreign = authorities.Openssl(tmp_path, kind=kind, ess=ess)
    answer = foreign.reply(timestamp.request(DIGEST, nonce=2**63))
    given = timestamp.read_response(answer, digest=DIGEST, nonce=2**63)
    stamped = timestamp.verify(given, DATA, [foreign.anchor])
    assert (stamped.policy, stamped.serial) == ("1.2.3.4.1", 2)
    assert stamped.accuracy == timedelta(seconds=1, milliseconds=500, microseconds=100)
    assert "other bytes" in refused(given, foreign.anchor, data=DATA + b"\n")
    assert "no known authority" in refused(given, CA)


@authorities.needs_openssl
def test_a_refusal_of_openssl_says_why(tmp_path: Path) -> None:
    """An authority that refuses gives no token, and its words reach the reader."""
    foreign = authorities.Openssl(tmp_path)
    config = (tmp_path / "tsa.cnf").read_text().replace("digests = sha256,", "digests =")
    (tmp_path / "tsa.cnf").write_text(config)
    with pytest.raises(TimestampRefused, match="bad_alg"):
        timestamp.read_response(foreign.reply(timestamp.request(DIGEST, nonce=1)), digest=DIGEST, nonce=1)


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (b"", "cut off"),
        (b"<html>", "DER"),
        (answered()[:-1], "DER"),
        (answered() + b"\x00", "follow"),
        (b"\x30\x84\x7f\xff\xff\xff", "longer"),
        (b"\x30" * 300_000, "larger"),
        (bytes(timestamp.Response({"status": {"status": "granted"}}).dump()), "holds none"),
        (answered(nonce=2), "nonce"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(response: bytes, words: str) -> None:
    """Truncated, padded, huge, empty, or the answer to another request."""
    with pytest.raises(SignatureInvalid, match=words):
        timestamp.read_response(response, digest=DIGEST, nonce=1)


def test_an_answer_about_other_bytes_is_refused() -> None:
    """The imprint must be that of the request."""
    with pytest.raises(SignatureInvalid, match="other bytes"):
        timestamp.read_response(answered(), digest=DIGEST[::-1], nonce=1)
    with pytest.raises(SignatureInvalid, match="another algorithm"):
        timestamp.read_response(answered(), digest=b"x" * 48, nonce=1, algorithm="sha384")


def test_an_answer_without_nonce_is_refused() -> None:
    """An authority that leaves it out could have made the token long ago."""
    bare = changed(nonce=None)
    response = timestamp.Response(
        {"status": {"status": "granted"}, "time_stamp_token": cms.ContentInfo.load(bare)}
    )
    with pytest.raises(SignatureInvalid, match="nonce"):
        timestamp.read_response(response.dump(), digest=DIGEST, nonce=1)


SHA1 = {
    "hash_algorithm": {"algorithm": "sha1"},
    "hashed_message": hashlib.sha1(DATA, usedforsecurity=False).digest(),
}
OTHER_NAME = tsp.GeneralName("directory_name", cms.Name.build({"common_name": "somebody else"}))
CRITICAL = [{"extn_id": "1.2.3", "critical": True, "extn_value": b"x"}]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"version": "v2"}, "unknown version"),
        ({"message_imprint": SHA1}, "sha1 is not accepted"),
        ({"accuracy": {"seconds": 1, "millis": 1000}}, "accuracy is none"),
        ({"accuracy": {"seconds": -1}}, "accuracy is none"),
        ({"tsa": OTHER_NAME}, "not that of its signer"),
        ({"extensions": CRITICAL}, "1.2.3 is unknown"),
        ({"nonce": 2**600}, "nonce has more"),
    ],
)
def test_a_token_that_says_something_wrong_is_refused(values: dict[str, Any], words: str) -> None:
    """Each field of TSTInfo by itself, under a right signature."""
    assert words in refused(changed(**values))


def test_a_token_may_name_its_signer_and_carry_what_is_not_critical() -> None:
    """What RFC 3161 allows beyond the necessary is accepted."""
    own = tsp.GeneralName(
        "directory_name", cms.Certificate.load(CERTIFICATE.public_bytes(Encoding.DER)).subject
    )
    harmless = [{"extn_id": "1.2.3", "critical": False, "extn_value": b"x"}]
    given = changed(tsa=own, extensions=harmless, accuracy={"millis": 5}, nonce=None)
    assert timestamp.verify(given, DATA, [CA]).accuracy == timedelta(milliseconds=5)


@pytest.mark.parametrize(
    "written",
    [b"20261122184753", b"20261122184753+0700", b"20261122184753.50Z", b"20261322184753Z", b"261122184753Z"],
)
def test_a_time_that_is_not_written_as_it_must_be_is_refused(written: bytes) -> None:
    """GeneralizedTime in UTC, without zeros at the end of a fraction (RFC 3161 §2.4.2)."""
    given = changed(gen_time=_raw_time(written))
    assert "time" in refused(given)


def test_parts_of_a_second_are_kept() -> None:
    """A fraction is read to the microsecond."""
    given = changed(gen_time=_raw_time(f"{NOW:%Y%m%d%H%M%S}.1234567Z".encode()))
    assert timestamp.verify(given, DATA, [CA]).at == NOW + timedelta(microseconds=123_456)


def _raw_time(written: bytes) -> Any:
    return core.GeneralizedTime(contents=written)


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        (issue("tsa", KEY, "ca", CA_KEY, NOW, critical=False), "time-stamps alone"),
        (issue("tsa", KEY, "ca", CA_KEY, NOW, uses=()), "time-stamps alone"),
        (issue("tsa", KEY, "ca", CA_KEY, NOW, uses=(ExtendedKeyUsageOID.CODE_SIGNING,)), "time-stamps alone"),
        (
            issue(
                "tsa",
                KEY,
                "ca",
                CA_KEY,
                NOW,
                uses=(ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CLIENT_AUTH),
            ),
            "time-stamps alone",
        ),
        (issue("tsa", KEY, "tsa", KEY, NOW), "no known authority"),
        (issue("tsa", KEY, "ca", KEY, NOW), "no known authority"),
        (issue("tsa", KEY, "ca", CA_KEY, NOW - timedelta(days=10), days=1), "expired"),
        (issue("tsa", KEY, "ca", CA_KEY, NOW + timedelta(days=10)), "valid only from"),
    ],
)
def test_an_authority_whose_certificate_is_wrong_is_not_believed(
    certificate: x509.Certificate, words: str
) -> None:
    """Purpose, issuer and validity at the time of the token."""
    assert words in refused(token(certificate))


def test_a_token_stays_good_after_its_authority_expired() -> None:
    """What counts is the time in the token, not when it is verified."""
    long_ago = NOW - timedelta(days=30)
    short = issue("tsa", KEY, "ca", CA_KEY, long_ago, days=1)
    ca = issue("ca", CA_KEY, "ca", CA_KEY, long_ago, authority=True, days=2)
    assert timestamp.verify(token(short, at=long_ago), DATA, [ca]).at == long_ago


def crl(*revoked: x509.RevokedCertificate) -> bytes:
    """A revocation list of the authority's issuer."""
    builder = x509.CertificateRevocationListBuilder(
        issuer_name=CA.subject, last_update=NOW, next_update=NOW + timedelta(days=1)
    )
    for each in revoked:
        builder = builder.add_revoked_certificate(each)
    number = x509.CRLNumber(1)
    made = builder.add_extension(number, critical=False).sign(CA_KEY, hashes.SHA256())
    return made.public_bytes(Encoding.DER)


def _revoked(since: datetime, reason: x509.ReasonFlags) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(CERTIFICATE.serial_number).revocation_date(since)
    return builder.add_extension(x509.CRLReason(reason), critical=False).build()


def test_a_token_of_a_revoked_authority_is_not_believed() -> None:
    """Revocation data that comes with the token is judged at the token's time."""
    reason = x509.ReasonFlags.superseded
    assert timestamp.verify(TOKEN, DATA, [CA], crls=[crl()]).at == NOW
    assert (
        timestamp.verify(TOKEN, DATA, [CA], crls=[crl(_revoked(NOW + timedelta(hours=1), reason))]).at == NOW
    )
    with pytest.raises(Revoked):
        timestamp.verify(TOKEN, DATA, [CA], crls=[crl(_revoked(NOW - timedelta(minutes=1), reason))])


def test_revocation_data_that_cannot_be_read_is_refused() -> None:
    """Garbage is not taken for silence."""
    with pytest.raises(Untrusted):
        timestamp.verify(TOKEN, DATA, [CA], crls=[b"garbage"])


def test_without_anchors_nobody_is_believed() -> None:
    """An empty list of anchors is not a wildcard."""
    with pytest.raises(Untrusted, match="no known authority"):
        timestamp.verify(TOKEN, DATA, [])


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_bytes_make_it_fail_in_another_way(data: st.DataObject) -> None:
    """Tokens and answers with bytes changed, added and left out are refused as such, or mean what they meant."""
    for good in (TOKEN, ANSWER):
        at = data.draw(st.integers(0, len(good) - 1))
        length = data.draw(st.integers(0, 8))
        wrong = good[:at] + data.draw(st.binary(max_size=8)) + good[at + length :]
        for read in (_verified, _answer):
            with contextlib.suppress(SigningError):
                read(wrong)


def _verified(given: bytes) -> None:
    assert timestamp.verify(given, DATA, [CA]).at == NOW


def _answer(given: bytes) -> None:
    timestamp.read_response(given, digest=DIGEST, nonce=1)
