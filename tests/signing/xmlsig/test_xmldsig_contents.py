from __future__ import annotations

import copy
from typing import Any

import pytest
import signxml
from lxml import etree

from signing import algorithms, xml
from signing.errors import ContentChanged, SignatureInvalid, Untrusted
from signing.xmlsig import signature
from signing.xmlsig.signature import Reference
from signing.xmlsig.xmldsig import verify_detached, verify_enveloping
from tests import pki

PLAIN = "<KhaiSinh><HoTen>Nguyễn Văn An</HoTen></KhaiSinh>".encode()
FILES = {"a b.xml": PLAIN, "b.bin": b"123"}
TRUST = pki.trust("hub")


def find(root: etree._Element, name: str) -> Any:
    element = root.find(f".//{{*}}{name}")
    assert element is not None
    return element


def enveloping(method: str = algorithms.EXCLUSIVE_C14N) -> etree._Element:
    """What another library signs."""
    signer = signxml.XMLSigner(method=signxml.methods.enveloping, c14n_algorithm=method)
    signed = signer.sign(xml.parse(PLAIN), key=pki.key("hub"), cert=[pki.certificate("hub")])
    return xml.parse(etree.tostring(signed))


def detached() -> etree._Element:
    """What a partner could sign: the octets of two files."""
    references = [
        Reference(uri, (), digest_value=algorithms.digest(algorithms.SHA256, content))
        for uri, content in zip(("a%20b.xml", "b.bin"), FILES.values(), strict=True)
    ]
    written = signature.write(references, pki.signer("hub"), canonicalization=algorithms.C14N)
    signature.enclose_certificate(written, pki.certificate("hub"))
    signature.complete(written, references, pki.signer("hub"), {})
    return xml.parse(xml.serialize(written))


@pytest.mark.parametrize("method", [algorithms.C14N, algorithms.EXCLUSIVE_C14N])
def test_the_enveloped_element_of_another_library_is_verified(method: str) -> None:
    """It comes back alone, with the partner who signed it."""
    found = verify_enveloping(enveloping(method), TRUST, pki.NOW)
    assert (xml.canonicalize(found.element), found.partner) == (PLAIN, "hub")


def content_changed(written: etree._Element) -> None:
    find(written, "HoTen").text = "Trần Thị Bình"


def second_object(written: etree._Element) -> None:
    written.append(copy.deepcopy(find(written, "Object")))


def wrapped(written: etree._Element) -> None:
    signed = find(written, "Object")
    forged = copy.deepcopy(signed)
    forged.set("Id", "forged")
    written.replace(signed, forged)
    forged.append(signed)


@pytest.mark.parametrize("attack", [content_changed, second_object, wrapped], ids=lambda each: each.__name__)
def test_an_attacked_enveloping_signature_is_refused(attack: Any) -> None:
    """Changed, doubled or wrapped."""
    written = enveloping()
    attack(written)
    with pytest.raises(SignatureInvalid):
        verify_enveloping(written, TRUST, pki.NOW)


def test_signed_files_are_verified() -> None:
    """By name, all of them, unless the caller asks for less."""
    assert verify_detached(detached(), FILES, TRUST, pki.NOW).files == FILES
    with pytest.raises(ContentChanged, match=r"b\.bin"):
        verify_detached(detached(), {**FILES, "b.bin": b"124"}, TRUST, pki.NOW)
    with pytest.raises(SignatureInvalid, match="not covered"):
        verify_detached(detached(), {**FILES, "c": b""}, TRUST, pki.NOW)
    assert verify_detached(detached(), {**FILES, "c": b""}, TRUST, pki.NOW, whole=False).partner == "hub"


def test_the_signer_must_be_trusted() -> None:
    """Here as in every other form."""
    for verify in (
        lambda trust: verify_enveloping(enveloping(), trust, pki.NOW),
        lambda trust: verify_detached(detached(), FILES, trust, pki.NOW),
    ):
        with pytest.raises(Untrusted):
            verify(pki.trust("cutru"))
