"""What is known of revocation, in memory."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from broker.config.evidence import Revocation
from broker.keys.revocations import Held, Revocations, named, responder_source
from signing.errors import RevocationUnknown, Revoked
from signing.pki import crl, ocsp
from tests.chains import Party, Taken, issue, points, responder, revocation_list, said
from tests.clock import ManualClock
from tests.pki import NOW

LIST, ANSWERS = "http://crl.example/ca.crl", "http://ocsp.example/"
CA = issue("ca", authority=True)
LEAF = issue("leaf", CA, extra=[points(LIST), responder(ANSWERS)])
SILENT = issue("silent", CA)


def known(**settings: object) -> Revocations:
    """A memory without anything in it."""
    return Revocations(Revocation.model_validate(settings), ManualClock(NOW))


def held(raw: bytes) -> Held:
    """A list as it is held."""
    return Held(NOW, NOW + timedelta(hours=23), raw, crl.read(raw))


def check(revocations: Revocations, about: Party = LEAF, hours: float = 0) -> None:
    """Judge a certificate."""
    revocations.check(about.certificate, CA.certificate, NOW + timedelta(hours=hours))


def test_unknown_is_refused_or_accepted_as_the_setting_says() -> None:
    """Before the first answer came, nothing is known; the reason says what is missing."""
    with pytest.raises(RevocationUnknown, match=r"no answer of http://ocsp\.example/ yet"):
        check(known())
    check(known(unknown="accept"))
    check(known(check="off"))


def test_a_certificate_that_names_nobody() -> None:
    """Nobody is asked, unless somebody must be: then accepting the unknown does not help it."""
    check(known(), SILENT)
    for unknown in ("accept", "refuse"):
        with pytest.raises(RevocationUnknown, match="does not say where to ask"):
            check(known(check="required", unknown=unknown), SILENT)


def test_an_answer_counts_from_the_moment_that_it_is_held() -> None:
    """What was judged before is judged again."""
    revocations = known()
    with pytest.raises(RevocationUnknown):
        check(revocations)
    revocations.take({LIST: held(revocation_list(CA))}, ())
    check(revocations)
    revocations.take({LIST: held(revocation_list(CA, Taken(LEAF.certificate)))}, ())
    with pytest.raises(Revoked):
        check(revocations)


def test_a_revoked_certificate_is_never_merely_unknown() -> None:
    """Accepting the unknown does not accept the revoked."""
    revocations = known(unknown="accept")
    revocations.take({LIST: held(revocation_list(CA, Taken(LEAF.certificate)))}, ())
    with pytest.raises(Revoked):
        check(revocations, hours=1000)


def test_grace() -> None:
    """An answer that has ended serves as long as the setting says, and then the certificate is unknown."""
    revocations = known(grace="2h")
    revocations.take({LIST: held(revocation_list(CA))}, ())
    check(revocations, hours=25)
    with pytest.raises(RevocationUnknown, match="too old"):
        check(revocations, hours=25.1)


def test_what_messages_bring_is_remembered_to_be_asked_about() -> None:
    """Certificates that name somebody to ask."""
    revocations = known(unknown="accept")
    check(revocations)
    check(revocations, SILENT)
    assert revocations.seen() == [(LEAF.certificate, CA.certificate)]


def test_material_for_long_lasting_evidence() -> None:
    """Each list and answer once, as it came; what is not there yet is asked for."""
    revocations = known()
    chain = [LEAF.certificate, CA.certificate]
    assert revocations.material(chain) == ([], [])
    assert revocations.seen() == [(LEAF.certificate, CA.certificate)]
    the_list, answer = revocation_list(CA), said(CA, LEAF.certificate, CA.certificate)
    source = responder_source(ANSWERS, LEAF.certificate)
    assert named(LEAF.certificate) == [source, LIST]
    revocations.take({LIST: held(the_list), source: Held(NOW, NOW, answer, ocsp.read(answer))}, ())
    assert revocations.material([*chain, *chain]) == ([the_list], [answer])


def test_a_forged_answer_in_the_database_says_nothing() -> None:
    """What is held is verified again when a certificate is judged by it."""
    stranger = issue("stranger", authority=True)
    revocations = known()
    revocations.take({LIST: held(revocation_list(stranger, issuer=x509.Name(CA.name)))}, ())
    with pytest.raises(RevocationUnknown, match="not signed by CN=ca"):
        check(revocations)
