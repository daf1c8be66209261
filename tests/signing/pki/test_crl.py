from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ObjectIdentifier

from signing.errors import RevocationUnknown
from signing.pki import crl
from signing.pki.answers import Answer
from tests.chains import Party, Taken, issue, points, revocation_list, scope
from tests.pki import NOW

URL = "http://crl.example/1.crl"
CA = issue("ca", authority=True)
LEAF = issue("leaf", CA, extra=[points(URL)])
PLAIN = issue("plain", CA)
ENTITLED = issue("ca", CA, usage=("crl_sign",), key_name="list key")


def ask(data: bytes, about: Party = LEAF, *signers: Party, issuer: Party = CA) -> Answer:
    """What a list says."""
    return crl.answer(
        crl.read(data), about.certificate, issuer.certificate, [each.certificate for each in signers]
    )


def test_a_list_of_the_issuer() -> None:
    """Who is not on it is good until the next one; who is, since that day."""
    good = ask(revocation_list(CA, Taken(PLAIN.certificate)))
    assert (good.since, good.complete) == (None, True)
    assert (good.this_update, good.next_update) == (NOW - timedelta(hours=1), NOW + timedelta(hours=23))
    gone = ask(revocation_list(CA, Taken(LEAF.certificate, -2, x509.ReasonFlags.superseded)))
    assert (gone.since, gone.why) == (NOW - timedelta(days=2), "superseded")


def test_a_compromise_counts_from_when_it_is_known() -> None:
    """The date of invalidity, if the key was in other hands before the revocation."""
    gone = ask(revocation_list(CA, Taken(LEAF.certificate, -2, x509.ReasonFlags.key_compromise, -9)))
    assert gone.since == NOW - timedelta(days=9)


def test_pem_is_read_too() -> None:
    """Some authorities publish lists as text."""
    data = x509.load_der_x509_crl(revocation_list(CA)).public_bytes(serialization.Encoding.PEM)
    assert ask(data).since is None


def test_who_may_sign() -> None:
    """The issuer, or a key with a certificate of the issuer itself that says so; and nobody else."""
    assert ask(revocation_list(ENTITLED), LEAF, ENTITLED).complete
    other = issue("ca", authority=True, key_name="another ca")
    wrong = issue("ca", CA, key_name="no list key")
    below = issue("ca", ENTITLED, usage=("crl_sign",), key_name="below")
    expired = issue("ca", CA, usage=("crl_sign",), key_name="list key", starts=-9, ends=-2)
    for signer, given in [(ENTITLED, ()), (other, (other,)), (wrong, (wrong,)), (below, (below, ENTITLED))]:
        with pytest.raises(RevocationUnknown, match="not signed by CN=ca or somebody it entitled"):
            ask(revocation_list(signer), LEAF, *given)
    with pytest.raises(RevocationUnknown, match="not signed"):
        ask(revocation_list(expired), LEAF, expired)


def test_an_issuer_without_the_right_to_sign_lists() -> None:
    """Key usage holds for lists as well."""
    ca = issue("half", authority=True, usage=("key_cert_sign",))
    with pytest.raises(RevocationUnknown, match="not signed"):
        ask(revocation_list(ca), issue("l", ca), issuer=ca)


def test_a_changed_list_is_refused() -> None:
    """A byte of the signed part."""
    data = bytearray(revocation_list(CA, Taken(LEAF.certificate)))
    at = data.index(LEAF.certificate.serial_number.to_bytes(20, "big").lstrip(b"\0"))
    data[at + 3] ^= 1
    with pytest.raises(RevocationUnknown, match="not signed"):
        ask(bytes(data))


