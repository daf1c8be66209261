"""Signatures inside messages are verified once more, by those who do not believe the hub."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import timedelta

import pytest
from lxml import etree

from signing import xml
from signing.keys import FileKey
from signing.xmlsig import wss, xades, xmldsig
from tests import chains
from tests.evidence import building
from tests.evidence.building import Message, anchors, evidence, messages
from tests.evidence.reading import Verify, errors
from tests.pki import NOW

AGENCY = chains.issue("evidence-agency", building.CA)
SIGNER = FileKey(AGENCY.key, [AGENCY.certificate])
NAME = "CN=evidence-agency"
AT = NOW - timedelta(minutes=10)  # what the leaf of message 0 says


def enveloped() -> etree._Element:
    """A document with its signature inside."""
    root = xml.parse("<KhaiSinh><HoTen>Nguyễn Thị Ánh</HoTen></KhaiSinh>".encode())
    xmldsig.sign_enveloped(root, SIGNER)
    return root


def advanced() -> etree._Element:
    """The same by XAdES."""
    root = xml.parse("<KhaiSinh><HoTen>Nguyễn Thị Ánh</HoTen></KhaiSinh>".encode())
    xades.sign_enveloped(root, SIGNER, at=AT)
    return root


def two_references() -> etree._Element:
    """A certificate of birth as health facilities send it."""
    root = xml.parse(
        '<HSDLGCS><GIAYCHUNGSINH Id="Id-1"><HoTen>Ánh</HoTen></GIAYCHUNGSINH></HSDLGCS>'.encode()
    )
    xmldsig.sign_two_reference(root, SIGNER, payload="GIAYCHUNGSINH", holder="CHUKYDONVI", at=AT)
    return root


def envelope(soap: str) -> etree._Element:
    """A SOAP message with WS-Security."""
    root = xml.parse(
        f'<s:Envelope xmlns:s="{soap}"><s:Header/><s:Body><HoTen>Ánh</HoTen></s:Body></s:Envelope>'.encode()
    )
    ids = itertools.count()
    wss.sign_envelope(root, SIGNER, created=AT, ttl=timedelta(minutes=5), new_id=lambda: f"x{next(ids)}")
    return root


def inside() -> etree._Element:
    """A SOAP message whose part was signed as a document of its own."""
    part = xml.serialize(enveloped()).split(b"?>", 1)[1]
    return xml.parse(
        b'<s:Envelope xmlns:s="%s"><s:Body><o:ghi xmlns:o="urn:o">%s</o:ghi></s:Body></s:Envelope>'
        % (wss.SOAP_11.encode(), part)
    )


FORMS = {
    "inside": inside,
    "enveloped": enveloped,
    "XAdES": advanced,
    "two references": two_references,
    "SOAP 1.1": lambda: envelope(wss.SOAP_11),
    "SOAP 1.2": lambda: envelope(wss.SOAP_12),
}


def logged(body: bytes, **leaf: object) -> list[Message]:
    """A log whose first message has that body."""
    return [Message.of(0, body, **leaf), *messages()[1:]]


@pytest.mark.parametrize("form", FORMS)
def test_verified(form: str, verify: Verify) -> None:
    """A signature of each form is verified at the time of its message, and counted."""
    body = xml.serialize(FORMS[form]())
    report = verify(evidence((0,), logged(body, signer=NAME)))
    assert report.findings == []
    assert report.files[0].facts.messages == 1


@pytest.mark.parametrize("form", FORMS)
def test_broken(form: str, verify: Verify) -> None:
    """A message whose signature the hub says it verified, and that does not verify, is an error."""
    body = xml.serialize(FORMS[form]()).replace("Ánh".encode(), b"Anh")
    assert errors(verify(evidence((0,), logged(body, signer=NAME)))) == [("body", "bodies/0.xml")]


def test_refused(verify: Verify) -> None:
    """A message that was logged as refused may well have a broken signature."""
    body = xml.serialize(enveloped()).replace("Ánh".encode(), b"Anh")
    assert verify(evidence((0,), logged(body, outcome="refused"))).exit_code == 0


def test_somebody_else(verify: Verify) -> None:
    """Whom the log names as signer must be the one who signed."""
    body = xml.serialize(enveloped())
    assert errors(verify(evidence((0,), logged(body, signer="CN=khac")))) == [("body", "bodies/0.xml")]


def test_unknown_signer(verify: Verify) -> None:
    """A signer whom no anchor vouches for is named; that does not make the evidence wrong. A partner's certificate
    makes its messages known, and nothing sealed."""
    draft = evidence((0,), logged(xml.serialize(enveloped()), signer=NAME))
    only_hub = anchors(certificates=(building.HUB.certificate,))
    report = verify(draft, only_hub)
    assert any(found.code == "message" and NAME in found.text for found in report.findings)
    assert report.ok
    known = dataclasses.replace(only_hub, partners=(AGENCY.certificate,))
    assert verify(draft, known).findings == []
    sealed_by_partner = draft.sealed(signer=SIGNER)
    assert errors(verify(sealed_by_partner, known)) == [("certificate", "META-INF/signatures001.xml")]


@pytest.mark.parametrize("text", ["<a><b>{0}</b>{0}</a>", "<a>{0}</a", "{0}"])
def test_other_forms(text: str, verify: Verify) -> None:
    """What carries something like a signature in another form is counted, and the evidence stays good."""
    body = text.format('<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>').encode()
    report = verify(evidence((0,), logged(body)))
    assert report.exit_code == 0
    assert [(one.severity, one.code) for one in report.findings] == [("info", "message")]
