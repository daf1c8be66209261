from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from broker.clock import system_clock
from signing.errors import SignatureInvalid
from signing.keys import FileKey
from signing.stamps import timestamp
from signing.stamps.authority import EmbeddedAuthority
from signing.stamps.cms import open_signed
from tests import authorities
from tests.authorities import resigned

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
NOW = system_clock()
CERTIFICATE = authorities.issue("tsa", KEY, "tsa", KEY, NOW)
TWIN = authorities.issue("tsa", KEY, "tsa", KEY, NOW, days=9)
"""Another certificate of the same name and key."""
DATA = b"signed head\n"
DIGEST = hashlib.sha256(DATA).digest()


def token() -> bytes:
    """A good token of an authority with ``KEY``."""
    answer = EmbeddedAuthority(FileKey(KEY, [CERTIFICATE]), clock=lambda: NOW).issue(
        timestamp.request(DIGEST, nonce=1)
    )
    return timestamp.read_response(answer, digest=DIGEST, nonce=1)


TOKEN = token()


def refused(data: bytes, *others: x509.Certificate) -> str:
    """The reason for which signed data is refused."""
    with pytest.raises(SignatureInvalid) as caught:
        open_signed(data, "tst_info", others=others)
    return caught.value.reason


def without(name: str) -> authorities.Change:
    """Leave out a signed attribute."""
    return lambda signed: [each for each in signed if each["type"].native != name]


def with_value(name: str, *values: Any) -> authorities.Change:
    """Give a signed attribute other values."""
    made = cms.CMSAttribute({"type": name, "values": list(values)})
    return lambda signed: [*without(name)(signed), made]


def twice(name: str) -> authorities.Change:
    """Have a signed attribute twice."""
    return lambda signed: [*signed, *(each.copy() for each in signed if each["type"].native == name)]


def put(name: str, value: Any) -> authorities.Change:
    """Set a field; gives nothing back, so that the changed structure itself is taken."""
    return lambda structure: structure.__setitem__(name, value)


def ess(certificate: x509.Certificate, algorithm: str = "sha256", **more: Any) -> dict[str, Any]:
    """The attribute's value that names ``certificate``."""
    digest = hashlib.new(algorithm, certificate.public_bytes(Encoding.DER)).digest()
    return {"certs": [{"hash_algorithm": {"algorithm": algorithm}, "cert_hash": digest, **more}]}


def place(name: str, serial: int) -> dict[str, Any]:
    """An issuer and serial number that are not the certificate's."""
    made = cms.Name.build({"common_name": name})
    return {"issuer": [cms.GeneralName("directory_name", made)], "serial_number": serial}


def test_what_was_signed_comes_back_with_who_signed_it() -> None:
    """The content, the signer's certificate, and what came along."""
    signed = open_signed(resigned(TOKEN, KEY), "tst_info")
    assert (signed.signer, signed.certificates) == (CERTIFICATE, (CERTIFICATE,))
    assert DIGEST in signed.content


def test_the_signer_may_be_found_among_others() -> None:
    """A certificate that did not come along is taken from those at hand."""
    bare = resigned(TOKEN, KEY, data=put("certificates", None))
    assert "not there" in refused(bare)
    assert open_signed(bare, "tst_info", others=[TWIN, CERTIFICATE]).signer == CERTIFICATE


def _two_signers(data: Any) -> None:
    data["signer_infos"] = [data["signer_infos"][0], data["signer_infos"][0].copy()]


