from __future__ import annotations

import base64
import copy
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import signxml
import signxml.xades
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from signing import algorithms, xades, xml
from signing.algorithms import C14N, EXCLUSIVE_C14N
from signing.errors import ContentChanged, SignatureInvalid, SigningError, Untrusted
from signing.xades_opened import VerifiedXades
from signing.xmldsig import sign_enveloped
from tests import pki
from tests.signing.documents import documents

DECLARATION = (
    '<?order 1?><ks:KhaiSinh xmlns:ks="urn:ks" xmlns:q="urn:q" xml:lang="vi"><HoTen q:a="1">Nguyễn Văn&#13; An'
    '</HoTen><Loai xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="q:Moi"/>tail</ks:KhaiSinh>'
).encode()
PLAIN = "<KhaiSinh><HoTen>Nguyễn Văn An</HoTen>tail</KhaiSinh>".encode()
FILES = {"bodies/17 a.xml": DECLARATION, "ghi chú.bin": bytes(range(256)), "100%.json": b"{}"}
METHODS = [EXCLUSIVE_C14N, C14N]
Change = Callable[[etree._Element], None]


def enveloped(
    method: str = EXCLUSIVE_C14N, name: str = "hub", document: bytes = DECLARATION
) -> etree._Element:
    root = xml.parse(document)
    xades.sign_enveloped(root, pki.signer(name), at=pki.NOW, canonicalization=method)
    return xml.parse(xml.serialize(root))


def enveloping(method: str = EXCLUSIVE_C14N, content: Any = None, name: str = "hub") -> etree._Element:
    what = xml.parse(DECLARATION) if content is None else content
    return sent(xades.sign_enveloping(what, pki.signer(name), at=pki.NOW, canonicalization=method))


def detached(method: str = EXCLUSIVE_C14N, name: str = "hub", **options: Any) -> etree._Element:
    types = {"ghi chú.bin": "application/x-ghi-chu"}
    return xades.sign_detached(
        FILES, pki.signer(name), at=pki.NOW, media_types=types, canonicalization=method, **options
    )


def sent(written: etree._Element) -> etree._Element:
    """What arrives of a signature, or of the document that it stands in."""
    return xml.parse(xml.serialize(written))


def in_document(root: etree._Element, name: str = "hub", **options: Any) -> VerifiedXades:
    return xades.verify_enveloped(sent(root), pki.trust(name), pki.NOW, **options)


def around(written: etree._Element, name: str = "hub", **options: Any) -> VerifiedXades:
    return xades.verify_enveloping(sent(written), pki.trust(name), pki.NOW, **options)


def beside(written: etree._Element, files: Any = None, name: str = "hub", **options: Any) -> VerifiedXades:
    return xades.verify_detached(sent(written), files or FILES, pki.trust(name), pki.NOW, **options)


def find(root: etree._Element, name: str) -> Any:
    element = root.find(f".//{{*}}{name}")
    assert element is not None
    return element


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["hub", "hub-ec", "hub-p384"])
def test_a_signed_document_comes_back_without_its_signature(method: str, name: str) -> None:
    """Whose it is, when it was signed and what it is are known from the signature."""
    found = in_document(enveloped(method, name), name)
    assert found.element is not None
    assert xml.canonicalize_document(found.element) == xml.canonicalize_document(xml.parse(DECLARATION))
    assert (found.partner, found.certificate, found.level) == (name, pki.certificate(name), "B-B")
    assert (found.signing_time, found.media_types) == (pki.NOW, {"": "text/xml"})


@pytest.mark.parametrize("method", METHODS)
def test_an_enveloped_element_comes_back_alone(method: str) -> None:
    """The element is parsed from the signed bytes; the inclusive form covers namespaces that only values use."""
    found = around(enveloping(method))
    assert found.element is not None
    assert found.element.getparent() is None
    assert xml.canonicalize(found.element) == xml.canonicalize(xml.parse(DECLARATION))
    assert ("q" in found.element.nsmap) == (method == C14N)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("data", [b"", bytes(range(256)), DECLARATION])
