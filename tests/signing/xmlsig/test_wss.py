from __future__ import annotations

import base64
import copy
import hashlib
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from sandbox.core import soap
from sandbox.core import wss as other
from sandbox.core.keys import Identity
from signing import xml
from signing.errors import Replayed, SignatureInvalid, SigningError, Untrusted
from signing.pki.certificates import read_certificate
from signing.trust import Trust
from signing.xmlsig.freshness import Window
from signing.xmlsig.signature import decode_base64
from signing.xmlsig.wss import (
    SOAP_11,
    SOAP_12,
    WSU,
    KeyReference,
    VerifiedEnvelope,
    sign_envelope,
    verify_envelope,
)
from tests import pki

DATA = Path(__file__).parents[1] / "data"

WSA = "http://www.w3.org/2005/08/addressing"
ID = f"{{{WSU}}}Id"
Change = Callable[[etree._Element], None]


def message(version: str = SOAP_12, header: str = "") -> etree._Element:
    addressing = (
        "<a:To>urn:cutru</a:To><a:Action>urn:dang-ky</a:Action><a:MessageID>urn:uuid:1</a:MessageID>"
        '<other xmlns="urn:o">not ours</other>'
    )
    text = (
        f'<s:Envelope xmlns:s="{version}" xmlns:a="{WSA}"><s:Header>{header or addressing}</s:Header>'
        '<s:Body><DangKy xmlns="urn:ct"><HoTen>Nguyễn Văn An</HoTen></DangKy></s:Body></s:Envelope>'
    )
    return xml.parse(text.encode())


def sign(envelope: etree._Element, name: str = "cutru", by: KeyReference = "token") -> etree._Element:
    ids = itertools.count(1)
    sign_envelope(
        envelope,
        pki.signer(name),
        created=pki.NOW,
        ttl=timedelta(minutes=5),
        new_id=lambda: str(next(ids)),
        key_reference=by,
    )
    return envelope


def signed(version: str = SOAP_12, name: str = "cutru", by: KeyReference = "token") -> etree._Element:
    return xml.parse(xml.serialize(sign(message(version), name, by)))


def verified(envelope: etree._Element, name: str = "cutru", **options: Any) -> VerifiedEnvelope:
    at = options.pop("at", pki.NOW)
    return verify_envelope(xml.parse(xml.serialize(envelope)), pki.trust(name), at, **options)


def find(root: etree._Element, name: str) -> Any:
    element = root.find(f".//{{*}}{name}")
    assert element is not None
    return element


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12])
@pytest.mark.parametrize("name", ["cutru", "hub-ec"])
@pytest.mark.parametrize("by", ["token", "subject-key-identifier"])
def test_a_signed_message_is_verified_in_both_versions_of_soap(
    version: str, name: str, by: KeyReference
) -> None:
    """Body and addressing headers come back as they were signed, with the partner."""
    found = verified(signed(version, name, by), name)
    assert find(found.body, "HoTen").text == "Nguyễn Văn An"
    assert found.headers[f"{{{WSA}}}MessageID"].text == "urn:uuid:1"
    assert (found.partner, found.certificate) == (name, pki.certificate(name))
    assert found.expires == pki.NOW + timedelta(minutes=5)


def test_only_signed_headers_are_returned() -> None:
    """A header that nobody signed is not in the result, so nobody reads it by mistake."""
    found = verified(signed())
    assert {etree.QName(name).localname for name in found.headers} == {"To", "Action", "MessageID"}


def test_a_message_without_header_gets_one() -> None:
    """Signing adds Header before Body."""
    envelope = message()
    envelope.remove(envelope[0])
    sign(envelope)
    assert [etree.QName(child).localname for child in envelope] == ["Header", "Body"]


def test_the_security_header_must_be_understood() -> None:
    """A receiver that does not know WS-Security has to fail."""
    assert find(signed(), "Security").get(f"{{{SOAP_12}}}mustUnderstand") == "1"


@pytest.mark.parametrize("version", [soap.SOAP11, soap.SOAP12])
def test_the_stand_in_agencies_verify_our_messages(version: soap.Version) -> None:
    """Another library, used by other code, accepts what we sign."""
    other.verify(signed(version.namespace), version, pki.certificate("cutru"), pki.NOW)


