from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from sandbox.core import dsig
from signing import xml
from signing.errors import Replayed, SignatureInvalid, SigningError
from signing.trust import Trust
from signing.xmlsig.freshness import Window
from signing.xmlsig.signature import enclosed_certificate
from signing.xmlsig.xmldsig import (
    Verified,
    sign_two_reference,
    verify_two_reference,
)
from tests import pki

DS = "{http://www.w3.org/2000/09/xmldsig#}"
CERTIFICATE = (
    '<HSDLGCS xmlns:q="urn:q" xml:lang="vi"><GIAYCHUNGSINH Id="Id-7"><TEN_CON q:a="1">Nguyễn Văn An</TEN_CON>'
    "<CAN_NANG_CON>3200</CAN_NANG_CON></GIAYCHUNGSINH><CHUKYDONVI/></HSDLGCS>"
).encode()
PLAIN = CERTIFICATE.replace(b' xmlns:q="urn:q" xml:lang="vi"', b"").replace(b' q:a="1"', b"")
NAMES = {"payload": "GIAYCHUNGSINH", "holder": "CHUKYDONVI"}

Change = Callable[[etree._Element], None]


def two_reference(name: str = "bhxh", document: bytes = CERTIFICATE) -> etree._Element:
    root = xml.parse(document)
    sign_two_reference(root, pki.signer(name), at=pki.NOW, **NAMES)
    return xml.parse(xml.serialize(root))


def verified_two(root: etree._Element, name: str = "bhxh") -> Verified:
    return verify_two_reference(xml.parse(xml.serialize(root)), pki.trust(name), pki.NOW, **NAMES)


def find(root: etree._Element, name: str) -> Any:
    element = root.find(f".//{{*}}{name}")
    assert element is not None
    return element


def test_two_references_signed_by_xmlsec_are_verified() -> None:
    """Inclusive C14N takes over namespaces and xml:lang from the ancestors, as xmlsec does."""
    root = xml.parse((Path(__file__).parents[1] / "data" / "two-reference.xml").read_bytes())
    trust = Trust({"partner": [enclosed_certificate(find(root, "Signature"))]})
    found = verify_two_reference(root, trust, pki.NOW, **NAMES)
    assert find(found.element, "TEN_CON").text == "Nguyễn Văn An"
    assert found.signing_time == pki.NOW


def test_two_references_return_the_payload_and_the_signing_time() -> None:
    """The payload is what was signed; the signer's own time is read from the signed Object."""
    found = verified_two(two_reference())
    assert found.element.tag == "GIAYCHUNGSINH"
    assert find(found.element, "TEN_CON").text == "Nguyễn Văn An"
    assert (found.partner, found.signing_time) == ("bhxh", pki.NOW)


def test_two_references_have_the_form_of_the_gateway() -> None:
    """Inclusive C14N, rsa-sha256, SHA-256, one reference to the Object and one to the payload."""
    root = two_reference()
    algorithms = {element.get("Algorithm") for element in root.iter() if element.get("Algorithm")}
    assert algorithms == {
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "http://www.w3.org/2001/04/xmlenc#sha256",
    }
    references = [element.get("URI") for element in root.iter(f"{DS}Reference")]
    assert references == ["#Object-CHUKYDONVI-Id-7", "#Id-7"]


def test_the_holder_is_made_if_it_is_missing() -> None:
    """A document without the signature's place gets one; without a time there is no signing time."""
    root = xml.parse(CERTIFICATE.replace(b"<CHUKYDONVI/>", b""))
    sign_two_reference(root, pki.signer("yte"), **NAMES)
    assert verified_two(root, "yte").signing_time is None


@pytest.mark.parametrize("time", ["yesterday", "2026-09-01T08:30:00"])
def test_a_signing_time_that_is_none_is_left_out(time: str) -> None:
    """A text that is no time, or has no zone, is not guessed."""
    root = xml.parse(CERTIFICATE)

    @dataclasses.dataclass
    class Said:
        text: str

        def isoformat(self, timespec: str) -> str:
            return self.text

    sign_two_reference(root, pki.signer("bhxh"), at=Said(time), **NAMES)  # type: ignore[arg-type]
    assert verified_two(root).signing_time is None


def test_a_signing_time_in_the_future_is_refused() -> None:
    """What a clinic dates ahead is not accepted, up to what clocks may differ."""
    root = xml.parse(CERTIFICATE)
    sign_two_reference(root, pki.signer("bhxh"), at=pki.NOW + timedelta(minutes=6), **NAMES)
    with pytest.raises(SignatureInvalid, match="future"):
        verified_two(root)
    found = verify_two_reference(
        root, pki.trust("bhxh"), pki.NOW, window=Window(skew=timedelta(minutes=7)), **NAMES
    )
    assert found.signing_time == pki.NOW + timedelta(minutes=6)