def test_enveloped_data_comes_back_byte_for_byte(method: str, data: bytes) -> None:
    """Any octets travel as base64, and their type is signed with them."""
    found = around(enveloping(method, data))
    assert (found.data, found.element) == (data, None)
    assert found.media_types == {"": "application/octet-stream"}


@pytest.mark.parametrize("method", METHODS)
def test_signed_files_keep_their_names_and_types(method: str) -> None:
    """Names with spaces, percent signs and Vietnamese letters are addresses and come back as names."""
    found = beside(detached(method))
    assert found.files == FILES
    assert found.media_types["ghi chú.bin"] == "application/x-ghi-chu"
    assert found.media_types["100%.json"] == "application/octet-stream"


def test_a_file_may_be_given_as_a_stream() -> None:
    """A large file is read piece by piece, on both sides, and never wholly in memory."""
    large = bytes(1_000_000)
    opened = {"log/entries.jsonl": lambda: io.BytesIO(large)}
    written = xades.sign_detached(opened, pki.signer("hub"), at=pki.NOW, media_types={})
    assert beside(written, opened).files == opened
    with pytest.raises(ContentChanged):
        beside(written, {"log/entries.jsonl": lambda: io.BytesIO(large + b"\0")})


@pytest.mark.parametrize("digest", [algorithms.SHA256, algorithms.SHA384, algorithms.SHA512])
def test_longer_digests_can_be_chosen(digest: str) -> None:
    """Every reference then uses the same digest method."""
    written = detached(digest_method=digest)
    assert {each.get("Algorithm") for each in written.iterfind(".//{*}Reference/{*}DigestMethod")} == {digest}
    beside(written)


@settings(max_examples=120, deadline=None)
@given(documents(), st.sampled_from(METHODS), st.sampled_from(["hub-ec", "hub"]))
def test_any_document_can_be_signed_within(document: bytes, method: str, name: str) -> None:
    """Whatever prefixes, default namespaces, comments, instructions and line ends: it verifies here and elsewhere."""
    root = enveloped(method, name, document)
    found = in_document(root, name)
    assert found.element is not None
    assert xml.canonicalize_document(found.element) == xml.canonicalize_document(xml.parse(document))
    by_xmlsec(root, name)


@settings(max_examples=120, deadline=None)
@given(documents(), st.sampled_from(METHODS), st.sampled_from(["hub-ec", "hub"]))
def test_any_element_can_be_enveloped(document: bytes, method: str, name: str) -> None:
    """The same for an element inside a signature, as a whole or from the middle of a document."""
    root = xml.parse(document)
    for element in (root, next(root.iterchildren(etree.Element))):
        written = enveloping(method, element, name)
        found = around(written, name)
        assert found.element is not None
        alone = xml.reparse(
            xml.canonicalize(element, exclusive=False)
        )  # with the language of its surroundings
        assert xml.canonicalize(found.element) == xml.canonicalize(alone)
        by_xmlsec(written, name)


@settings(max_examples=60, deadline=None)
@given(documents(), st.sampled_from(METHODS))
def test_a_signature_may_stand_in_any_document(document: bytes, method: str) -> None:
    """A detached signature is computed in the place that it is given, so that the inclusive form fits there."""
    root = xml.parse(document)
    detached(method, parent=root)
    received = sent(root)
    beside_in = xades.verify_detached(received[-1], FILES, pki.trust("hub"), pki.NOW)
    assert beside_in.files == FILES


def by_xmlsec(root: etree._Element, name: str) -> None:
    """Verify with libxmlsec. Raises xmlsec.Error."""
    received = sent(root)
    xmlsec.tree.add_ids(received, ["Id"])
    context = xmlsec.SignatureContext()
    pem = pki.certificate(name).public_bytes(Encoding.PEM)
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
    context.verify(next(each for each in received.iter("{*}Signature") if each.get("Id")))


