"""XAdES and two libraries that we did not write, in any document; others are in tests/foreign."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
import signxml
import signxml.xades
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from signing import xml
from signing.algorithms import C14N, EXCLUSIVE_C14N
from signing.errors import SignatureInvalid
from signing.xmlsig import xades
from tests import pki
from tests.signing.documents import documents
from tests.signing.xmlsig.xades_forms import (
    FILES,
    METHODS,
    PLAIN,
    around,
    detached,
    enveloped,
    enveloping,
    find,
    in_document,
    sent,
)


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


@settings(max_examples=50, deadline=None)
@given(documents(), st.sampled_from(METHODS), st.sampled_from(["hub-ec", "hub"]))
def test_any_document_can_be_signed_within(document: bytes, method: str, name: str) -> None:
    """Whatever prefixes, default namespaces, comments, instructions and line ends: it verifies here and elsewhere."""
    root = enveloped(method, name, document)
    found = in_document(root, name)
    assert found.element is not None
    assert xml.canonicalize_document(found.element) == xml.canonicalize_document(xml.parse(document))
    by_xmlsec(root, name)


@settings(max_examples=50, deadline=None)
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