@pytest.mark.parametrize(
    ("covers", "about", "why"),
    [
        ({"only_contains_ca_certs": True}, LEAF, "another kind"),
        ({"only_contains_user_certs": True}, LEAF, None),
        ({"only_contains_attribute_certs": True}, LEAF, "another kind"),
        ({"full_name": URL}, LEAF, None),
        ({"full_name": "http://crl.example/2.crl"}, LEAF, "for other certificates"),
        ({"full_name": URL}, PLAIN, "for other certificates"),
    ],
)
def test_a_list_covers_what_it_says(covers: dict[str, object], about: Party, why: str | None) -> None:
    """A list of another part of the issuer's certificates does not clear this one."""
    data = revocation_list(CA, extra=[scope(**covers)])
    if why is None:
        assert ask(data, about).complete
        return
    with pytest.raises(RevocationUnknown, match=why):
        ask(data, about)


def test_a_list_of_some_reasons_cannot_clear() -> None:
    """It says nothing of the others."""
    some = frozenset({x509.ReasonFlags.key_compromise})
    assert not ask(revocation_list(CA, extra=[scope(only_some_reasons=some)])).complete
    partly = issue("partly", CA, extra=[points(URL, reasons=some)])
    assert not ask(revocation_list(CA, extra=[scope(full_name=URL)]), partly).complete
    assert ask(revocation_list(CA), partly).complete


def test_indirect_lists() -> None:
    """Entries belong to the issuer named last; the certificate must name who signs such a list."""
    lists = issue("lists", CA, usage=("crl_sign",))
    at_lists = [x509.DirectoryName(lists.name)]
    leaf = issue("indirect", CA, extra=[points(URL, crl_issuer=at_lists)], serial=77)
    stranger = issue("stranger", issue("other ca", authority=True), serial=77)
    covers = scope(full_name=URL, indirect_crl=True)
    theirs = Taken(stranger.certificate, issuer=issue("other ca", authority=True).name)
    ours = Taken(leaf.certificate, issuer=CA.name)
    assert ask(revocation_list(lists, theirs, extra=[covers]), leaf, lists).since is None
    assert ask(revocation_list(lists, theirs, ours, extra=[covers]), leaf, lists).since is not None
    following = Taken(PLAIN.certificate)
    data = revocation_list(lists, Taken(LEAF.certificate, issuer=CA.name), following, extra=[covers])
    plain = issue("p", CA, extra=[points(URL, crl_issuer=at_lists)], serial=PLAIN.certificate.serial_number)
    assert ask(data, plain, lists).since is not None
    with pytest.raises(RevocationUnknown, match="for other certificates"):
        ask(data, LEAF, lists)
    with pytest.raises(RevocationUnknown, match="for other certificates"):
        ask(revocation_list(lists, ours), leaf, lists)


def test_what_is_not_understood() -> None:
    """Changes only, unknown critical extensions."""
    with pytest.raises(RevocationUnknown, match="delta"):
        ask(revocation_list(CA, extra=[(x509.DeltaCRLIndicator(3), True)]))
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert ask(revocation_list(CA, extra=[(unknown, False)])).complete
    with pytest.raises(RevocationUnknown, match=r"1\.2\.3\.4"):
        ask(revocation_list(CA, extra=[(unknown, True)]))


@pytest.mark.parametrize(
    "data", [b"", b"garbage", b"-----BEGIN X509 CRL-----\nAA==\n-----END X509 CRL-----\n"]
)
def test_what_is_no_list(data: bytes) -> None:
    """Whatever a server sends instead."""
    with pytest.raises(RevocationUnknown, match="cannot be read"):
        crl.read(data)


def test_a_list_is_bounded() -> None:
    """Nobody has to be sent what fills the memory."""
    with pytest.raises(RevocationUnknown, match="larger than"):
        crl.read(b"\x30" * (crl.MAX_BYTES + 1))


def test_every_byte_counts() -> None:
    """Whatever byte is changed, a list that takes a certificate back never clears it, and nothing else is raised."""
    data = revocation_list(CA, Taken(LEAF.certificate, -1, x509.ReasonFlags.key_compromise, -3))
    told = ask(data)
    for position in range(len(data)):
        for bits in (0x01, 0x80):
            changed = bytearray(data)
            changed[position] ^= bits
            with contextlib.suppress(RevocationUnknown):
                assert ask(bytes(changed)) == told