def by_signxml(root: etree._Element, certificate: x509.Certificate) -> None:
    """Verify with signxml, schema and signed properties included. Raises signxml's exceptions."""
    verifier = signxml.xades.XAdESVerifier()
    verifier.verify(etree.tostring(root), x509_cert=certificate, expect_references=2)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["hub", "hub-ec"])
def test_other_libraries_verify_ours(method: str, name: str) -> None:
    """libxmlsec and signxml accept what we sign, in either canonical form, and the second checks the schema too."""
    signed = [
        enveloped(method, name, PLAIN),
        enveloping(method, xml.parse(PLAIN), name),
        enveloping(method, PLAIN, name),
    ]
    for root in signed:
        by_xmlsec(root, name)
        by_signxml(root, pki.certificate(name))


@pytest.mark.parametrize("method", METHODS)
def test_other_libraries_refuse_ours_once_changed(method: str) -> None:
    """What they verify is what we mean: a changed name is noticed, and so is a changed signing time."""
    for change in ("HoTen", "SigningTime"):
        root = enveloped(method, document=PLAIN)
        find(root, change).text = "2026-01-01T00:00:00Z"
        with pytest.raises(xmlsec.Error):
            by_xmlsec(root, "hub")
        with pytest.raises(signxml.InvalidSignature):
            by_signxml(root, pki.certificate("hub"))


def signed_by_signxml(kind: signxml.SignatureConstructionMethod, method: str) -> etree._Element:
    signer = signxml.xades.XAdESSigner(method=kind, c14n_algorithm=method)
    return signer.sign(xml.parse(PLAIN), key=pki.key("hub"), cert=[pki.certificate("hub")])


@pytest.mark.parametrize("kind", [signxml.methods.enveloped, signxml.methods.enveloping])
def test_we_verify_the_signatures_of_another_library(kind: signxml.SignatureConstructionMethod) -> None:
    """What signxml signs is accepted, with its reference to KeyInfo, and no longer when it was changed."""
    verify = xades.verify_enveloped if kind is signxml.methods.enveloped else xades.verify_enveloping
    root = sent(signed_by_signxml(kind, C14N))
    stated = find(root, "SigningTime").text
    at = pki.NOW.fromisoformat(stated)
    found = verify(root, pki.trust("hub"), at)
    assert found.element is not None
    assert (xml.canonicalize(found.element), found.signing_time) == (PLAIN, at)
    for name in ("HoTen", "SigningTime", "KeyValue"):
        changed = copy.deepcopy(root)
        find(changed, name).text = "2026-01-01T00:00:00Z"
        with pytest.raises(SignatureInvalid):
            verify(changed, pki.trust("hub"), at)


def test_the_known_mistake_of_another_library_is_refused() -> None:
    """signxml digests its properties before they have their place, so that no verifier agrees; nor does its own."""
    root = sent(signed_by_signxml(signxml.methods.enveloped, EXCLUSIVE_C14N))
    with pytest.raises(SignatureInvalid, match="changed after signing"):
        xades.verify_enveloped(root, pki.trust("hub"), pki.NOW + timedelta(days=82))
    with pytest.raises(xmlsec.Error):
        by_xmlsec(root, "hub")


def test_identifiers_follow_from_content_signer_and_time() -> None:
    """Two signatures never share one, so that both may be put into one document; the same is made twice alike."""
    contents = [PLAIN, DECLARATION]
    made = {
        enveloping(content=content, name=name).get("Id") for content in contents for name in ("hub", "hub-ec")
    }
    assert len(made) == 4
    assert enveloping(content=PLAIN).get("Id") == enveloping(content=PLAIN).get("Id")


def test_the_same_signature_is_not_put_into_a_document_twice() -> None:
    """Nobody could say which of the two an identifier means."""
    parent = xml.parse(PLAIN)
    detached(parent=parent)
    detached(parent=parent, name="hub-ec")
    with pytest.raises(SignatureInvalid, match="one element"):
        detached(parent=parent)


