"""XAdES signatures that somebody changed, moved, wrapped or made to mislead."""

from __future__ import annotations

import base64
import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from signing import algorithms, xml
from signing.algorithms import EXCLUSIVE_C14N
from signing.errors import SignatureInvalid, SigningError, Untrusted
from signing.xmlsig import xades
from tests import pki
from tests.signing.xmlsig.xades_forms import (
    DECLARATION,
    PLAIN,
    Change,
    around,
    beside,
    detached,
    enveloped,
    enveloping,
    find,
    in_document,
)


def resigned(written: etree._Element, change: Change) -> etree._Element:
    """The signature changed, and its value made to fit again: what a careless or hostile partner could send."""
    change(written)
    info = find(written, "SignedInfo")
    value = pki.signer("hub").sign(xml.canonicalize(info))
    find(written, "SignatureValue").text = base64.b64encode(value).decode()
    return written


@pytest.mark.parametrize(
    "uri",
    [
        "../ghi",
        "/etc/passwd",
        "file:///etc/passwd",
        "http://127.0.0.1/",
        "//host/a",
        "",
        "#x",
        "100%.json",
        "100%25.json?x",
        "100%25.json#x",
        "a%00",
        "%FF",
        "a\\b",
        "%2e%2e/a",
        "100%25.json ",
    ],
)
def test_an_address_that_is_no_file_beside_it_is_refused(uri: str) -> None:
    """Nothing is fetched, and no folder is left, whatever a partner signed."""
    written = resigned(detached(), lambda root: find(root, "Reference").set("URI", uri))
    with pytest.raises(SignatureInvalid):
        beside(written, whole=False)


def test_a_file_is_referred_to_once_however_it_is_spelt() -> None:
    """Two spellings of one address are one file."""

    def twice(root: etree._Element) -> None:
        info = find(root, "SignedInfo")
        again = copy.deepcopy(info[-2])
        again.set("URI", "%31" + again.get("URI")[1:])
        again.set("Id", "again")
        info.insert(2, again)

    with pytest.raises(SignatureInvalid, match="twice"):
        beside(resigned(detached(), twice))


def test_a_file_is_not_transformed() -> None:
    """Its octets are signed, not what a transform makes of them."""

    def transformed(root: etree._Element) -> None:
        steps = etree.Element("{http://www.w3.org/2000/09/xmldsig#}Transforms")
        etree.SubElement(steps, "{http://www.w3.org/2000/09/xmldsig#}Transform", Algorithm=EXCLUSIVE_C14N)
        find(root, "Reference").insert(0, steps)

    with pytest.raises(SignatureInvalid, match="plain octets"):
        beside(resigned(detached(), transformed))


def content_changed(root: etree._Element) -> None:
    find(root, "HoTen").text = "Trần Thị Bình"


def time_changed(root: etree._Element) -> None:
    find(root, "SigningTime").text = "2026-09-01T08:31:00Z"


def media_type_changed(root: etree._Element) -> None:
    find(root, "MimeType").text = "text/html"


def certificate_digest_changed(root: etree._Element) -> None:
    find(root, "CertDigest")[1].text = base64.b64encode(bytes(32)).decode()


def properties_of_another_signature(root: etree._Element) -> None:
    """Signed properties with a later time come from another signature of the same partner."""
    other = enveloped(document=PLAIN)
    mine = find(root, "QualifyingProperties")
    mine.getparent().replace(mine, find(other, "QualifyingProperties"))


def properties_wrapped(root: etree._Element) -> None:
    """The signed properties hide in an Object of their own, others take their place."""
    signed = find(root, "SignedProperties")
    forged = copy.deepcopy(signed)
    find(forged, "SigningTime").text = "2020-01-01T00:00:00Z"
    forged.set("Id", "forged")
    signed.getparent().replace(signed, forged)
    signature = find(root, "SignatureValue").getparent()
    etree.SubElement(signature, "{http://www.w3.org/2000/09/xmldsig#}Object").append(signed)


def properties_wrapped_under_the_same_identifier(root: etree._Element) -> None:
    signed = find(root, "SignedProperties")
    forged = copy.deepcopy(signed)
    find(forged, "SigningTime").text = "2020-01-01T00:00:00Z"
    signed.getparent().replace(signed, forged)
    unsigned = etree.SubElement(forged.getparent(), "{http://uri.etsi.org/01903/v1.3.2#}UnsignedProperties")
    unsigned.append(signed)


def properties_twice(root: etree._Element) -> None:
    holder = find(root, "QualifyingProperties").getparent()
    holder.append(copy.deepcopy(holder[0]))


def properties_removed(root: etree._Element) -> None:
    holder = find(root, "QualifyingProperties").getparent()
    holder.getparent().remove(holder)


def properties_of_nobody(root: etree._Element) -> None:
    find(root, "QualifyingProperties").set("Target", "#other")


def type_removed(root: etree._Element) -> None:
    del find(root, "SignedInfo")[-1].attrib["Type"]


