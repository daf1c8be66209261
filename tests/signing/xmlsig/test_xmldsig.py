from __future__ import annotations

import base64
import copy
import dataclasses
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import signxml
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from signing import algorithms, xml
from signing.errors import SignatureInvalid, SigningError, Untrusted, XmlRefused
from signing.trust import Trust
from signing.xmlsig import signature
from signing.xmlsig.signature import Transform, enclosed_certificate
from signing.xmlsig.xmldsig import (
    Verified,
    document_reference,
    sign_enveloped,
    verify_enveloped,
)
from tests import pki

DS = "{http://www.w3.org/2000/09/xmldsig#}"
DECLARATION = (
    '<?xml version="1.0"?><?order 1?><KhaiSinh xmlns="urn:ks" xmlns:a="urn:a" xmlns:b="urn:a" xml:lang="vi">'
    '<!-- c --><b:HoTen xmlns="" a:k="1" b:l="2">Nguyễn Văn&#13; An</b:HoTen>'
    "<SoDinhDanh>001099000001</SoDinhDanh>tail</KhaiSinh>"
).encode()
Change = Callable[[etree._Element], None]


def enveloped(name: str = "hub", document: bytes = DECLARATION) -> etree._Element:
    root = xml.parse(document)
    sign_enveloped(root, pki.signer(name))
    return xml.parse(xml.serialize(root))


def verified(root: etree._Element, name: str = "hub") -> Verified:
    return verify_enveloped(xml.parse(xml.serialize(root)), pki.trust(name), pki.NOW)


def find(root: etree._Element, name: str) -> Any:
    element = root.find(f".//{{*}}{name}")
    assert element is not None
    return element


@pytest.mark.parametrize("name", ["hub", "hub-ec", "hub-p384"])
def test_a_signed_document_is_returned_without_its_signature(name: str) -> None:
    """The element is the document that was signed; certificate and partner say by whom."""
    found = verified(enveloped(name), name)
    assert xml.canonicalize_document(found.element) == xml.canonicalize_document(xml.parse(DECLARATION))
    assert (found.partner, found.certificate) == (name, pki.certificate(name))


def test_verifying_leaves_the_document_alone() -> None:
    """The tree that was passed is the same before and after."""
    root = enveloped()
    before = xml.serialize(root)
    verify_enveloped(root, pki.trust("hub"), pki.NOW)
    assert xml.serialize(root) == before


def test_text_around_the_signature_is_covered() -> None:
    """Text after the signature belongs to the document, and cannot be added later."""
    root = enveloped()
    root[-1].tail = "added"
    with pytest.raises(SignatureInvalid, match="changed after signing"):
        verified(root)


def test_a_comment_inside_a_value_is_refused() -> None:
    """A comment that truncates a value for careless readers is not covered by the signature: it is not read at all."""
    root = enveloped()
    number = find(root, "SoDinhDanh")
    number.text = "0010990"
    comment = etree.Comment("cut")
    comment.tail = "00001"
    number.insert(0, comment)
    with pytest.raises(XmlRefused, match="SoDinhDanh"):
        verified(root)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_byte_of_a_signed_value_can_be_changed(data: st.DataObject) -> None:
    """Whatever byte of the document is replaced: it is refused, or nothing signed has changed."""
    original = xml.serialize(SIGNED)
    at = data.draw(st.integers(0, len(original) - 1))
    touched = bytearray(original)
    touched[at] = data.draw(st.integers(0, 255))
    try:
        found = verify_enveloped(xml.parse(bytes(touched)), pki.trust("hub"), pki.NOW)
    except SigningError:
        return
    assert xml.canonicalize_document(found.element) == xml.canonicalize_document(xml.parse(DECLARATION))


SIGNED = enveloped()


def wrap_in_a_new_root(root: etree._Element) -> None:
    """The signed document becomes a child, under a root that says something else."""
    inner = copy.deepcopy(root)
    signature = inner[-1]
    root[:] = [inner, signature]


def second_signature(root: etree._Element) -> None:
    root.append(copy.deepcopy(root[-1]))


def signature_moved_down(root: etree._Element) -> None:
    root[1].append(root[-1])


def reference_to_a_part(root: etree._Element) -> None:
    find(root, "Reference").set("URI", "#part")
    root[1].set("Id", "part")


def content_changed(root: etree._Element) -> None:
    find(root, "SoDinhDanh").text = "001099000002"


def attribute_changed(root: etree._Element) -> None:
    root.set("{http://www.w3.org/XML/1998/namespace}lang", "en")


def digest_replaced(root: etree._Element) -> None:
    """Whoever changes content and digest has changed SignedInfo."""
    content_changed(root)
    find(root, "DigestValue").text = base64.b64encode(bytes(32)).decode()


def digest_with_comment(root: etree._Element) -> None:
    find(root, "DigestValue").insert(0, etree.Comment("x"))
    content_changed(root)