@pytest.mark.parametrize("version", [soap.SOAP11, soap.SOAP12])
def test_we_verify_the_messages_of_the_stand_in_agencies(version: soap.Version) -> None:
    """What another library signs is accepted."""
    key, ids = pki.key("cutru"), itertools.count(1)
    assert isinstance(key, rsa.RSAPrivateKey)
    identity = Identity(key, pki.certificate("cutru"), Path("cutru.crt.pem"))
    envelope = other.sign(
        message(version.namespace), version, identity, now=pki.NOW, new_id=lambda: str(next(ids))
    )
    assert find(verified(envelope).body, "HoTen").text == "Nguyễn Văn An"


def body_changed(root: etree._Element) -> None:
    find(root, "HoTen").text = "Trần Thị Bình"


def header_changed(root: etree._Element) -> None:
    find(root, "To").text = "urn:bhxh"


def expiry_changed(root: etree._Element) -> None:
    find(root, "Expires").text = "2026-09-01T08:36:00.000Z"


def addressing_header_added(root: etree._Element) -> None:
    etree.SubElement(root[0], f"{{{WSA}}}ReplyTo").text = "urn:elsewhere"


def older_addressing_header_added(root: etree._Element) -> None:
    name = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}ReplyTo"
    etree.SubElement(root[0], name).text = "urn:elsewhere"


def header_twice(root: etree._Element) -> None:
    root[0].append(copy.deepcopy(find(root, "To")))


def body_wrapped_into_a_header(root: etree._Element) -> None:
    """The classic attack: the signed Body hides in a header, a new Body takes its place."""
    forged = copy.deepcopy(root[1])
    find(forged, "HoTen").text = "Trần Thị Bình"
    forged.set(ID, "forged")
    wrapper = etree.SubElement(root[0], "{urn:w}Wrapper")
    wrapper.append(root[1])
    root.append(forged)


def body_wrapped_under_the_same_identifier(root: etree._Element) -> None:
    forged = copy.deepcopy(root[1])
    find(forged, "HoTen").text = "Trần Thị Bình"
    wrapper = etree.SubElement(root[0], "{urn:w}Wrapper")
    wrapper.append(root[1])
    root.append(forged)


def body_kept_and_copied(root: etree._Element) -> None:
    """The true Body stays, a copy with its identifier waits for a reader who goes by identifier."""
    etree.SubElement(root[0], "{urn:w}Wrapper").append(copy.deepcopy(root[1]))


def second_body(root: etree._Element) -> None:
    root.append(copy.deepcopy(root[1]))


def element_after_the_body(root: etree._Element) -> None:
    etree.SubElement(root, "{urn:w}Wrapper")


def header_moved_into_the_body(root: etree._Element) -> None:
    root[1][0].append(find(root, "MessageID"))


def timestamp_moved(root: etree._Element) -> None:
    stamp = find(root, "Timestamp")
    forged = copy.deepcopy(stamp)
    forged.set(ID, "forged")
    stamp.getparent().insert(0, forged)
    root[0].append(stamp)


def second_security(root: etree._Element) -> None:
    root[0].append(copy.deepcopy(find(root, "Security")))


def second_token(root: etree._Element) -> None:
    find(root, "Security").append(copy.deepcopy(find(root, "BinarySecurityToken")))


def token_not_pointed_to(root: etree._Element) -> None:
    find(root, "SecurityTokenReference")[0].set("URI", "#elsewhere")


def token_of_another_type(root: etree._Element) -> None:
    find(root, "BinarySecurityToken").set("ValueType", "urn:other")


def signature_removed(root: etree._Element) -> None:
    find(root, "Security").remove(find(root, "Signature"))


def security_removed(root: etree._Element) -> None:
    root[0].remove(find(root, "Security"))


def header_removed(root: etree._Element) -> None:
    root.remove(root[0])


def not_soap(root: etree._Element) -> None:
    root.tag = "{urn:w}Envelope"


