"""An agency's honest notes in SOAP, and the door at which they are taken: what the attacks on envelopes begin with."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta

from lxml import etree

from adapters import addressing, soap
from adapters.base import Inbound
from adapters.errors import Refused
from adapters.soap_service import SoapService, SoapServiceSettings
from signing.xml import parse, serialize
from signing.xmlsig.wss import WSU, sign_envelope
from tests import pki
from tests.hostile.attack import Hostile
from tests.hostile.canary import canary
from tests.hostile.resources import ROOT, resources

NOTE = "urn:test:note:1.0"
DOOR = "/agency/notes"
ID = f"{{{WSU}}}Id"

Change = Callable[[etree._Element], object]


def message(
    version: soap.Version = "1.2", *, action: str = "submit", to: str = f"https://hub.test{DOOR}"
) -> etree._Element:
    """An honest message, not signed yet."""
    note = etree.Element(f"{{{NOTE}}}Note", nsmap={"n": NOTE})
    etree.SubElement(note, f"{{{NOTE}}}Key").text = "key-1"
    etree.SubElement(note, f"{{{NOTE}}}Text").text = "Xin chào"
    properties = addressing.Addressing(f"{NOTE}/{action}", "urn:uuid:m1", to, addressing.ANONYMOUS)
    return soap.build(version, note, addressing.headers(properties))


def sign(envelope: etree._Element, name: str = "cutru", minutes: float = 0, ttl: float = 5) -> etree._Element:
    """Signed as the partner does."""
    numbers = itertools.count(1)
    sign_envelope(
        envelope,
        pki.signer(name),
        created=pki.NOW + timedelta(minutes=minutes),
        ttl=timedelta(minutes=ttl),
        new_id=lambda: str(next(numbers)),
    )
    return parse(serialize(envelope))


def signed() -> etree._Element:
    """An honest message."""
    return sign(message())


def find(root: etree._Element, name: str) -> etree._Element:
    """The first element of a local name."""
    return next(root.iter(f"{{*}}{name}"))


def honest() -> bytes:
    """What the door takes."""
    return serialize(signed())


def moved(said: str, why: str, change: Change) -> Hostile:
    """What happens to a message after it was signed."""

    def make() -> bytes:
        root = signed()
        change(root)
        return serialize(root)

    return Hostile(said, make, why)


def service() -> SoapService:
    """A service that takes notes of one partner, signed and addressed."""
    trust = pki.trust("cutru", "bhxh", "expired", "not-yet", "wrong-usage")
    settings = SoapServiceSettings(
        wsdl="note.wsdl",
        port="Soap12",
        security="wss-x509",
        partners=("cutru",),
        addressing=True,
    )
    return SoapService(settings, resources(trust=trust, contracts=ROOT / "tests/adapters/contracts"))


_SERVICE = service()


def receive(data: bytes) -> object:
    """Everything that happens to a message at the door, up to its refusal in SOAP; a server must not be asked."""
    headers = soap.request_headers("1.2", "")
    inbound = Inbound("POST", DOOR, {name.lower(): value for name, value in headers.items()}, data)
    try:
        return _SERVICE.receive(inbound)
    except Refused as refused:
        _SERVICE.refuse(inbound, refused)  # a refusal can be said in SOAP, whatever the message was
        raise
    finally:
        canary().must_be_silent()