def _without_attributes(signer: Any) -> None:
    signer["signed_attrs"] = None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": put("version", "v1")}, "version 3"),
        ({"data": put("version", "v4")}, "version 3"),
        ({"data": put("signer_infos", [])}, "0 signers"),
        ({"data": _two_signers}, "2 signers"),
        ({"signer": _without_attributes}, "no signed attributes"),
        ({"signer": put("digest_algorithm", {"algorithm": "sha1"})}, "sha1 is not accepted"),
        ({"signer": put("signature_algorithm", {"algorithm": "sha384_ecdsa"})}, "not accepted for"),
        ({"signer": put("signature_algorithm", {"algorithm": "sha256_rsa"})}, "not accepted for"),
        ({"signer": put("signature", b"\x30\x00")}, "does not match"),
        ({"attributes": without("content_type")}, "content_type is not there"),
        ({"attributes": with_value("content_type", "data")}, "another type"),
        ({"attributes": twice("content_type")}, "is there twice"),
        ({"attributes": without("message_digest")}, "message_digest is not there"),
        ({"attributes": with_value("message_digest", b"x" * 32)}, "not that of the content"),
        ({"attributes": with_value("message_digest", DIGEST, DIGEST[::-1])}, "exactly once"),
        ({"attributes": without("signing_certificate_v2")}, "do not name the signer"),
        ({"attributes": with_value("signing_certificate_v2", ess(TWIN))}, "not there"),
        ({"attributes": with_value("signing_certificate_v2", ess(CERTIFICATE, "sha1"))}, "sha1 is not"),
        ({"attributes": with_value("signing_certificate_v2", {"certs": []})}, "cannot be read"),
        (
            {
                "attributes": with_value(
                    "signing_certificate_v2", ess(CERTIFICATE, issuer_serial=place("tsa", 5))
                )
            },
            "not there",
        ),
    ],
)
def test_signed_data_that_is_wrong_in_one_way_is_refused(changes: dict[str, Any], words: str) -> None:
    """Each rule of RFC 5652, RFC 5816 and of our allow-list refuses by itself, although a right key signed."""
    assert words in refused(resigned(TOKEN, KEY, **changes))


def test_another_certificate_of_the_same_key_cannot_be_put_in() -> None:
    """Signature and name would fit; the signed attribute does not."""
    other = cms.CertificateChoices("certificate", cms.Certificate.load(TWIN.public_bytes(Encoding.DER)))
    assert "not there" in refused(resigned(TOKEN, KEY, data=put("certificates", [other])))


def test_the_signers_identifier_must_mean_the_named_certificate() -> None:
    """An identifier of another certificate is refused although nothing reads it."""
    wrong = cms.IssuerAndSerialNumber({"issuer": cms.Name.build({"common_name": "tsa"}), "serial_number": 1})
    changed = put("sid", cms.SignerIdentifier("issuer_and_serial_number", wrong))
    assert "different certificates" in refused(resigned(TOKEN, KEY, signer=changed))
    key_id = core.OctetString(x509.SubjectKeyIdentifier.from_public_key(KEY.public_key()).digest)
    right = put("sid", cms.SignerIdentifier("subject_key_identifier", key_id.retag({"implicit": 0})))
    assert open_signed(resigned(TOKEN, KEY, signer=right), "tst_info").signer == CERTIFICATE


def test_signed_attributes_are_taken_as_they_stand() -> None:
    """Put in another order they are other bytes than those that were signed, although they say the same."""
    attributes = cms.ContentInfo.load(TOKEN)["content"]["signer_infos"][0]["signed_attrs"]
    spelled = [each.dump() for each in attributes]
    assert TOKEN.count(b"".join(spelled)) == 1
    turned = TOKEN.replace(b"".join(spelled), b"".join(reversed(spelled)))
    assert "does not match" in refused(turned)


def test_a_signature_by_another_key_is_refused() -> None:
    """Everything fits but the signature."""
    assert "does not match" in refused(resigned(TOKEN, OTHER_KEY))


def test_another_type_of_content_is_refused() -> None:
    """What was signed as something else is not taken for a time-stamp."""
    with pytest.raises(SignatureInvalid, match="does not hold data"):
        open_signed(TOKEN, "data")
    assert "not signed data" in refused(
        bytes(cms.ContentInfo({"content_type": "data", "content": b"x"}).dump())
    )


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RSA_CERTIFICATE = authorities.issue("rsa", RSA, "rsa", RSA, NOW)