ATTACKS: list[Change] = [
    body_changed,
    header_changed,
    expiry_changed,
    addressing_header_added,
    older_addressing_header_added,
    header_twice,
    body_wrapped_into_a_header,
    body_wrapped_under_the_same_identifier,
    body_kept_and_copied,
    second_body,
    element_after_the_body,
    header_moved_into_the_body,
    timestamp_moved,
    second_security,
    second_token,
    token_not_pointed_to,
    token_of_another_type,
    signature_removed,
    security_removed,
    header_removed,
    not_soap,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attacked_message_is_refused(attack: Change) -> None:
    """Wrapped, moved, added, removed or changed: each is refused as an invalid signature."""
    envelope = signed()
    attack(envelope)
    with pytest.raises(SignatureInvalid):
        verified(envelope)


@pytest.mark.parametrize(("minutes", "why"), [(-6, "future"), (11, "expired"), (60 * 24, "expired")])
def test_a_message_outside_its_time_is_refused(minutes: int, why: str) -> None:
    """Created in the future or expired, beyond what clocks may differ."""
    with pytest.raises(SignatureInvalid, match=why):
        verified(signed(), at=pki.NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize("minutes", [-4, 0, 9])
def test_clocks_may_differ_by_five_minutes(minutes: int) -> None:
    """The skew is allowed on both sides, and can be set."""
    at = pki.NOW + timedelta(minutes=minutes)
    verified(signed(), at=at)
    if minutes:
        with pytest.raises(SignatureInvalid):
            verified(signed(), at=at, window=Window(skew=timedelta(0)))


def test_a_message_must_not_be_valid_for_ever() -> None:
    """A long validity would need a long memory against replays."""
    with pytest.raises(SignatureInvalid, match="at most"):
        verified(signed(), window=Window(longest=timedelta(minutes=1)))


@pytest.mark.parametrize("text", ["", "soon", "2026-09-01T08:30:00"])
def test_a_time_without_meaning_is_refused(text: str) -> None:
    """A time-stamp must be a time with a zone, even if a partner signed something else."""
    envelope = signed()
    stamp = find(envelope, "Timestamp")
    find(stamp, "Created").text = text
    digest = hashlib.sha256(xml.canonicalize(stamp)).digest()
    find(envelope, "DigestValue").text = base64.b64encode(digest).decode()
    value = pki.signer("cutru").sign(xml.canonicalize(find(envelope, "SignedInfo")))
    find(envelope, "SignatureValue").text = base64.b64encode(value).decode()
    with pytest.raises(SignatureInvalid, match=r"not a time|time zone"):
        verified(envelope)


def test_a_replayed_message_is_refused() -> None:
    """The second time, the same signature is known; the key is kept until the message has expired."""
    kept: dict[str, datetime] = {}

    def seen(key: str, until: datetime) -> bool:
        return kept.setdefault(key, until) is not until

    envelope = signed()
    verified(envelope, seen=seen)
    with pytest.raises(Replayed):
        verified(envelope, seen=seen)
    assert list(kept.values()) == [pki.NOW + timedelta(minutes=10)]


def test_a_refused_message_is_not_remembered() -> None:
    """Only a message that is right in everything else counts as seen."""
    envelope = signed()
    body_changed(envelope)
    with pytest.raises(SignatureInvalid):
        verified(envelope, seen=lambda key, until: pytest.fail("asked"))


def test_a_stranger_is_refused() -> None:
    """A perfect signature by an unknown certificate is worth nothing."""
    with pytest.raises(Untrusted):
        verified(signed(name="stranger"), "cutru")


def test_a_message_is_signed_once() -> None:
    """A second Security header would be ambiguous."""
    with pytest.raises(SigningError, match="already"):
        sign(signed())


def test_a_signed_document_may_travel_in_the_body() -> None:
    """A signature inside the payload is the payload's business."""
    envelope = message()
    etree.SubElement(envelope[1][0], "{http://www.w3.org/2000/09/xmldsig#}Signature")
    verified(sign(envelope))


def test_an_identifier_that_is_there_is_kept() -> None:
    """An element that already has a wsu:Id is referred to by it."""
    envelope = message()
    envelope[1].set(ID, "TheBody")
    assert verified(sign(envelope)).body.get(ID) == "TheBody"


def test_a_message_signed_by_zeep_is_verified() -> None:
    """A message made once with zeep and xmlsec, without addressing, with a time of seven decimals."""
    envelope = xml.parse((DATA / "wss-zeep.xml").read_bytes())
    token = find(envelope, "BinarySecurityToken")
    trust = Trust({"partner": [read_certificate(decode_base64(token))]})
    assert find(verify_envelope(envelope, trust, pki.NOW).body, "HoTen").text == "Nguyễn Văn An"
