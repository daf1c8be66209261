from __future__ import annotations

import io

import pytest

from signing import algorithms, xml
from signing.algorithms import C14N
from signing.errors import ContentChanged, SignatureInvalid, SigningError
from signing.xmlsig import xades
from signing.xmlsig.xmldsig import sign_enveloped
from tests import pki
from tests.signing.xmlsig.xades_forms import (
    DECLARATION,
    FILES,
    METHODS,
    PLAIN,
    around,
    beside,
    detached,
    enveloped,
    enveloping,
    find,
    in_document,
    sent,
)


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