def hmac_with_the_public_certificate(root: etree._Element) -> None:
    find(root, "SignatureMethod").set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")


def weak_digest(root: etree._Element) -> None:
    find(root, "DigestMethod").set("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1")


def xslt_transform(root: etree._Element) -> None:
    find(root, "Transform").set("Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")


def other_canonicalization(root: etree._Element) -> None:
    find(root, "CanonicalizationMethod").set(
        "Algorithm", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
    )


def no_certificate(root: etree._Element) -> None:
    find(root, "X509Data").clear()


def no_reference(root: etree._Element) -> None:
    find(root, "SignedInfo").remove(find(root, "Reference"))


def value_emptied(root: etree._Element) -> None:
    find(root, "SignatureValue").text = ""


def value_not_base64(root: etree._Element) -> None:
    find(root, "SignatureValue").text = "****"


def signature_removed(root: etree._Element) -> None:
    root.remove(root[-1])


def outer_instruction_changed(root: etree._Element) -> None:
    root.addprevious(etree.ProcessingInstruction("order", "2"))


ATTACKS: list[Change] = [
    wrap_in_a_new_root,
    second_signature,
    signature_moved_down,
    reference_to_a_part,
    content_changed,
    attribute_changed,
    digest_replaced,
    digest_with_comment,
    hmac_with_the_public_certificate,
    weak_digest,
    xslt_transform,
    other_canonicalization,
    no_certificate,
    no_reference,
    value_emptied,
    value_not_base64,
    signature_removed,
    outer_instruction_changed,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attacked_document_is_refused(attack: Change) -> None:
    """Wrapping, moving, weakening or changing: each is refused as an invalid signature."""
    root = enveloped()
    attack(root)
    with pytest.raises((SignatureInvalid, XmlRefused)):
        verified(root)


def test_the_certificate_of_another_partner_does_not_fit() -> None:
    """Replacing the certificate by another trusted one does not change who signed."""
    root = enveloped()
    find(root, "X509Certificate").text = find(enveloped("cutru"), "X509Certificate").text
    with pytest.raises(SignatureInvalid, match="does not match"):
        verified(root, "cutru")


@pytest.mark.parametrize(("name", "trusted"), [("stranger", "hub"), ("expired", "expired")])
def test_a_good_signature_of_nobody_we_trust_is_refused(name: str, trusted: str) -> None:
    """Arithmetic is not trust: the certificate must be known and valid at the time."""
    with pytest.raises(Untrusted):
        verified(enveloped(name), trusted)


def test_the_time_of_verification_is_given() -> None:
    """The same document is good or not, depending on the time asked about."""
    root = enveloped()
    with pytest.raises(Untrusted, match="expired"):
        verify_enveloped(root, pki.trust("hub"), pki.NOW + timedelta(days=400))


def test_unreadable_certificates_are_refused() -> None:
    """Base64 of something else is not a certificate."""
    root = enveloped()
    find(root, "X509Certificate").text = base64.b64encode(b"not a certificate").decode()
    with pytest.raises(Untrusted, match="cannot be read"):
        verified(root)


def test_a_document_is_signed_once_and_as_a_whole() -> None:
    """Signing twice, or a part of a document, is a mistake of the caller."""
    root = enveloped()
    with pytest.raises(SigningError, match="already"):
        sign_enveloped(root, pki.signer("hub"))
    with pytest.raises(SigningError, match="whole document"):
        sign_enveloped(root[1], pki.signer("hub"))


def by_signxml(document: bytes, name: str, **options: Any) -> etree._Element:
    settings = {"c14n_algorithm": "http://www.w3.org/2001/10/xml-exc-c14n#", **options.pop("settings", {})}
    signer = signxml.XMLSigner(**settings)
    return signer.sign(xml.parse(document), key=pki.key(name), cert=[pki.certificate(name)], **options)


def check_by_signxml(root: etree._Element, name: str, references: int = 1, **options: Any) -> Any:
    config = signxml.SignatureConfiguration(
        expect_references=references, verification_time=pki.NOW.replace(tzinfo=None), **options
    )
    pinned = pki.certificate(name)
    return signxml.XMLVerifier().verify(xml.serialize(root), x509_cert=pinned, expect_config=config)


def test_another_library_verifies_our_signature() -> None:
    """signxml accepts what we sign."""
    check_by_signxml(enveloped("hub", DECLARATION.replace(b"<?order 1?>", b"")), "hub")


def foreign(name: str) -> tuple[etree._Element, Trust]:
    """A document signed once with xmlsec, whose key was thrown away, and trust in its certificate."""
    root = xml.parse((Path(__file__).parents[1] / "data" / name).read_bytes())
    return root, Trust({"partner": [enclosed_certificate(find(root, "Signature"))]})


@pytest.mark.parametrize(
    "name", ["enveloped-exclusive.xml", "enveloped-inclusive.xml", "enveloped-prefixes.xml"]
)
def test_documents_signed_by_xmlsec_are_verified(name: str) -> None:
    """Exclusive and inclusive C14N, prefix lists, RSA and ECDSA, as that implementation writes them."""
    root, trust = foreign(name)
    found = verify_enveloped(root, trust, pki.NOW)
    assert find(found.element, "SoDinhDanh").text == "001099000001"


def test_a_prefix_list_with_the_default_namespace_is_refused() -> None:
    """The library below cannot do it, so it is said, instead of calling the content changed."""
    root, trust = foreign("enveloped-prefixes.xml")
    find(root, "CanonicalizationMethod").append(
        etree.Element("{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces", PrefixList="#default")
    )
    with pytest.raises(SignatureInvalid, match="#default"):
        verify_enveloped(root, trust, pki.NOW)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"c14n_algorithm": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"},
        {"signature_algorithm": "rsa-sha512", "digest_algorithm": "sha512"},
    ],
)
def test_we_verify_the_signature_of_another_library(settings: dict[str, str]) -> None:
    """What signxml signs is accepted, with either canonicalisation and longer hashes."""
    document = b"<KhaiSinh><HoTen>An</HoTen>tail</KhaiSinh>"  # without what signxml does not inherit
    found = verified(by_signxml(document, "hub", settings=settings))
    assert xml.canonicalize(found.element) == document


