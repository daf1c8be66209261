from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku

from signing.errors import RevocationUnknown, Revoked
from signing.pki import path
from signing.pki.revocation import Evidence, Sources, sources
from tests.chains import Party, Taken, issue, points, responder, revocation_list, said
from tests.pki import NOW

ROOT = issue("root", authority=True)
CA = issue("ca", ROOT, authority=True, extra=[points("http://crl.example/root.crl")])
LEAF = issue("leaf", CA, extra=[points("http://crl.example/ca.crl"), responder("http://ocsp.example/")])
SILENT = issue("silent", CA)
GOOD = said(CA, LEAF.certificate, CA.certificate)


def check(evidence: Evidence, about: Party = LEAF) -> None:
    """Judge a certificate now."""
    evidence.check(about.certificate, CA.certificate, NOW)


def test_where_to_ask() -> None:
    """Web addresses only: directories and files are not asked."""
    assert sources(LEAF.certificate) == Sources(("http://crl.example/ca.crl",), ("http://ocsp.example/",))
    assert not sources(SILENT.certificate)
    strange = issue("strange", CA, extra=[points("ldap://x/", "file:///etc/passwd", "https://y/z.crl")])
    assert sources(strange.certificate).lists == ("https://y/z.crl",)


def test_either_kind_of_answer_does() -> None:
    """A list or a responder."""
    check(Evidence.read([], [GOOD]))
    check(Evidence.read([revocation_list(CA)], []))


def test_a_certificate_that_names_nobody_passes_unless_it_must_be_known() -> None:
    """As the setting says."""
    check(Evidence(), SILENT)
    with pytest.raises(RevocationUnknown, match="there is no answer"):
        check(Evidence(required=True), SILENT)
    with pytest.raises(Revoked):
        check(Evidence.read([revocation_list(CA, Taken(SILENT.certificate))], []), SILENT)


def test_a_certificate_that_names_somebody_must_be_known() -> None:
    """The reason says why what there is does not do."""
    with pytest.raises(RevocationUnknown, match="there is no answer"):
        check(Evidence())
    elsewhere = issue("elsewhere", authority=True)
    with pytest.raises(RevocationUnknown, match="not signed by CN=ca"):
        check(Evidence.read([revocation_list(elsewhere, issuer=CA.name)], []))


def test_revoked_in_either() -> None:
    """The worse answer counts."""
    gone = revocation_list(CA, Taken(LEAF.certificate))
    with pytest.raises(Revoked):
        check(Evidence.read([gone], [GOOD]))
    with pytest.raises(Revoked):
        check(Evidence.read([revocation_list(CA)], [said(CA, LEAF.certificate, CA.certificate, revoked=-1)]))


def test_an_unauthentic_answer_condemns_nobody() -> None:
    """Otherwise anybody could take certificates back."""
    stranger = issue("stranger", authority=True)
    check(Evidence.read([revocation_list(stranger, Taken(LEAF.certificate), issuer=CA.name)], [GOOD]))


def test_a_responder_that_was_revoked_itself() -> None:
    """Its answers do not count, unless its certificate says that it need not be looked up."""
    for excused in (False, True):
        extra = [(x509.OCSPNoCheck(), False)] if excused else []
        signer = issue("responder", CA, uses=[Eku.OCSP_SIGNING], extra=extra)
        answer = said(signer, LEAF.certificate, CA.certificate, carried=[signer.certificate])
        stale = revocation_list(CA, Taken(signer.certificate), at=NOW.replace(month=7), hours=1)
        if excused:
            check(Evidence.read([stale], [answer]))
            continue
        with pytest.raises(RevocationUnknown, match="of the responder itself was revoked"):
            check(Evidence.read([stale], [answer]))


def test_a_whole_path() -> None:
    """Every certificate but the anchor is judged by answers of its own issuer."""

    def validate(evidence: Evidence) -> path.Path:
        return path.validate(
            LEAF.certificate,
            [CA.certificate],
            [ROOT.certificate],
            NOW,
            purpose="signing",
            revocation=evidence,
        )

    lists = [revocation_list(CA), revocation_list(ROOT)]
    assert len(validate(Evidence.read(lists, []))) == 3
    with pytest.raises(RevocationUnknown, match="CN=ca"):
        validate(Evidence.read(lists[:1], []))
    with pytest.raises(Revoked, match="CN=ca"):
        validate(Evidence.read([lists[0], revocation_list(ROOT, Taken(CA.certificate))], []))


def test_signers_may_be_carried_along() -> None:
    """A list that a second key of the issuer signed needs the certificate of that key."""
    second = issue("ca", CA, usage=("crl_sign",), key_name="second")
    data = revocation_list(second)
    check(Evidence.read([data], [], [second.certificate]))
    with pytest.raises(RevocationUnknown):
        check(Evidence.read([data], []))
