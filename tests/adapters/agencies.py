"""The agencies of the contracts in this folder: what they say, signed and unsigned."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from lxml import etree

from adapters import soap
from adapters.base import Answer
from lienthong.testing import NOW, Heard, numbers
from signing.xml import parse, serialize
from signing.xmlsig.wss import sign_envelope
from signing.xmlsig.xmldsig import verify_enveloped
from tests import pki

NOTE = "urn:test:note:1.0"
LEDGER = "urn:test:ledger:1.0"
_KEY = re.compile(rb"key-[0-9]+")


def note(name: str, key: str, text: str = "Xin chào", tag: str = "Text") -> etree._Element:
    """A document of the note schema."""
    root = etree.Element(f"{{{NOTE}}}{name}", nsmap={None: NOTE})  # type: ignore[dict-item]
    etree.SubElement(root, f"{{{NOTE}}}Key").text = key
    etree.SubElement(root, f"{{{NOTE}}}{tag}").text = text
    return root


def key_in(heard: Heard) -> str:
    """The key of the message that an agency heard."""
    found = _KEY.search(heard.body)
    return found[0].decode() if found else "key-0"


def say(
    version: soap.Version, body: etree._Element | None, *blocks: etree._Element, status: int = 200
) -> Answer:
    """A SOAP answer."""
    return Answer(status, serialize(soap.build(version, body, blocks)), soap.answer_type(version))


def signed(envelope: etree._Element, name: str = "cutru") -> Answer:
    """A WS-Security answer of the agency ``name``."""
    sign_envelope(envelope, pki.signer(name), created=NOW, ttl=timedelta(minutes=5), new_id=numbers())
    return Answer(200, serialize(envelope), soap.answer_type("1.2"))


def ledger(heard: Heard, sign: Callable[[etree._Element], None], token: str = "t0ken") -> Answer:
    """What the ledger agency answers."""
    if heard.method == "GET":
        return Answer(200, b"<wsdl/>", "text/xml")
    body = soap.read(parse(heard.body)).body
    assert body is not None
    operation = etree.QName(body).localname
    if operation == "login":
        return say("1.1", part(operation, "token", token=token))
    if heard.headers.get("authorization") != f"Bearer {token}":
        return say("1.1", faults_body("Client.Authentication"), status=401)
    if operation == "submit":
        assert verify_enveloped(alone(body[0]), pki.trust("hub"), NOW).partner == "hub"
    wrapper = part(operation, "result", key=key_in(heard), status="1")
    result = alone(wrapper[0])
    sign(result)
    wrapper.replace(wrapper[0], result)
    return say("1.1", wrapper)


def alone(element: etree._Element) -> etree._Element:
    """A part as a document of its own."""
    return parse(serialize(element))


def part(operation: str, name: str, **fields: str) -> etree._Element:
    """The body of an rpc answer with one part."""
    wrapper = etree.Element(f"{{{LEDGER}}}{operation}Response", nsmap={"l": LEDGER})
    accessor = etree.SubElement(wrapper, name)
    for field, text in fields.items():
        etree.SubElement(accessor, field).text = text
    return wrapper


def faults_body(code: str) -> etree._Element:
    """A SOAP 1.1 fault."""
    root = etree.Element(f"{{{soap.SOAP_11}}}Fault", nsmap={"soap": soap.SOAP_11})
    etree.SubElement(root, "faultcode").text = f"soap:{code}"
    etree.SubElement(root, "faultstring").text = "không được"
    return root