def test_we_verify_an_ecdsa_signature_of_another_library() -> None:
    """The fixed-width form of ECDSA values is understood in both directions."""
    signed = by_signxml(DECLARATION, "hub-ec", settings={"signature_algorithm": "ecdsa-sha256"})
    assert verified(signed, "hub-ec").partner == "hub-ec"


EXPRESSION = (algorithms.XPATH, f"{DS}XPath", {}, "not(ancestor-or-self::ds:Signature)")
FILTER = (
    algorithms.XPATH_FILTER,
    f"{{{algorithms.XPATH_FILTER}}}XPath",
    {"Filter": "subtract"},
    "/descendant::ds:Signature",
)


def signed_by_expression(
    method: str, tag: str, how: dict[str, str], text: str, prefix: str = "ds"
) -> etree._Element:
    """A document whose signature is taken out of it by an XPath expression, as some signers do."""
    root = xml.parse(DECLARATION)
    reference = document_reference(root, algorithms.EXCLUSIVE_C14N, algorithms.SHA256)
    steps = (Transform(method), Transform(algorithms.EXCLUSIVE_C14N))
    references = [dataclasses.replace(reference, transforms=steps)]
    written = signature.write(references, pki.signer("hub"), canonicalization=algorithms.EXCLUSIVE_C14N)
    signature.enclose_certificate(written, pki.certificate("hub"))
    etree.SubElement(find(written, "Transform"), tag, how, nsmap={prefix: DS[1:-1]}).text = text
    root.append(written)
    signature.complete(written, references, pki.signer("hub"), {})
    return root


@pytest.mark.parametrize("expression", [EXPRESSION, FILTER], ids=["1.0", "filter"])
def test_the_expression_that_takes_the_signature_out_is_understood(expression: Any) -> None:
    """It is not evaluated: in a document with one signature it means the enveloped transform."""
    root = signed_by_expression(*expression)
    found = verified(root)
    assert xml.canonicalize_document(found.element) == xml.canonicalize_document(xml.parse(DECLARATION))
    find(root, "SoDinhDanh").text = "001099000002"
    with pytest.raises(SignatureInvalid, match="changed after signing"):
        verified(root)


@pytest.mark.parametrize(
    "expression",
    [
        (*EXPRESSION[:3], "not(ancestor-or-self::ds:Signature) and 1"),
        (*EXPRESSION[:3], "true()"),
        (*EXPRESSION[:3], ""),
        (*EXPRESSION[:3], "not(ancestor-or-self::d:Signature)"),
        (*EXPRESSION[:3], "//*" * 9),
        (*EXPRESSION[:3], FILTER[3]),
        (*FILTER[:2], {"Filter": "intersect"}, FILTER[3]),
        (*FILTER[:2], {}, FILTER[3]),
        (*FILTER[:3], EXPRESSION[3]),
        (EXPRESSION[0], *FILTER[1:]),
        (FILTER[0], *EXPRESSION[1:]),
    ],
)
def test_any_other_expression_is_refused(expression: Any) -> None:
    """An expression could leave out whatever its author likes."""
    with pytest.raises(SignatureInvalid, match="parameter <XPath>"):
        verified(signed_by_expression(*expression))


def test_a_reference_to_the_root_by_its_identifier_is_accepted() -> None:
    """``#id`` of the root means the whole document, unless the identifier is used twice."""
    document = b'<A Id="x"><B/></A>'
    signed = by_signxml(document, "hub", reference_uri="#x")
    assert xml.canonicalize(verified(signed).element) == b'<A Id="x"><B></B></A>'
    signed[0].set("id", "x")
    with pytest.raises(SignatureInvalid, match="must belong to one element"):
        verified(signed)
