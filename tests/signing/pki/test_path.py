from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from cryptography.x509.oid import ObjectIdentifier

from signing.errors import Revoked, Untrusted
from signing.pki import path
from tests import chains
from tests.chains import Party, issue
from tests.pki import NOW

ROOT = issue("root", authority=True)
MIDDLE = issue("middle", ROOT, authority=True)
LEAF = issue("leaf", MIDDLE)


def validate(
    leaf: Party,
    *intermediates: Party,
    anchors: Sequence[Party] = (ROOT,),
    purpose: path.Purpose = "signing",
    days: int = 0,
) -> list[str]:
    """Common names of the path that is found."""
    found = path.validate(
        leaf.certificate,
        [each.certificate for each in intermediates],
        [each.certificate for each in anchors],
        NOW + timedelta(days=days),
        purpose=purpose,
        revocation=None,
    )
    return [certificate.subject.rfc4514_string().removeprefix("CN=") for certificate in found]


def test_a_path_runs_from_the_certificate_to_the_anchor() -> None:
    """Helpers need no order, and those that do not belong are passed over."""
    other = issue("elsewhere", authority=True)
    assert validate(LEAF, other, MIDDLE, ROOT) == ["leaf", "middle", "root"]


def test_an_anchor_in_the_middle_ends_the_path() -> None:
    """Who trusts an issuing authority need not know who issued that."""
    assert validate(LEAF, anchors=[MIDDLE]) == ["leaf", "middle"]


def test_a_certificate_that_is_an_anchor_vouches_for_itself() -> None:
    """A pinned certificate is a path of one, whoever issued it."""
    assert validate(LEAF, anchors=[LEAF]) == ["leaf"]


def test_no_path_without_the_intermediate() -> None:
    """Nothing is fetched: what is not given does not exist."""
    with pytest.raises(Untrusted, match="CN=leaf is not known, and no known authority vouches for it"):
        validate(LEAF)


def test_a_name_is_not_enough() -> None:
    """An authority of the same name with another key issued nothing here."""
    impostor = issue("middle", ROOT, authority=True, key_name="impostor")
    with pytest.raises(Untrusted, match="no known authority"):
        validate(LEAF, impostor)
    assert validate(LEAF, impostor, MIDDLE) == ["leaf", "middle", "root"]


def test_another_path_is_tried_when_the_first_does_not_hold() -> None:
    """An authority that was renewed is found beside its expired certificate."""
    expired = issue("middle", ROOT, authority=True, ends=-1)
    assert validate(LEAF, expired, MIDDLE) == ["leaf", "middle", "root"]
    with pytest.raises(Untrusted, match="CN=middle expired"):
        validate(LEAF, expired)


def test_the_time_that_was_asked_for_counts_for_every_certificate() -> None:
    """Leaf, helper and anchor must all be valid then."""
    with pytest.raises(Untrusted, match="CN=leaf expired on"):
        validate(LEAF, MIDDLE, days=366)
    with pytest.raises(Untrusted, match="CN=leaf is valid only from"):
        validate(LEAF, MIDDLE, days=-31)
    old = issue("old root", authority=True, starts=-900, ends=-1)
    with pytest.raises(Untrusted, match="CN=old root expired"):
        validate(issue("late", old), anchors=[old])


def test_both_ends_of_a_validity_belong_to_it() -> None:
    """RFC 5280 §4.1.2.5: from notBefore through notAfter, inclusive."""
    assert validate(LEAF, MIDDLE, days=-30)
    assert validate(LEAF, MIDDLE, days=365)


@pytest.mark.parametrize(
    ("middle", "why"),
    [
        (issue("m", ROOT, authority=False), "cannot issue others"),
        (issue("m", ROOT, constraints=False, usage=("key_cert_sign",)), "cannot issue others"),
        (issue("m", ROOT, authority=True, usage=("crl_sign",)), "does not allow it to issue"),
        (issue("m", ROOT, authority=True, uses=[Eku.SERVER_AUTH]), "excludes signing"),
        (
            issue(
                "m",
                ROOT,
                authority=True,
                extra=[(x509.NameConstraints([x509.DNSName("vn")], None), True)],
            ),
            "2.5.29.30",
        ),
        (
            issue(
                "m",
                ROOT,
                authority=True,
                extra=[(x509.NameConstraints([x509.DNSName("vn")], None), False)],
            ),
            "2.5.29.30",
        ),
        (
            issue(
                "m",
                ROOT,
                authority=True,
                extra=[
                    (x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None), True)
                ],
            ),
            "2.5.29.36",
        ),
        (issue("m", ROOT, authority=True, ends=-1), "expired"),
    ],
    ids=["leaf", "v1", "usage", "uses", "names", "names-uncritical", "policies", "expired"],
)
def test_an_issuer_must_be_one(middle: Party, why: str) -> None:
    """What is not allowed to issue certificates vouches for nobody; what is not computed is refused."""
    with pytest.raises(Untrusted, match=why):
        validate(issue("l", middle), middle)


