from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from signing.errors import Revoked, Untrusted
from signing.pki.path import name_of
from signing.pki.revocation import Evidence
from signing.trust import Accepted, Trust
from tests import pki
from tests.chains import Taken, issue, points, revocation_list

CA = issue("ca", authority=True)
LEAF = issue("leaf", CA)
PINNED = issue("pinned")
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
    trust = Trust(
        {name: [Accepted(ca, subject=pki.subject(name).rfc4514_string())] for name in ("cutru", "bhxh")}
    )
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
    evidence = Evidence.read([revocation_list(CA, Taken(LEAF.certificate, at=-1))], [])
    trust = Trust({"ca": [CA.certificate]}, revocation=evidence)
    trust.check(LEAF.certificate, pki.NOW - timedelta(days=1, hours=1))
    trust.check(issue("other", CA).certificate, pki.NOW)
    with pytest.raises(Revoked, match="revoked"):
        trust.check(LEAF.certificate, pki.NOW)


def test_intermediates_lead_to_the_authority() -> None:
    """They are believed for nothing themselves."""
    middle = issue("middle", CA, authority=True)
    leaf = issue("below", middle).certificate
    assert Trust({"ca": [CA.certificate]}, intermediates=[middle.certificate]).check(leaf, pki.NOW) == "ca"
    for trust in (Trust({"ca": [CA.certificate]}), Trust({}, intermediates=[middle.certificate])):
        with pytest.raises(Untrusted, match="not known"):
            trust.check(leaf, pki.NOW)


def test_the_nearest_authority_says_for_whom() -> None:
    """One partner has the root, another an authority under it."""
    middle = issue("middle", CA, authority=True)
    trust = Trust({"root": [CA.certificate], "middle": [middle.certificate]})
    assert trust.check(issue("below", middle).certificate, pki.NOW) == "middle"
    assert trust.check(LEAF.certificate, pki.NOW) == "root"


def test_a_subject_goes_before_the_authority_for_itself() -> None:
    """Of an authority that one partner owns, certain certificates may belong to another one."""
    trust = Trust({"one": [CA.certificate], "two": [Accepted(CA.certificate, subject="CN=leaf")]})
    assert trust.check(LEAF.certificate, pki.NOW) == "two"
    assert trust.check(issue("other", CA).certificate, pki.NOW) == "one"


def test_a_certificate_may_be_believed_for_a_while() -> None:
    """Both limits belong to the time; what is remembered does not outlive it."""
    week = timedelta(days=7)
    for certificate, anchor in ((PINNED.certificate, PINNED.certificate), (LEAF.certificate, CA.certificate)):
        trust = Trust({"a": [Accepted(anchor, start=pki.NOW - week, until=pki.NOW + week)]})
        for days in (-7, 0, 7, 0):
            assert trust.check(certificate, pki.NOW + timedelta(days=days)) == "a"
        for days in (-8, 8):
            with pytest.raises(Untrusted, match=r"not believed at that time|not known"):
                trust.check(certificate, pki.NOW + timedelta(days=days))


def test_what_is_believed_can_be_renewed() -> None:
    """A partner's new certificate is believed from the next message on, the old one no more."""
    trust = Trust({"a": [PINNED.certificate]})
    trust.check(PINNED.certificate, pki.NOW)
    trust.renew({"b": [CA.certificate]})
    assert (trust.check(LEAF.certificate, pki.NOW), trust.partners) == ("b", {"b"})
    with pytest.raises(Untrusted):
        trust.check(PINNED.certificate, pki.NOW)
    with pytest.raises(ValueError, match="listed for"):
        trust.renew({"a": [PINNED.certificate], "b": [PINNED.certificate]})
    assert trust.partners == {"b"}


class Counting:
    """Revocation that counts how often it is asked, and may turn against everybody."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.against = False

    def check(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> None:
        """Raise if it turned."""
        self.asked.append(name_of(certificate))
        if self.against:
            raise Revoked("taken back", since=at, why=None)


def test_revocation_is_asked_for_every_message() -> None:
    """The path is remembered; that it may be revoked is not forgotten."""
    revocation = Counting()
    trust = Trust({"ca": [CA.certificate]}, revocation=revocation)
    trust.check(LEAF.certificate, pki.NOW)
    trust.check(LEAF.certificate, pki.NOW)
    assert revocation.asked == ["CN=leaf", "CN=leaf"]
    revocation.against = True
    with pytest.raises(Revoked):
        trust.check(LEAF.certificate, pki.NOW)


def test_a_pinned_certificate_is_asked_about_if_its_issuer_is_known() -> None:
    """Without the issuer nobody's answer could be verified: then the pin counts until it is removed."""
    revocation = Counting()
    named = issue("named", CA, extra=[points("http://crl.example/1.crl")]).certificate
    Trust({"a": [named]}, revocation=revocation).check(named, pki.NOW)
    assert revocation.asked == []
    trust = Trust({"a": [named]}, intermediates=[CA.certificate], revocation=revocation)
    trust.check(named, pki.NOW)
    trust.check(named, pki.NOW)
    assert revocation.asked == ["CN=named", "CN=named"]
    assert trust.links() == [(named, CA.certificate)]
    Trust({"a": [LEAF.certificate]}, intermediates=[CA.certificate], revocation=revocation).check(
        LEAF.certificate, pki.NOW
    )
    assert len(revocation.asked) == 2