def identifier_removed(root: etree._Element) -> None:
    del find(root, "SignatureValue").getparent().attrib["Id"]


def identifier_twice(root: etree._Element) -> None:
    find(root, "HoTen").set("Id", find(root, "SignedProperties").get("Id"))


def reference_twice(root: etree._Element) -> None:
    info = find(root, "SignedInfo")
    info.append(copy.deepcopy(info[-1]))


def reference_removed(root: etree._Element) -> None:
    info = find(root, "SignedInfo")
    info.remove(info[-1])


def object_added(root: etree._Element) -> None:
    signature = find(root, "SignatureValue").getparent()
    etree.SubElement(signature, "{http://www.w3.org/2000/09/xmldsig#}Object").text = "x"


def unknown_property_added(root: etree._Element) -> None:
    place = find(root, "QualifyingProperties")
    for name in ("UnsignedProperties", "UnsignedSignatureProperties", "Unknown"):
        place = etree.SubElement(place, f"{{http://uri.etsi.org/01903/v1.3.2#}}{name}")


ATTACKS: list[Change] = [
    content_changed,
    time_changed,
    media_type_changed,
    certificate_digest_changed,
    properties_of_another_signature,
    properties_wrapped,
    properties_wrapped_under_the_same_identifier,
    properties_twice,
    properties_removed,
    properties_of_nobody,
    type_removed,
    identifier_removed,
    identifier_twice,
    reference_twice,
    reference_removed,
    object_added,
    unknown_property_added,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
@pytest.mark.parametrize("again", [False, True], ids=["value-kept", "value-made-to-fit"])
def test_an_attacked_document_is_refused(attack: Change, again: bool) -> None:
    """Nothing that is signed can be changed; nothing can be moved, even by someone who signs SignedInfo again."""
    root = enveloped()
    if again:
        resigned(root, attack)
    else:
        attack(root)
    with pytest.raises(SignatureInvalid):
        in_document(root)


def content_wrapped(written: etree._Element) -> None:
    """The signed Object moves into the other one; a forged Object takes its place."""
    signed = written[3]
    forged = copy.deepcopy(signed)
    find(forged, "HoTen").text = "Trần Thị Bình"
    forged.set("Id", "forged")
    written.insert(3, forged)
    written[5].append(signed)


def content_second(written: etree._Element) -> None:
    written[3].append(copy.deepcopy(written[3][0]))


def content_swapped_for_properties(written: etree._Element) -> None:
    written[3].set("Id", "x")
    written[4].set("Id", find(written, "Reference").get("URI")[1:])


def content_named_twice(written: etree._Element) -> None:
    find(written, "HoTen").set("id", written[3].get("Id"))


@pytest.mark.parametrize(
    "attack",
    [content_changed, content_wrapped, content_second, content_swapped_for_properties, content_named_twice],
    ids=lambda attack: attack.__name__,
)
def test_an_attacked_enveloping_signature_is_refused(attack: Change) -> None:
    """What is signed stands in the first place that the form has for it."""
    written = enveloping()
    attack(written)
    with pytest.raises(SignatureInvalid):
        around(written)


def test_a_signed_object_holds_one_element() -> None:
    """Two, or text beside it, would be read differently by different readers."""

    def text_beside(root: etree._Element) -> None:
        root[3].text = "beside"
        digest = algorithms.digest(algorithms.SHA256, xml.canonicalize(root[3]))
        find(root, "DigestValue").text = base64.b64encode(digest).decode()

    with pytest.raises(SignatureInvalid, match="one element"):
        around(resigned(enveloping(), text_beside))


@pytest.mark.parametrize(("name", "trusted"), [("stranger", "hub"), ("expired", "expired"), ("weak", "weak")])
def test_a_good_signature_of_nobody_we_trust_is_refused(name: str, trusted: str) -> None:
    """Arithmetic is not trust."""
    root = xml.parse(DECLARATION)
    xades.sign_enveloped(root, pki.signer(name), at=pki.NOW)
    with pytest.raises(Untrusted):
        in_document(root, trusted)


SIGNED = [xml.serialize(enveloped(name="hub-ec")), xml.serialize(enveloping(name="hub-ec"))]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_byte_of_what_is_signed_can_be_changed(data: st.DataObject) -> None:
    """Whatever byte is replaced: it is refused, or what comes back is what was signed."""
    which = data.draw(st.integers(0, 1))
    touched = bytearray(SIGNED[which])
    touched[data.draw(st.integers(0, len(touched) - 1))] = data.draw(st.integers(0, 255))
    verify = (in_document, around)[which]
    try:
        found = verify(xml.parse(bytes(touched)), "hub-ec")
    except SigningError:
        return
    assert found.element is not None
    assert (found.signing_time, found.media_types) == (pki.NOW, {"": "text/xml"})
    assert xml.canonicalize(found.element) == xml.canonicalize(xml.parse(DECLARATION))