def rsa_signed(method: dict[str, Any], sign: Callable[[bytes], bytes]) -> bytes:
    """The token signed by an RSA key with a method of the caller's."""
    own = cms.Certificate.load(RSA_CERTIFICATE.public_bytes(Encoding.DER))
    place_ = cms.IssuerAndSerialNumber({"issuer": own.issuer, "serial_number": own.serial_number})

    def change(signer: Any) -> None:
        signer["sid"] = cms.SignerIdentifier("issuer_and_serial_number", place_)
        signer["signature_algorithm"] = method
        signer["signature"] = sign(b"\x31" + signer["signed_attrs"].dump()[1:])

    return resigned(
        TOKEN,
        KEY,
        attributes=with_value("signing_certificate_v2", ess(RSA_CERTIFICATE)),
        signer=change,
        data=put("certificates", [cms.CertificateChoices("certificate", own)]),
    )


def pss(salt: int, mask: str = "sha256") -> dict[str, Any]:
    """The algorithm identifier of RSASSA-PSS (RFC 4055 §3.1)."""
    parameters = {
        "hash_algorithm": {"algorithm": "sha256"},
        "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": mask}},
        "salt_length": salt,
    }
    return {"algorithm": "rsassa_pss", "parameters": parameters}


def _sign_pss(data: bytes) -> bytes:
    return RSA.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def _sign_plain(data: bytes) -> bytes:
    return RSA.sign(data, padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize(
    ("method", "sign"),
    [
        ({"algorithm": "rsassa_pkcs1v15"}, _sign_plain),
        ({"algorithm": "sha256_rsa"}, _sign_plain),
        (pss(32), _sign_pss),
    ],
)
def test_rsa_signatures_are_read_in_all_their_spellings(
    method: dict[str, Any], sign: Callable[[bytes], bytes]
) -> None:
    """PKCS #1 version 1.5 by either name, and PSS with its parameters."""
    assert open_signed(rsa_signed(method, sign), "tst_info").signer == RSA_CERTIFICATE


@pytest.mark.parametrize(
    ("method", "sign"),
    [
        ({"algorithm": "sha384_rsa"}, _sign_plain),
        ({"algorithm": "sha1_rsa"}, _sign_plain),
        (pss(32, "sha1"), _sign_pss),
        (pss(20), _sign_pss),
        (pss(2000), _sign_pss),
        ({"algorithm": "rsassa_pss"}, _sign_pss),
        ({"algorithm": "rsassa_pkcs1v15"}, _sign_pss),
    ],
)
def test_rsa_signatures_that_say_something_else_are_refused(
    method: dict[str, Any], sign: Callable[[bytes], bytes]
) -> None:
    """The method must be listed, must fit the digest, and must be the one that was used."""
    assert refused(rsa_signed(method, sign))


@authorities.needs_openssl
@pytest.mark.parametrize(
    ("digest", "ess_", "kind"),
    [("sha256", "sha256", "ec"), ("sha384", "sha1", "rsa"), ("sha512", "sha512", "rsa")],
)
def test_what_openssl_signs_is_read(tmp_path: Path, digest: str, ess_: str, kind: str) -> None:
    """Digests, keys and both ways of naming the certificate, RFC 2634's among them."""
    foreign = authorities.Openssl(tmp_path, digest=digest, ess=ess_, kind=kind)
    answer = foreign.reply(timestamp.request(DIGEST, nonce=3))
    given = timestamp.read_response(answer, digest=DIGEST, nonce=3)
    assert open_signed(given, "tst_info").signer == foreign.certificate


@pytest.mark.parametrize("part", range(4))
def test_no_changed_byte_passes(part: int) -> None:
    """Every bit of every byte: refused as such, or (outside what is signed) it changes nothing that is read."""
    good = open_signed(TOKEN, "tst_info")
    for at in range(part, len(TOKEN), 4):
        changed = bytearray(TOKEN)
        changed[at] ^= 1 << (at // 4 % 8)
        try:
            signed = open_signed(bytes(changed), "tst_info")
        except SignatureInvalid:
            continue
        assert (signed.content, signed.signer) == (good.content, good.signer), at
