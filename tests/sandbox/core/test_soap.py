"""SOAP messages of both versions."""

from __future__ import annotations

import pytest
from lxml import etree

from sandbox.core import soap
from sandbox.core.soap import SOAP11, SOAP12, SoapFault, Version
from sandbox.core.xml import parse, serialize

BOTH = pytest.mark.parametrize("version", [SOAP11, SOAP12], ids=["1.1", "1.2"])


def message(version: Version, header: str = "", body: str = "<a/>") -> bytes:
    """A message; the prefix ``s`` is the envelope's."""
    head = f"<s:Header>{header}</s:Header>" if header else ""
    return f'<s:Envelope xmlns:s="{version.namespace}">{head}<s:Body>{body}</s:Body></s:Envelope>'.encode()


@BOTH
def test_message_is_read(version: Version) -> None:
    """Headers and the child of the body."""
    read = soap.read(message(version, "<h/>"), version)
    assert ([block.tag for block in read.headers], read.payload.tag) == (["h"], "a")


@pytest.mark.parametrize(
    "data",
    [
        b"<a",
        b"<Envelope/>",
        message(SOAP11, body=""),
        message(SOAP11, body="<a/><b/>"),
        message(SOAP11).replace(b"<s:Body>", b"<s:Other/><s:Body>"),
        message(SOAP11).replace(b"</s:Envelope>", b"<x/></s:Envelope>"),
        b"<!DOCTYPE a>" + message(SOAP11),
    ],
)
def test_broken_messages_are_the_senders_fault(data: bytes) -> None:
    """Not XML, not an envelope, not one body child, anything beside header and body."""
    with pytest.raises(SoapFault) as caught:
        soap.read(data, SOAP11)
    assert caught.value.code in ("sender", "version-mismatch")


@pytest.mark.parametrize(
    ("sent", "spoken", "answered"),
    [(SOAP12, SOAP11, SOAP11), (SOAP11, SOAP12, SOAP11)],
    ids=["12to11", "11to12"],
)
def test_version_mismatch(sent: Version, spoken: Version, answered: Version) -> None:
    """A message of the other version gets VersionMismatch in an envelope its sender can read."""
    with pytest.raises(SoapFault) as caught:
        soap.read(message(sent), spoken)
    assert caught.value.code == "version-mismatch"
    assert (caught.value.version or spoken) is answered


@pytest.mark.parametrize(
    ("version", "attributes", "understood"),
    [
        (SOAP11, 's:mustUnderstand="1"', False),
        (SOAP11, 's:mustUnderstand="0"', True),
        (SOAP11, "", True),
        (SOAP11, 's:mustUnderstand="1" s:actor="urn:someone-else"', True),
        (SOAP11, f's:mustUnderstand="1" s:actor="{SOAP11.next_role}"', False),
        (SOAP12, 's:mustUnderstand="true"', False),
        (SOAP12, 's:mustUnderstand="1"', False),
        (SOAP12, 's:mustUnderstand="true" s:role="urn:someone-else"', True),
        (SOAP12, f's:mustUnderstand="true" s:role="{SOAP12.next_role}"', False),
    ],
)
def test_must_understand(version: Version, attributes: str, understood: bool) -> None:
    """Mandatory headers aimed at us that we do not know are a fault; others are not."""
    read = soap.read(message(version, f'<x:h xmlns:x="urn:x" {attributes}/>'), version)
    if understood:
        soap.check_understood(read, version, frozenset())
        return
    with pytest.raises(SoapFault) as caught:
        soap.check_understood(read, version, frozenset())
    assert caught.value.not_understood == ["{urn:x}h"]
    soap.check_understood(read, version, frozenset({"{urn:x}h"}))


def test_fault_of_soap_11() -> None:
    """faultcode, faultstring and detail have no namespace (section 4.4)."""
    fault = SoapFault("sender", "Sai", "wrong", subcode=("urn:x", "Expired"), detail=etree.Element("d"))
    element = soap.read(serialize(soap.fault_envelope(SOAP11, fault)), SOAP11).payload
    assert [item.tag for item in element] == ["faultcode", "faultstring", "detail"]
    prefix, _, name = (element[0].text or "").partition(":")
    assert (element[0].nsmap[prefix], name) == ("urn:x", "Expired")
    assert element[1].text == "Sai / wrong"


def test_fault_of_soap_12() -> None:
    """Code with Subcode, Reason in two languages, and NotUnderstood headers (sections 5.4 and 5.4.8)."""
    fault = SoapFault(
        "must-understand", "Không hiểu", "no", subcode=("urn:x", "S"), not_understood=["{urn:h}a"]
    )
    read = soap.read(serialize(soap.fault_envelope(SOAP12, fault)), SOAP12)
    names = {"s": SOAP12.namespace}
    assert read.payload.findtext("s:Code/s:Value", namespaces=names) == "soap:MustUnderstand"
    assert read.payload.findtext("s:Code/s:Subcode/s:Value", namespaces=names) == "code:S"
    languages = [item.get(soap.XML_LANG) for item in read.payload.iterfind("s:Reason/s:Text", names)]
    assert languages == ["vi", "en"]
    assert (read.headers[0].get("qname"), read.headers[0].nsmap["h"]) == ("h:a", "urn:h")


@pytest.mark.parametrize(
    ("version", "code", "status"),
    [(SOAP11, "sender", 500), (SOAP11, "receiver", 500), (SOAP12, "sender", 400), (SOAP12, "receiver", 500)],
)
def test_http_status_of_faults(version: Version, code: str, status: int) -> None:
    """SOAP 1.1 always says 500; SOAP 1.2 tells whose fault it is."""
    assert soap.http_status(version, SoapFault(code, "x")) == status


def test_envelope_has_a_header_only_if_needed() -> None:
    """An empty Header would be noise."""
    assert len(soap.envelope(SOAP11, parse(b"<a/>"))) == 1
    assert len(soap.envelope(SOAP11, parse(b"<a/>"), [parse(b"<h/>")])) == 2
