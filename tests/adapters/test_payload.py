"""Payloads find their place in the body and come back, in both styles, signed or not."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from adapters.contract import Message, load
from adapters.payload import Proven, from_body, to_body
from lienthong.testing import NOW
from signing.errors import SignatureInvalid
from signing.xml import canonicalize, parse, serialize
from signing.xmlsig.xmldsig import sign_enveloped, verify_enveloped
from tests import pki

CONTRACTS = Path(__file__).parent / "contracts"
LEDGER = "urn:test:ledger:1.0"
ENTRIES = [
    f'<Entry xmlns="{LEDGER}"><key xmlns="">key-1</key><text xmlns="">Bé</text></Entry>',
    f'<e:Entry xmlns:e="{LEDGER}" kind="x"><key>key-1</key><!-- b --><text>a  c</text></e:Entry>',
    f'<op:Entry xmlns:op="{LEDGER}" xmlns:unused="urn:u"><key>key-1</key><text/></op:Entry>',
    f'<a:Entry xmlns:a="{LEDGER}" xmlns:op="urn:taken"><key>key-1</key><text/></a:Entry>',
]


@pytest.fixture(scope="module")
def entry() -> Message:
    """A message of one rpc part."""
    return load(CONTRACTS, "ledger.wsdl").operation("submit").input


def sign(root: etree._Element) -> None:
    """As the hub."""
    sign_enveloped(root, pki.signer("hub"))


def verify(root: etree._Element) -> Proven:
    """As its partner."""
    verified = verify_enveloped(root, pki.trust("hub"), NOW)
    return Proven(verified.element, verified.partner)


@pytest.mark.parametrize("text", ENTRIES)
def test_rpc_part_stays_unqualified_on_the_wire(entry: Message, text: str) -> None:
    """Whatever prefixes the payload used, parsing what was serialised gives a part without namespace."""
    body = parse(serialize(to_body(entry, parse(text.encode()))))
    assert (body.tag, body[0].tag, body[0][0].tag) == (f"{{{LEDGER}}}submit", "entry", "key")


@pytest.mark.parametrize("text", ENTRIES)
def test_rpc_part_comes_back_as_the_document(entry: Message, text: str) -> None:
    """Out and in again is the same document, up to prefixes."""
    body = parse(serialize(to_body(entry, parse(text.encode()))))
    found = from_body(entry, body)
    assert isinstance(found, etree._Element)
    assert found.tag == f"{{{LEDGER}}}Entry"
    assert [child.text for child in found] == [child.text for child in parse(text.encode())]


@pytest.mark.parametrize("text", ENTRIES)
def test_signature_of_a_part_survives_the_wire(entry: Message, text: str) -> None:
    """Signed as a document of its own, wrapped, serialised, parsed, unwrapped, verified."""
    envelope = etree.Element("envelope", nsmap={"op": "urn:else", "x": LEDGER})
    envelope.append(to_body(entry, parse(text.encode()), sign))
    body = parse(serialize(envelope))[0]
    found = from_body(entry, body, verify)
    assert isinstance(found, Proven)
    assert found.element.findtext("key") == "key-1"


def test_changed_part_is_refused(entry: Message) -> None:
    """The signature inside is what counts."""
    data = serialize(to_body(entry, parse(ENTRIES[0].encode()), sign)).replace("Bé".encode(), b"Be")
    with pytest.raises(SignatureInvalid):
        from_body(entry, parse(data), verify)


def test_document_style_is_the_payload_itself() -> None:
    """Nothing is wrapped, nothing renamed."""
    note = load(CONTRACTS, "note.wsdl", port="Soap11").operation("Submit").input
    text = b'<Note xmlns="urn:test:note:1.0"><Key>key-1</Key><Text/></Note>'
    body = to_body(note, parse(text))
    assert canonicalize(body) == canonicalize(parse(text))
    assert from_body(note, body) is body


@pytest.mark.parametrize("text", ["<Entry/>", f'<Question xmlns="{LEDGER}"><key xmlns="">k</key></Question>'])
def test_another_document_is_refused(entry: Message, text: str) -> None:
    """The contract says which one."""
    with pytest.raises(ValueError, match="asks for"):
        to_body(entry, parse(text.encode()))


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<entry/><entry/>",
        "<other/>",
        f'<entry xmlns="{LEDGER}"/>',
        "<entry><key>wrong</key><text/></entry>",
    ],
)
def test_body_that_breaks_the_contract_is_refused(entry: Message, inside: str) -> None:
    """Missing, repeated, unknown, qualified or invalid parts."""
    body = parse(f'<l:submit xmlns:l="{LEDGER}">{inside}</l:submit>'.encode())
    with pytest.raises(ValueError, match=r"parts|line"):
        from_body(entry, body)