def test_an_anchor_has_to_keep_its_constraints_too() -> None:
    """An anchor that is no authority vouches for itself only."""
    pinned = issue("pinned")
    with pytest.raises(Untrusted, match="cannot issue others"):
        validate(issue("child", pinned), anchors=[pinned])


def test_path_length() -> None:
    """An authority may say how many authorities stand below it; renewals of its own key do not count."""
    narrow = issue("narrow", authority=True, path_length=0)
    renewed = issue("narrow", narrow, authority=True, key_name="narrow renewed")
    below = issue("below", narrow, authority=True)
    assert validate(issue("l1", narrow), anchors=[narrow]) == ["l1", "narrow"]
    assert validate(issue("l2", renewed), renewed, anchors=[narrow]) == ["l2", "narrow", "narrow"]
    with pytest.raises(Untrusted, match="allows 0 authorities below it, not 1"):
        validate(issue("l3", below), below, anchors=[narrow])


@pytest.mark.parametrize("kind", ["rsa-1024", "rsa-2048"])
def test_short_keys_are_refused_anywhere(kind: str) -> None:
    """An issuer's short key makes everything below it worthless."""
    weak = issue("weak " + kind, ROOT, authority=True, key_name=kind)
    if kind == "rsa-2048":
        assert validate(issue("l", weak), weak)
        return
    with pytest.raises(Untrusted, match="2048"):
        validate(issue("l", weak), weak)
    with pytest.raises(Untrusted, match="2048"):
        validate(issue("l", ROOT, key_name=kind))


