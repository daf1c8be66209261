from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from signing.errors import Untrusted
from signing.trust import DEFAULT_POLICIES, Issued, NotRevoked, StrongKey, Trust
from tests import pki

ANCHORED = Trust({"cutru": [pki.certificate("ca")], "old": [pki.certificate("old-ca")]})


def test_a_pinned_certificate_speaks_for_its_partner() -> None:
    """The exact certificate is recognised."""
    assert pki.trust("hub", "hub-ec").check(pki.certificate("hub-ec"), pki.NOW) == "hub-ec"


def test_an_issued_certificate_speaks_for_the_partner_of_its_authority() -> None:
    """Whatever the partner's own authority issues is accepted."""
    assert ANCHORED.check(pki.certificate("cutru"), pki.NOW) == "cutru"


def test_a_shared_authority_is_told_apart_by_subject() -> None:
    """Two partners with certificates of one authority do not speak for each other."""
    ca = pki.certificate("ca")
    trust = Trust({name: [Issued(ca, pki.subject(name).rfc4514_string())] for name in ("cutru", "bhxh")})
    assert trust.check(pki.certificate("bhxh"), pki.NOW) == "bhxh"
    assert trust.partners == {"cutru", "bhxh"}
    with pytest.raises(Untrusted):
        trust.check(pki.certificate("yte"), pki.NOW)


@pytest.mark.parametrize("name", ["stranger", "hub", "other-ca"])
def test_an_unknown_certificate_is_refused(name: str) -> None:
    """Issued by somebody else, self-signed, or another authority itself."""
    with pytest.raises(Untrusted, match="not known"):
        ANCHORED.check(pki.certificate(name), pki.NOW)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("expired", "expired on 2026-08-31"),
        ("not-yet", "valid only from 2026-09-02"),
        ("wrong-usage", "key usage"),
        ("weak", "RSA of 2048"),
    ],
)
def test_a_pinned_certificate_must_still_be_good(name: str, why: str) -> None:
    """Pinning says who, not that anything goes."""
    with pytest.raises(Untrusted, match=why):
        pki.trust(name).check(pki.certificate(name), pki.NOW)


def test_an_authority_does_not_sign_messages() -> None:
    """Its key would speak for everyone it issues to."""
    with pytest.raises(Untrusted):
        ANCHORED.check(pki.certificate("ca"), pki.NOW)


def test_the_time_of_the_message_counts() -> None:
    """An expired certificate is good for what was signed while it was valid."""
    before = pki.NOW - timedelta(days=10)
    assert pki.trust("expired").check(pki.certificate("expired"), before) == "expired"


def test_an_expired_authority_vouches_for_nobody() -> None:
    """The authority must be valid at the time of the message as well."""
    with pytest.raises(Untrusted):
        ANCHORED.check(pki.certificate("late-issue"), pki.NOW)


def test_an_authority_with_the_same_name_and_another_key_is_refused() -> None:
    """Names can be chosen by anyone; the issuer's signature is what counts."""
    certificate = pki.certificate("cutru")
    forged = (
        x509.CertificateBuilder(
            issuer_name=certificate.issuer,
            subject_name=certificate.subject,
            public_key=certificate.public_key(),
        )
        .serial_number(1)
        .not_valid_before(certificate.not_valid_before_utc)
        .not_valid_after(certificate.not_valid_after_utc)
        .sign(pki.key("other-ca"), hashes.SHA256())
    )
    with pytest.raises(Untrusted):
        ANCHORED.check(forged, pki.NOW)


def test_a_certificate_cannot_be_listed_for_two_partners() -> None:
    """Its messages would have two senders."""
    certificate = pki.certificate("hub")
    with pytest.raises(ValueError, match="listed for a and for b"):
        Trust({"a": [certificate], "b": [certificate]})


def test_a_revoked_certificate_is_refused_from_that_day_on() -> None:
    """What was signed before the revocation stays good; other serial numbers are not touched."""
    revoked_on = pki.NOW - timedelta(days=1)
    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(pki.certificate("cutru").serial_number)
        .revocation_date(revoked_on)
        .build()
    )
    revocations = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(pki.subject("ca"))
        .last_update(pki.NOW)
        .next_update(pki.NOW + timedelta(days=7))
        .add_revoked_certificate(entry)
        .sign(pki.key("ca"), hashes.SHA256())
    )
    trust = Trust({"ca": [pki.certificate("ca")]}, policies=[*DEFAULT_POLICIES, NotRevoked((revocations,))])
    trust.check(pki.certificate("cutru"), revoked_on - timedelta(hours=1))
    trust.check(pki.certificate("bhxh"), pki.NOW)
    with pytest.raises(Untrusted, match="revoked"):
        trust.check(pki.certificate("cutru"), pki.NOW)


def test_policies_can_be_stricter() -> None:
    """A partner's rules are composed from the same small objects."""
    trust = Trust({"hub": [pki.certificate("hub")]}, policies=[StrongKey(rsa=3072)])
    with pytest.raises(Untrusted, match="3072"):
        trust.check(pki.certificate("hub"), pki.NOW)
