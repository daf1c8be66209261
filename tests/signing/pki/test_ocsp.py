from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp as structures
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from cryptography.x509.oid import ObjectIdentifier

from signing.errors import RevocationUnknown
from signing.pki import ocsp
from signing.pki.answers import Answer
from tests.chains import Party, issue, said
from tests.pki import NOW

CA = issue("ca", authority=True)
LEAF = issue("leaf", CA)
OTHER = issue("other", CA)
RESPONDER = issue("responder", CA, uses=[Eku.OCSP_SIGNING])


def ask(data: bytes, *, about: Party = LEAF, issuer: Party = CA, nonce: bytes | None = None) -> Answer:
    """What an answer says."""
    return ocsp.answer(ocsp.read(data), about.certificate, issuer.certificate, nonce=nonce)


def answered(signer: Party = CA, about: Party = LEAF, **how: object) -> bytes:
    """An answer about a certificate."""
    return said(signer, about.certificate, CA.certificate, **how)  # type: ignore[arg-type]


def test_an_answer_of_the_issuer() -> None:
    """Good until its end; an answer without one holds for an hour."""
    good = ask(answered())
    assert (good.since, good.complete) == (None, True)
    assert (good.this_update, good.next_update) == (NOW - timedelta(hours=1), NOW + timedelta(hours=23))
    assert ask(answered(hours=None)).next_update == NOW


def test_a_revoked_certificate() -> None:
    """Since when and why."""
    gone = ask(answered(revoked=-3, reason=x509.ReasonFlags.key_compromise))
    assert (gone.since, gone.why) == (NOW - timedelta(days=3), "keyCompromise")
    assert ask(answered(revoked=-3)).why is None


def test_who_may_answer() -> None:
    """The issuer, or a responder with a certificate of that very issuer for it; and nobody else."""
    assert ask(answered(RESPONDER, carried=[RESPONDER.certificate])).complete
    assert ask(answered(RESPONDER, carried=[RESPONDER.certificate], by_key=True)).complete
    assert ask(answered(by_key=True)).complete
    middle = issue("middle", CA, authority=True)
    wrong = [
        issue("plain", CA),
        issue("any", CA, uses=[Eku.ANY_EXTENDED_KEY_USAGE]),
        issue("foreign", issue("other ca", authority=True), uses=[Eku.OCSP_SIGNING]),
        issue("below", middle, uses=[Eku.OCSP_SIGNING]),
        issue("expired", CA, uses=[Eku.OCSP_SIGNING], ends=-1),
    ]
    for signer in wrong:
        data = answered(signer, carried=[signer.certificate, middle.certificate])
        with pytest.raises(RevocationUnknown, match="not signed by CN=ca or somebody it entitled"):
            ask(data)
    with pytest.raises(RevocationUnknown, match="not signed"):
        ask(answered(RESPONDER))  # its certificate is not there


def test_a_signer_that_only_claims_the_name() -> None:
    """The signature counts, not the name of the responder."""
    impostor = issue("ca", authority=True, key_name="impostor")
    with pytest.raises(RevocationUnknown, match="not signed"):
        ask(answered(impostor, carried=[impostor.certificate]))


def test_a_changed_answer_is_refused() -> None:
    """Moving the day of the revocation."""
    data = bytearray(answered(revoked=-3))
    at = data.index(b"202608")
    data[at + 7] ^= 1
    with pytest.raises(RevocationUnknown):
        ask(bytes(data))


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256(), hashes.SHA384()])
def test_the_answer_must_be_about_the_certificate(algorithm: hashes.HashAlgorithm) -> None:
    """By number, name and key of the issuer, in whatever hash the responder prefers."""
    assert ask(answered(id_hash=algorithm)).complete
    with pytest.raises(RevocationUnknown, match="about another certificate"):
        ask(answered(about=OTHER, id_hash=algorithm))
    twin = issue("ca", authority=True, key_name="twin")
    same_number = issue("leaf", twin, serial=LEAF.certificate.serial_number)
    data = said(CA, same_number.certificate, twin.certificate, id_hash=algorithm)
    with pytest.raises(RevocationUnknown, match="about another certificate"):
        ask(data)


def test_the_nonce() -> None:
    """The one that was sent, or none because the responder signs ahead of time; never another one."""
    nonce = bytes(range(32))
    assert ask(answered(nonce=nonce), nonce=nonce).complete
    assert ask(answered(), nonce=nonce).complete
    with pytest.raises(RevocationUnknown, match="another question"):
        ask(answered(nonce=bytes(32)), nonce=nonce)


def test_a_responder_that_does_not_know() -> None:
    """Unknown is not good."""
    with pytest.raises(RevocationUnknown, match="does not know the certificate"):
        ask(answered(status=structures.OCSPCertStatus.UNKNOWN))


def test_errors_of_a_responder() -> None:
    """They are not signed and say nothing about the certificate."""
    status = structures.OCSPResponseStatus.TRY_LATER
    data = structures.OCSPResponseBuilder.build_unsuccessful(status)
    with pytest.raises(RevocationUnknown, match="answered: try_later"):
        ocsp.read(data.public_bytes(serialization.Encoding.DER))


def test_unknown_critical_extensions() -> None:
    """Critical means: who does not understand it must not go on."""
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert ask(answered(extra=[(unknown, False)])).complete
    with pytest.raises(RevocationUnknown, match=r"1\.2\.3\.4"):
        ask(answered(extra=[(unknown, True)]))


@pytest.mark.parametrize("data", [b"", b"no", b"\x30\x03\x0a\x01\x00", b"\x30" * (ocsp.MAX_BYTES + 1)])
def test_what_is_no_answer(data: bytes) -> None:
    """Whatever a server sends instead."""
    with pytest.raises(RevocationUnknown):
        ocsp.read(data)


def test_a_question_is_about_one_certificate() -> None:
    """It carries the nonce, and the number of the certificate."""
    asked = structures.load_der_ocsp_request(ocsp.request(LEAF.certificate, CA.certificate, b"n" * 16))
    assert asked.serial_number == LEAF.certificate.serial_number
    assert asked.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 16


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_every_byte_counts() -> None:
    """Whatever byte is changed, an answer that takes a certificate back never clears it, and nothing else is raised."""
    data = answered(RESPONDER, carried=[RESPONDER.certificate], revoked=-3)
    told = ask(data)
    for position in range(len(data)):
        for bits in (0x01, 0x80):
            changed = bytearray(data)
            changed[position] ^= bits
            with contextlib.suppress(RevocationUnknown):
                assert ask(bytes(changed)) == told
