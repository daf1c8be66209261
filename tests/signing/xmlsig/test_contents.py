from __future__ import annotations

import pytest
from lxml import etree

from signing import algorithms, xml
from signing.errors import ContentChanged, SignatureInvalid, SigningError
from signing.xmlsig import contents
from signing.xmlsig.signature import Reference, Transform

FILES = {"bodies/17 a.xml": b"<a/>", "ghi chú.bin": b"123"}
DS = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = (Transform(algorithms.EXCLUSIVE_C14N),)


def to(name: str, content: bytes) -> Reference:
    return Reference(name, (), digest_value=algorithms.digest(algorithms.SHA256, content))


def to_files() -> list[Reference]:
    return [to(contents.address(name), content) for name, content in FILES.items()]


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../a", "a/../b", "a//b", "./a", "a\\b", "a\0", ".", "a/"]
)
def test_a_file_outside_of_the_folder_has_no_address(name: str) -> None:
    """Names are plain paths below the place where the signature stands."""
    with pytest.raises(SigningError, match="relative path"):
        contents.address(name)


def test_covered_files_go_by_their_names() -> None:
    """An address is decoded once, and every file has one reference."""
    assert list(contents.covered(to_files(), FILES, whole=True)) == list(FILES)


@pytest.mark.parametrize(
    "uri", ["../a", "/a", "file:a", "//h/a", "", "#a", "ghi", "a?x", "%00", "%FF", "a\\b", "%2e%2e/a", "a b"]
)
def test_what_is_no_address_of_a_file_there_is_refused(uri: str) -> None:
    """No folder is left and nothing is fetched."""
    with pytest.raises(SignatureInvalid):
        contents.covered([to(uri, b"123")], FILES, whole=False)


def test_every_changed_file_is_named() -> None:
    """Missing and repeated ones are refused before anything is digested."""
    with pytest.raises(ContentChanged) as caught:
        contents.covered(to_files(), dict.fromkeys(FILES, b"x"), whole=True)
    assert caught.value.names == tuple(FILES)
    with pytest.raises(SignatureInvalid, match="twice"):
        contents.covered(to_files() * 2, FILES, whole=True)
    with pytest.raises(SignatureInvalid, match="not covered"):
        contents.covered(to_files()[:1], FILES, whole=True)


def held(
    inside: str, transforms: tuple[Transform, ...] = EXCLUSIVE, uri: str = "#o"
) -> bytes | etree._Element:
    """What an Object is read as, whose digest fits."""
    written = xml.parse(f'<Signature xmlns="{DS}"><Object Id="o">{inside}</Object></Signature>'.encode())
    signed = inside.encode() if transforms != EXCLUSIVE else xml.canonicalize(written[0])
    if transforms != EXCLUSIVE:
        signed = b"data"
    digest = algorithms.digest(algorithms.SHA256, signed)
    return contents.held(Reference(uri, transforms, digest_value=digest), written[0], written)


def test_an_object_holds_an_element_or_data() -> None:
    """The element is a document of its own; data is decoded as the transform says."""
    element = held(' <a xmlns="">1</a> ')
    assert isinstance(element, etree._Element)
    assert (element.tag, element.getparent()) == ("a", None)
    assert held("ZGF0YQ==", (Transform(algorithms.BASE64),)) == b"data"


@pytest.mark.parametrize("inside", ["", "text", "<a/><b/>", "<a/>text", '<a Id="o"/>'])
def test_an_object_with_something_else_is_refused(inside: str) -> None:
    """Two elements, or text beside one, would be read differently by different readers."""
    with pytest.raises(SignatureInvalid):
        held(inside)


def test_the_reference_must_be_to_that_object() -> None:
    """And to nothing that only looks like it."""
    with pytest.raises(SignatureInvalid, match="not to the signature"):
        held("<a/>", uri="#other")
