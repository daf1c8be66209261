"""SOAP envelopes, header rules and HTTP bindings of both versions."""

from __future__ import annotations

import pytest
from lxml import etree

from adapters import soap
from signing.xml import parse, serialize


def message(version: soap.Version, inside: str) -> etree._Element:
    """An envelope from its content as text; the prefix is ``s``."""
    return parse(f'<s:Envelope xmlns:s="{soap.NAMESPACE[version]}">{inside}</s:Envelope>'.encode())


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_what_is_built_can_be_read(version: soap.Version) -> None:
    """Version, header blocks and body come back as they went in."""
    built = soap.build(version, etree.Element("{urn:x}Body"), [etree.Element("{urn:x}Block")])
    envelope = soap.read(parse(serialize(built)))
    assert envelope.version == version
    assert [block.tag for block in envelope.headers()] == ["{urn:x}Block"]
    assert envelope.body is not None
    assert envelope.body.tag == "{urn:x}Body"


def test_envelope_without_header_and_content() -> None:
    """Header is optional, and the body may be empty."""
    envelope = soap.read(soap.build("1.1", None))
    assert (envelope.header, envelope.body) == (None, None)


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<s:Header/>",
        "<s:Body/><s:Header/>",
        "<s:Body/><s:Body/>",
        "<s:Body><a/><b/></s:Body>",
        "<s:Body/><x/>",
    ],
)
def test_other_shapes_are_not_soap(inside: str) -> None:
    """Each is something that two readers might read differently."""
    with pytest.raises(soap.NotSoap):
        soap.read(message("1.1", inside))


def test_foreign_version_is_told_apart_from_no_soap() -> None:
    """Only an Envelope of another namespace is a version mismatch."""
    with pytest.raises(soap.NotSoap) as mismatch:
        soap.read(parse(b'<Envelope xmlns="urn:soap:3"/>'))
    with pytest.raises(soap.NotSoap) as other:
        soap.read(parse(b"<html/>"))
    assert (mismatch.value.version_mismatch, other.value.version_mismatch) == (True, False)


@pytest.mark.parametrize(
    ("version", "attributes", "binding"),
    [
        ("1.1", 's:mustUnderstand="1"', True),
        ("1.1", 's:mustUnderstand="0"', False),
        ("1.1", "", False),
        ("1.1", 's:mustUnderstand="1" s:actor="http://schemas.xmlsoap.org/soap/actor/next"', True),
        ("1.1", 's:mustUnderstand="1" s:actor="urn:else"', False),
        ("1.2", 's:mustUnderstand="true"', True),
        ("1.2", f's:mustUnderstand="true" s:role="{soap.SOAP_12}/role/ultimateReceiver"', True),
        ("1.2", f's:mustUnderstand="true" s:role="{soap.SOAP_12}/role/none"', False),
    ],
)
def test_who_must_understand(version: soap.Version, attributes: str, binding: bool) -> None:
    """Mandatory, for us, and unknown: all three, or it may be passed over."""
    root = message(version, f'<s:Header><h:X xmlns:h="urn:x" {attributes}/></s:Header><s:Body/>')
    assert bool(soap.not_understood(soap.read(root), ())) is binding
    assert soap.not_understood(soap.read(root), {"{urn:x}X"}) == ()


@pytest.mark.parametrize(
    ("content_type", "action", "expected"),
    [
        ("text/xml; charset=utf-8", '"urn:a"', ("1.1", "urn:a")),
        ("text/xml", '""', ("1.1", "")),
        ("application/xml", None, ("1.1", None)),
        ('application/soap+xml; charset=UTF-8; action="urn:a"', None, ("1.2", "urn:a")),
        ("application/soap+xml", '"urn:ignored"', ("1.2", None)),
    ],
)
def test_http_binding(content_type: str, action: str | None, expected: tuple[str, str | None]) -> None:
    """SOAPAction belongs to 1.1, the action parameter to 1.2."""
    found = soap.inbound_binding(content_type, action)
    assert (found.version, found.action) == expected


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "text/html", "text/xml; charset=iso-8859-1"]
)
def test_other_media_are_not_soap(content_type: str) -> None:
    """Neither is a charset that is not read."""
    with pytest.raises(soap.NotSoap):
        soap.inbound_binding(content_type, None)


def test_media_type_can_be_overridden() -> None:
    """Some agencies insist on application/xml."""
    assert soap.request_headers("1.1", "", "application/xml")["Content-Type"].startswith("application/xml;")


def test_no_action_is_said_as_each_version_says_it() -> None:
    """1.1 demands an empty SOAPAction, 1.2 leaves the parameter out."""
    assert soap.request_headers("1.1", "")["SOAPAction"] == '""'
    assert "action" not in soap.request_headers("1.2", "")["Content-Type"]
