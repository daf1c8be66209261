"""Enveloped and two-reference signatures, also against the hub's own implementation."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

import signing.xml
from sandbox import ManualClock
from sandbox.core.dsig import (
    BadSignature,
    sign_enveloped,
    sign_two_reference,
    verify_enveloped,
    verify_two_reference,
)
from sandbox.core.keys import Identity, identity
from sandbox.core.xml import DSIG, parse, serialize
from signing.keys import FileKey
from signing.trust import Trust
from signing.xmlsig import xmldsig

PLAIN = '<h:a xmlns:h="urn:x" xmlns:unused="urn:y"><h:b>Thủy</h:b></h:a>'.encode()
TWO = '<HSDL><TK Id="Id-1"><TEN>Thủy</TEN></TK><CHUKYDONVI/></HSDL>'.encode()
NAMES = {"payload": "TK", "holder": "CHUKYDONVI"}
SIGNATURE = f"{{{DSIG}}}Signature"


def again(root: etree._Element) -> etree._Element:
    """The document as its receiver reads it."""
    return parse(serialize(root))


def test_enveloped_signature_is_the_last_child(keys: Identity, clock: ManualClock) -> None:
    """What is verified is the document without its signature."""
    signed = again(sign_enveloped(parse(PLAIN), keys))
    assert signed[-1].tag == SIGNATURE
    assert [item.text for item in verify_enveloped(signed, keys.certificate, clock())] == ["Thủy"]


def test_changes_are_noticed(keys: Identity, clock: ManualClock) -> None:
    """One letter."""
    data = serialize(sign_enveloped(parse(PLAIN), keys)).replace("Thủy".encode(), "Thùy".encode())
    with pytest.raises(BadSignature):
        verify_enveloped(parse(data), keys.certificate, clock())


def test_only_the_pinned_certificate_counts(keys: Identity, tmp_path: Path, clock: ManualClock) -> None:
    """A good signature by somebody else is no signature."""
    other = identity(tmp_path, "other", clock())
    with pytest.raises(BadSignature):
        verify_enveloped(again(sign_enveloped(parse(PLAIN), other)), keys.certificate, clock())


def test_expired_certificate(keys: Identity, clock: ManualClock) -> None:
    """Signatures are checked at the agency's time."""
    with pytest.raises(BadSignature):
        verify_enveloped(
            again(sign_enveloped(parse(PLAIN), keys)), keys.certificate, clock() + timedelta(days=9999)
        )


def test_wrapped_signature_is_refused(keys: Identity, clock: ManualClock) -> None:
    """A signed document inside another, or a signature that is not last, is not accepted."""
    signed = sign_enveloped(parse(PLAIN), keys)
    outer = etree.Element("outer")
    outer.append(signed)
    moved = again(sign_enveloped(parse(PLAIN), keys))
    moved.insert(0, moved[-1])
    for document in (outer, moved, parse(PLAIN)):
        with pytest.raises(BadSignature):
            verify_enveloped(document, keys.certificate, clock())


def test_two_reference_signature(keys: Identity, clock: ManualClock) -> None:
    """The payload that was signed comes back; the signature sits in its holder."""
    signed = again(sign_two_reference(parse(TWO), keys, at=clock(), **NAMES))
    assert signed[1][0].tag == SIGNATURE
    payload = verify_two_reference(signed, keys.certificate, clock(), **NAMES)
    assert payload.findtext("TEN") == "Thủy"


def test_two_reference_needs_both_places(keys: Identity, clock: ManualClock) -> None:
    """Without payload or holder there is nothing to sign."""
    with pytest.raises(ValueError, match="CHUKYDONVI"):
        sign_two_reference(parse(b'<A><TK Id="1"/></A>'), keys, at=clock(), **NAMES)


@pytest.mark.parametrize(
    ("old", "new"), [("Thủy", "Thùy"), (">2026-11", ">2025-11"), ('Id="Id-1"', 'Id="Id-2"')]
)
def test_two_reference_changes_are_noticed(keys: Identity, clock: ManualClock, old: str, new: str) -> None:
    """The payload, its Id and the signing time are all signed."""
    data = serialize(sign_two_reference(parse(TWO), keys, at=clock(), **NAMES)).decode()
    assert old in data
    changed = data.replace(old, new, 1).encode()
    with pytest.raises(BadSignature):
        verify_two_reference(parse(changed), keys.certificate, clock(), **NAMES)


def test_two_reference_payload_must_be_the_signed_one(keys: Identity, clock: ManualClock) -> None:
    """A second payload in front of the signed one is not read."""
    signed = again(sign_two_reference(parse(TWO), keys, at=clock(), **NAMES))
    signed.insert(0, parse('<TK Id="Id-2"><TEN>Kẻ gian</TEN></TK>'.encode()))
    with pytest.raises(BadSignature):
        verify_two_reference(signed, keys.certificate, clock(), **NAMES)


def test_hub_verifies_what_agencies_sign(keys: Identity, clock: ManualClock) -> None:
    """Two implementations agree: ours signs, the hub's verifies."""
    trust = Trust({"agency": [keys.certificate]})
    enveloped = signing.xml.parse(serialize(sign_enveloped(parse(PLAIN), keys)))
    assert xmldsig.verify_enveloped(enveloped, trust, clock()).partner == "agency"
    two = signing.xml.parse(serialize(sign_two_reference(parse(TWO), keys, at=clock(), **NAMES)))
    assert xmldsig.verify_two_reference(two, trust, clock(), **NAMES).partner == "agency"


def test_agencies_verify_what_the_hub_signs(keys: Identity, clock: ManualClock) -> None:
    """Two implementations agree: the hub's signs, ours verifies."""
    signer = FileKey(keys.key, [keys.certificate])
    enveloped = signing.xml.parse(PLAIN)
    xmldsig.sign_enveloped(enveloped, signer)
    assert len(verify_enveloped(parse(signing.xml.serialize(enveloped)), keys.certificate, clock())) == 1
    two = signing.xml.parse(TWO)
    xmldsig.sign_two_reference(two, signer, at=clock(), **NAMES)
    assert (
        len(verify_two_reference(parse(signing.xml.serialize(two)), keys.certificate, clock(), **NAMES)) == 1
    )