def test_a_document_is_signed_once_and_as_a_whole() -> None:
    """Signing twice, or a part of a document, is a mistake of the caller."""
    root = enveloped()
    with pytest.raises(SigningError, match="already"):
        xades.sign_enveloped(root, pki.signer("hub"), at=pki.NOW)
    with pytest.raises(SigningError, match="whole document"):
        xades.sign_enveloped(root[0], pki.signer("hub"), at=pki.NOW)


def test_only_listed_canonicalisations_are_written() -> None:
    """Comments are never signed, because nobody should read them."""
    with pytest.raises(SignatureInvalid, match="not accepted"):
        enveloped("http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments")


def test_no_file_is_no_signature() -> None:
    """A signature over nothing would look like one over everything."""
    with pytest.raises(SigningError, match="no file"):
        xades.sign_detached({}, pki.signer("hub"), at=pki.NOW, media_types={})


def test_all_changed_files_are_named() -> None:
    """Not only the first: who has to explain it wants to know all."""
    with pytest.raises(ContentChanged) as caught:
        beside(detached(), dict(FILES, **{"100%.json": b"[]", "ghi chú.bin": b""}))
    assert set(caught.value.names) == {"100%.json", "ghi chú.bin"}


def test_files_that_nobody_signed_are_noticed() -> None:
    """The caller decides whether every file must be covered; the result holds those that are."""
    more = dict(FILES, extra=b"")
    with pytest.raises(SignatureInvalid, match="not covered by the signature: extra"):
        beside(detached(), more)
    assert beside(detached(), more, whole=False).files == FILES


def test_a_signed_file_that_is_missing_is_noticed() -> None:
    """A reference without its file proves nothing."""
    with pytest.raises(SignatureInvalid, match="not there"):
        beside(detached(), {"100%.json": b"{}"}, whole=False)


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


def test_a_document_is_verified_in_either_form() -> None:
    """XAdES or plain XML-DSig, by what it carries; who wants a signing time can demand the first."""
    plain = xml.parse(DECLARATION)
    sign_enveloped(plain, pki.signer("hub"))
    trust = pki.trust("hub")
    assert xades.verify_document(sent(plain), trust, pki.NOW).signing_time is None
    found = xades.verify_document(enveloped(), trust, pki.NOW)
    assert (found.partner, found.signing_time) == ("hub", pki.NOW)
    assert xml.canonicalize(found.element) == xml.canonicalize(xml.parse(DECLARATION))
    with pytest.raises(SignatureInvalid):
        xades.verify_document(sent(plain), trust, pki.NOW, baseline=True)
    with pytest.raises(SignatureInvalid):
        xades.verify_document(xml.parse(PLAIN), trust, pki.NOW)


def test_one_form_is_not_taken_for_another() -> None:
    """A signature over files is not one over a document, and so on."""
    wrong = [
        lambda: in_document(enveloping()),
        lambda: around(detached()),
        lambda: beside(enveloping()),
        lambda: beside(find(enveloped(), "SignatureValue").getparent()),
        lambda: around(xml.parse(PLAIN)),
    ]
    for verify in wrong:
        with pytest.raises(SignatureInvalid):
            verify()


@pytest.mark.parametrize(("name", "trusted"), [("stranger", "hub"), ("expired", "expired"), ("weak", "weak")])
def test_a_good_signature_of_nobody_we_trust_is_refused(name: str, trusted: str) -> None:
    """Arithmetic is not trust."""
    root = xml.parse(DECLARATION)
    xades.sign_enveloped(root, pki.signer(name), at=pki.NOW)
    with pytest.raises(Untrusted):
        in_document(root, trusted)


SIGNED = [xml.serialize(enveloped(name="hub-ec")), xml.serialize(enveloping(name="hub-ec"))]


@settings(max_examples=150, deadline=None)
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
