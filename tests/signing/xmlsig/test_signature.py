from __future__ import annotations

import pytest
from lxml import etree

from signing import algorithms, xml
from signing.errors import SignatureInvalid
from signing.xmlsig.signature import (
    Reference,
    Transform,
    check_unique,
    decode_base64,
    ds,
    octets,
    only_child,
)

DOCUMENT = b'<A Id="a"><B id="b"/>before<S xmlns="http://www.w3.org/2000/09/xmldsig#"/>after</A>'


def parsed(document: bytes = DOCUMENT) -> tuple[etree._Element, etree._Element]:
    """Root and signature of a document."""
    root = xml.parse(document.replace(b"<S ", b"<Signature "))
    return root, next(root.iter(ds("Signature")))


def test_the_enveloped_transform_takes_out_the_signature_only() -> None:
    """The text around the signature stays, and the document itself is not touched."""
    root, signature = parsed()
    before = xml.serialize(root)
    reference = Reference("", (Transform(algorithms.ENVELOPED), Transform(algorithms.EXCLUSIVE_C14N)))
    assert octets(root, reference, signature) == b'<A Id="a"><B id="b"></B>beforeafter</A>'
    assert xml.serialize(root) == before


def test_a_reference_without_transforms_is_canonicalised_inclusively() -> None:
    """That is the default of the standard (§4.4.3.2)."""
    root = xml.parse(b'<r xmlns:p="urn:p"><A/><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></r>')
    assert octets(root[0], Reference("#a", ()), root[1]) == b'<A xmlns:p="urn:p"></A>'


@pytest.mark.parametrize(
    "chain",
    [
        ["http://www.w3.org/TR/1999/REC-xpath-19991116"],
        [algorithms.C14N, algorithms.C14N],
        [algorithms.C14N, algorithms.ENVELOPED],
        [algorithms.ENVELOPED, algorithms.ENVELOPED],
        ["http://www.w3.org/2000/09/xmldsig#base64"],
        [""],
    ],
)
def test_any_other_chain_of_transforms_is_refused(chain: list[str]) -> None:
    """Only the enveloped transform and then one canonicalisation are carried out."""
    root, signature = parsed()
    reference = Reference("", tuple(Transform(algorithm) for algorithm in chain))
    with pytest.raises(SignatureInvalid, match="transforms"):
        octets(root, reference, signature)


def test_the_enveloped_transform_is_for_whole_documents() -> None:
    """A part that contains its own signature is not a form that we sign or verify."""
    outer = xml.parse(b'<O><A><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></A></O>')
    with pytest.raises(SignatureInvalid, match="whole document"):
        octets(outer[0], Reference("#a", (Transform(algorithms.ENVELOPED),)), outer[0][0])


def test_an_identifier_must_be_unique_under_all_its_names() -> None:
    """Id, ID, id, xml:id and wsu:Id count together, because readers differ in what they look at."""
    root, _ = parsed()
    check_unique(root, ["a", "b"])
    root[0].set("ID", "a")
    for identifier in ("a", "missing"):
        with pytest.raises(SignatureInvalid, match=identifier):
            check_unique(root, [identifier])


def test_one_child_means_one() -> None:
    """Missing and repeated children are refused with both names."""
    root = xml.parse(b"<A><B/><B/></A>")
    for name, count in (("B", 2), ("C", 0)):
        with pytest.raises(SignatureInvalid, match=f"<A> must have one <{name}>, not {count}"):
            only_child(root, name)


@pytest.mark.parametrize(("text", "data"), [(b"AQID", b"\1\2\3"), (b" AQ\n ID ", b"\1\2\3"), (b"", b"")])
def test_base64_may_be_broken_into_lines(text: bytes, data: bytes) -> None:
    """White space is allowed between the characters."""
    assert decode_base64(xml.parse(b"<V>" + text + b"</V>")) == data


@pytest.mark.parametrize("text", ["AQI", "A*ID", "AQIDé"])
def test_other_characters_are_not_base64(text: str) -> None:
    """Nothing is skipped or guessed."""
    with pytest.raises(SignatureInvalid, match="<V> is not base64"):
        decode_base64(xml.parse(f"<V>{text}</V>".encode()))