def test_a_replayed_certificate_of_birth_is_refused() -> None:
    """With a memory it counts once, and has to state when it was signed."""
    kept: dict[str, datetime] = {}

    def seen(key: str, until: datetime) -> bool:
        return kept.setdefault(key, until) is not until

    root = two_reference()
    verify_two_reference(root, pki.trust("bhxh"), pki.NOW, seen=seen, **NAMES)
    with pytest.raises(Replayed):
        verify_two_reference(root, pki.trust("bhxh"), pki.NOW, seen=seen, **NAMES)
    untimed = xml.parse(CERTIFICATE)
    sign_two_reference(untimed, pki.signer("bhxh"), **NAMES)
    with pytest.raises(SignatureInvalid, match="no signing time"):
        verify_two_reference(untimed, pki.trust("bhxh"), pki.NOW, seen=seen, **NAMES)


def second_payload(root: etree._Element) -> None:
    """Classic wrapping: the signed payload moves away, another takes its place."""
    forged = copy.deepcopy(root[0])
    find(forged, "TEN_CON").text = "Trần Thị Bình"
    root.insert(0, forged)


def payload_in_the_object(root: etree._Element) -> None:
    signed = root[0]
    forged = copy.deepcopy(signed)
    forged.set("Id", "Id-8")
    root.insert(0, forged)
    find(root, "Object").append(signed)


def payload_beside_the_signature(root: etree._Element) -> None:
    signed = root[0]
    forged = copy.deepcopy(signed)
    find(forged, "TEN_CON").text = "Trần Thị Bình"
    root[1].append(signed)
    root.insert(0, forged)


def unsigned_sibling(root: etree._Element) -> None:
    etree.SubElement(root, "GHI_CHU").text = "x"


def holder_first(root: etree._Element) -> None:
    root.insert(0, root[1])


def identifier_twice(root: etree._Element) -> None:
    find(root, "TEN_CON").set("id", "Id-7")


def identifier_changed(root: etree._Element) -> None:
    root[0].set("Id", "Id-9")


def only_the_object_referred_to(root: etree._Element) -> None:
    info = find(root, "SignedInfo")
    info.remove(info[-1])


def both_references_to_the_object(root: etree._Element) -> None:
    find(root, "SignedInfo")[-1].set("URI", "#Object-CHUKYDONVI-Id-7")


def time_changed(root: etree._Element) -> None:
    find(root, "SigningTime").text = "2020-01-01T00:00:00+00:00"


def payload_changed(root: etree._Element) -> None:
    find(root, "CAN_NANG_CON").text = "3300"


def object_removed(root: etree._Element) -> None:
    find(root, "Signature").remove(find(root, "Object"))


ATTACKS: list[Change] = [
    second_payload,
    payload_in_the_object,
    payload_beside_the_signature,
    unsigned_sibling,
    holder_first,
    identifier_twice,
    identifier_changed,
    only_the_object_referred_to,
    both_references_to_the_object,
    time_changed,
    payload_changed,
    object_removed,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attacked_certificate_of_birth_is_refused(attack: Change) -> None:
    """Everything must stand where the profile says, be referred to exactly once, and be unchanged."""
    root = two_reference()
    attack(root)
    with pytest.raises(SignatureInvalid):
        verified_two(root)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (CERTIFICATE.replace(b' Id="Id-7"', b""), "needs an Id"),
        (CERTIFICATE.replace(b"<CHUKYDONVI/>", b"<CHUKYDONVI><x/></CHUKYDONVI>"), "already"),
        (
            CERTIFICATE.replace(b"CAN_NANG_CON>", b"GIAYCHUNGSINH>").replace(
                b"<TEN_CON", b"<TEN_CON id='Id-7'"
            ),
            "one",
        ),
        (b"<HSDLGCS/>", "must have one"),
    ],
)
def test_a_document_of_another_form_is_not_signed(document: bytes, why: str) -> None:
    """Missing payload or identifier, a second identifier, a signature already there."""
    with pytest.raises(SigningError, match=why):
        sign_two_reference(xml.parse(document), pki.signer("bhxh"), **NAMES)


def test_a_part_of_a_document_is_not_verified() -> None:
    """Inclusive C14N depends on the surroundings, so only a whole document can be verified."""
    outer = etree.Element("outer")
    root = two_reference()
    outer.append(root)
    with pytest.raises(SigningError, match="root"):
        verify_two_reference(root, pki.trust("bhxh"), pki.NOW, **NAMES)


def an_identity(name: str) -> dsig.Identity:
    key = pki.key(name)
    assert isinstance(key, rsa.RSAPrivateKey)
    return dsig.Identity(key, pki.certificate(name), Path(f"{name}.crt.pem"))


def test_the_stand_in_agencies_verify_our_two_references() -> None:
    """Another library, used by other code, accepts both references and reads the same payload."""
    found = dsig.verify_two_reference(two_reference("bhxh", PLAIN), pki.certificate("bhxh"), pki.NOW, **NAMES)
    assert find(found, "TEN_CON").text == "Nguyễn Văn An"


def test_we_verify_the_two_references_of_the_stand_in_agencies() -> None:
    """What another library signs in this profile is accepted, with its signing time."""
    signed = dsig.sign_two_reference(xml.parse(PLAIN), an_identity("yte-rsa"), at=pki.NOW, **NAMES)
    found = verified_two(signed, "yte-rsa")
    assert find(found.element, "TEN_CON").text == "Nguyễn Văn An"
    assert found.signing_time == pki.NOW
