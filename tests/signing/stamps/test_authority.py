from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from broker.clock import system_clock
from signing.errors import KeyProblem, TimestampRefused
from signing.keys import Algorithm, load_key
from signing.stamps import timestamp
from signing.stamps.authority import POLICY, EmbeddedAuthority, create_authority
from tests import authorities, pki

DATA = "Đầu sổ\n1042\n".encode()
DIGEST = hashlib.sha256(DATA).digest()
AT = datetime(2026, 9, 1, 8, 30, 0, 250_000, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of keys with an authority's."""
    made = tmp_path_factory.mktemp("keys")
    create_authority(made, "inside", clock=lambda: AT)
    return made


@pytest.fixture(scope="module")
def authority(folder: Path) -> EmbeddedAuthority:
    """An authority whose clock stands still."""
    return EmbeddedAuthority(load_key(folder, "inside"), clock=lambda: AT)


def changed(**values: object) -> bytes:
    """A request that differs from a good one."""
    asked = tsp.TimeStampReq.load(timestamp.request(DIGEST, nonce=7)).copy()
    for name, value in values.items():
        asked[name] = value
    return bytes(asked.dump(force=True))


def test_a_token_says_when_and_that_nobody_outside_vouches_for_it(authority: EmbeddedAuthority) -> None:
    """The time is the clock's to the second; the subject says in both languages that this is not independent."""
    token = timestamp.read_response(
        authority.issue(timestamp.request(DIGEST, nonce=7)), digest=DIGEST, nonce=7
    )
    stamped = timestamp.verify(token, DATA, [authority.certificate])
    assert (stamped.at, stamped.policy) == (AT.replace(microsecond=0), POLICY)
    subject = stamped.authority_certificate.subject.rfc4514_string()
    assert "KHÔNG độc lập" in subject
    assert "NOT independent" in subject


def test_the_certificate_is_for_time_stamps_alone(authority: EmbeddedAuthority) -> None:
    """Its extended key usage is critical and has one member (RFC 3161 §2.3)."""
    extension = authority.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert (extension.critical, list(extension.value)) == (True, [ExtendedKeyUsageOID.TIME_STAMPING])


def test_every_token_has_its_own_number(authority: EmbeddedAuthority) -> None:
    """Two tokens over the same bytes at the same time differ in their serial numbers."""
    query = timestamp.request(DIGEST, nonce=7)
    tokens = [timestamp.read_response(authority.issue(query), digest=DIGEST, nonce=7) for _ in range(2)]
    assert len({timestamp.verify(token, DATA, [authority.certificate]).serial for token in tokens}) == 2


@authorities.needs_openssl
@pytest.mark.parametrize("algorithm", ["rsa-2048", "ecdsa-p256", "ecdsa-p384"])
def test_openssl_verifies_its_tokens(tmp_path: Path, algorithm: Algorithm) -> None:
    """A verifier not written by us accepts the token, and refuses it for other bytes."""
    key = create_authority(tmp_path, "tsa", clock=system_clock, algorithm=algorithm)
    answer = EmbeddedAuthority(key, clock=system_clock).issue(timestamp.request(DIGEST, nonce=2**63 + 5))
    token = timestamp.read_response(answer, digest=DIGEST, nonce=2**63 + 5)
    assert authorities.openssl_verifies(token, DATA, key.certificate, tmp_path / "check")
    assert not authorities.openssl_verifies(token, DATA + b" ", key.certificate, tmp_path / "check")


def test_the_certificate_comes_along_only_if_it_is_asked_for(authority: EmbeddedAuthority) -> None:
    """Without certReq the token holds no certificate, and verifies by the anchor alone (RFC 3161 §2.4.1)."""
    answer = authority.issue(changed(cert_req=False))
    token = timestamp.read_response(answer, digest=DIGEST, nonce=7)
    assert token.count(b"KH\xc3\x94NG") == 1  # the issuer's name in the signer's identifier, and nothing else
    assert timestamp.verify(token, DATA, [authority.certificate]).chain == (authority.certificate,)


@pytest.mark.parametrize(
    ("request_", "failure"),
    [
        (b"no request", "bad_data_format"),
        (timestamp.request(DIGEST, nonce=7)[:-1], "bad_data_format"),
        (timestamp.request(DIGEST, nonce=7) + b"\x00", "bad_data_format"),
        (b"\x30\x82\x20\x00" + b"\x05\x00" * 4096, "bad_data_format"),
        (changed(version="v2"), "bad_request"),
        (
            changed(message_imprint={"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": b"x" * 20}),
            "bad_alg",
        ),
        (
            changed(message_imprint={"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": b"x"}),
            "bad_data_format",
        ),
        (changed(req_policy="1.2.3"), "unaccepted_policy"),
        (
            changed(extensions=[{"extn_id": "1.2.3", "critical": False, "extn_value": b"x"}]),
            "unaccepted_extensions",
        ),
    ],
)
def test_what_it_cannot_stamp_is_refused_with_the_reason(
    authority: EmbeddedAuthority, request_: bytes, failure: str
) -> None:
    """A refusal is an answer too, and holds no token (RFC 3161 §2.4.2)."""
    with pytest.raises(TimestampRefused, match=failure):
        timestamp.read_response(authority.issue(request_), digest=DIGEST, nonce=7)


def test_a_key_is_made_once(folder: Path) -> None:
    """The key of an authority is never overwritten."""
    with pytest.raises(KeyProblem, match="exists already"):
        create_authority(folder, "inside", clock=lambda: AT)


def test_a_message_key_stamps_nothing_that_is_believed() -> None:
    """A token signed with a key that is not made for time-stamps is refused by whoever verifies it."""
    authority = EmbeddedAuthority(pki.signer("hub-ec"), clock=lambda: pki.NOW)
    token = timestamp.read_response(
        authority.issue(timestamp.request(DIGEST, nonce=7)), digest=DIGEST, nonce=7
    )
    with pytest.raises(Exception, match="time-stamps alone"):
        timestamp.verify(token, DATA, [pki.certificate("hub-ec")])