def test_other_curves_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the curves that are listed."""
    key = ec.generate_private_key(ec.SECP256K1())
    monkeypatch.setattr(chains, "key", lambda _: key)
    with pytest.raises(Untrusted, match="P-256"):
        validate(issue("koblitz", ROOT))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_a_broken_hash_is_refused(tmp_path: Path) -> None:
    """SHA-1 lets an attacker make a second certificate with the same signature."""
    assert path.issued(signed_by_openssl(tmp_path, ROOT, "sha256"), ROOT.certificate)
    with pytest.raises(Untrusted, match=r"no known authority|without SHA-256"):
        validate(Party(ROOT.key, signed_by_openssl(tmp_path, ROOT, "sha1")))


def signed_by_openssl(folder: Path, issuer: Party, algorithm: str) -> x509.Certificate:
    """A certificate whose signature uses a hash that `cryptography` does not sign with any more."""
    pem, private = folder / "issuer.pem", folder / "issuer.key"
    pem.write_bytes(issuer.certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        issuer.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(chains.name("hash"))
    asked = request.sign(chains.key("hash"), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    made = subprocess.run(
        ["openssl", "x509", "-req", "-CA", pem, "-CAkey", private, f"-{algorithm}", "-days", "7300"],
        input=asked,
        capture_output=True,
        check=True,
    )
    return x509.load_pem_x509_certificate(made.stdout)


def test_unknown_critical_extensions_are_refused() -> None:
    """Critical means: who does not understand it must not go on."""
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert validate(issue("l", ROOT, extra=[(unknown, False)]))
    with pytest.raises(Untrusted, match=r"1\.2\.3\.4"):
        validate(issue("l", ROOT, extra=[(unknown, True)]))


@pytest.mark.parametrize(
    ("purpose", "fits", "usage", "uses", "critical"),
    [
        ("signing", True, ("digital_signature",), [], False),
        ("signing", True, ("content_commitment",), [Eku.EMAIL_PROTECTION], False),
        ("signing", True, None, [Eku.ANY_EXTENDED_KEY_USAGE], False),
        ("signing", True, None, [ObjectIdentifier("1.3.6.1.5.5.7.3.36")], False),
        ("signing", False, ("key_encipherment",), [], False),
        ("signing", False, ("digital_signature",), [Eku.SERVER_AUTH], False),
        ("signing", False, ("digital_signature",), [Eku.TIME_STAMPING], True),
        ("timestamping", True, ("digital_signature",), [Eku.TIME_STAMPING], True),
        ("timestamping", False, ("digital_signature",), [Eku.TIME_STAMPING], False),
        ("timestamping", False, ("digital_signature",), [Eku.TIME_STAMPING, Eku.CLIENT_AUTH], True),
        ("timestamping", False, ("key_encipherment",), [Eku.TIME_STAMPING], True),
        ("timestamping", False, ("digital_signature",), [], False),
        ("timestamping", False, ("digital_signature",), [Eku.ANY_EXTENDED_KEY_USAGE], True),
        ("ocsp", True, ("digital_signature",), [Eku.OCSP_SIGNING], False),
        ("ocsp", False, ("digital_signature",), [Eku.ANY_EXTENDED_KEY_USAGE], False),
        ("ocsp", False, ("digital_signature",), [], False),
        ("crl", True, ("crl_sign",), [], False),
        ("crl", False, ("digital_signature",), [], False),
        ("crl", False, None, [], False),
    ],
)
def test_a_certificate_serves_only_what_it_is_for(
    purpose: path.Purpose,
    fits: bool,
    usage: tuple[str, ...] | None,
    uses: list[ObjectIdentifier],
    critical: bool,
) -> None:
    """Key usage and extended key usage say what for; a TLS server does not sign messages."""
    leaf = issue("l", ROOT, usage=usage, uses=uses, uses_critical=critical)
    if fits:
        assert validate(leaf, purpose=purpose)
        return
    with pytest.raises(Untrusted, match=r"key usage|time-stamps and for nothing else|responder"):
        validate(leaf, purpose=purpose)


def test_an_authority_signs_no_messages() -> None:
    """Its key would speak for everyone it issues to."""
    with pytest.raises(Untrusted, match="of an authority must not be used for signing"):
        validate(MIDDLE, usage_all := ROOT, anchors=[usage_all])


def test_loops_and_long_chains_end() -> None:
    """Authorities that vouch for each other lead nowhere, and nobody may build a path without end."""
    one = issue("one", authority=True)
    two = issue("two", one, authority=True)
    back = issue("one", two, authority=True)
    with pytest.raises(Untrusted, match="no known authority"):
        validate(issue("l", back), one, two, back)
    chain = [ROOT]
    for number in range(path.MAX_LENGTH):
        chain.append(issue(f"link {number}", chain[-1], authority=True))
    assert len(validate(issue("l", chain[-3]), *chain)) == path.MAX_LENGTH
    with pytest.raises(Untrusted, match="no known authority"):
        validate(issue("l", chain[-1]), *chain)


def test_a_maze_of_authorities_ends() -> None:
    """Many certificates of one name could make the search explode: it gives up after a number of steps."""
    maze = [
        issue(f"maze {n % 2}", issue(f"maze {1 - n % 2}"), authority=True, serial=n + 1) for n in range(60)
    ]
    with pytest.raises(Untrusted, match="within 64 steps"):
        validate(issue("l", maze[0]), *maze)


def test_revocation_is_asked_for_every_certificate_but_the_anchor() -> None:
    """An intermediate that was taken back takes everything below with it."""

    class Told:
        """Says that one certificate was taken back."""

        def __init__(self, gone: Party) -> None:
            self.gone = gone
            self.asked: list[tuple[str, str]] = []

        def check(self, certificate: x509.Certificate, issuer: x509.Certificate, at: object) -> None:
            """Raise for the one."""
            self.asked.append((path.name_of(certificate), path.name_of(issuer)))
            if certificate == self.gone.certificate:
                raise Revoked("taken back", since=NOW, why=None)

    def ask(told: Told) -> None:
        path.validate(
            LEAF.certificate,
            [MIDDLE.certificate],
            [ROOT.certificate],
            NOW,
            purpose="signing",
            revocation=told,
        )

    nobody = Told(ROOT)
    ask(nobody)
    assert nobody.asked == [("CN=leaf", "CN=middle"), ("CN=middle", "CN=root")]
    with pytest.raises(Revoked):
        ask(Told(MIDDLE))


def test_illegible_certificates_are_refused_or_passed_over() -> None:
    """Extensions that do not decode never reach the caller as an error of a library."""
    broken = x509.UnrecognizedExtension(x509.KeyUsage.oid, b"\x03\x02")
    leaf = issue("l", ROOT, usage=None, extra=[(broken, True)])
    with pytest.raises(Untrusted, match="cannot be read"):
        validate(leaf)
    assert validate(LEAF, leaf, MIDDLE) == ["leaf", "middle", "root"]
