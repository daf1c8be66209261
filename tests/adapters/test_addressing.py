"""WS-Addressing headers: what is written, what is read, what is refused."""

from __future__ import annotations

import pytest
from lxml import etree

from adapters import addressing
from adapters.addressing import WSA, Addressing, BadAddressing


def test_what_is_written_can_be_read() -> None:
    """All properties survive."""
    sent = Addressing("urn:a", "urn:uuid:1", "http://agency/", addressing.ANONYMOUS, "urn:uuid:0")
    assert addressing.read(addressing.headers(sent)) == sent


def test_nothing_is_nothing() -> None:
    """Absent properties write no header."""
    assert addressing.headers(Addressing()) == []
    assert addressing.read([etree.Element("{urn:x}Action")]) == Addressing()


@pytest.mark.parametrize("name", ["Action", "MessageID", "To", "RelatesTo"])
def test_repeated_header_is_refused(name: str) -> None:
    """Two readers would pick two different ones (SOAP Binding §3.2)."""
    blocks = [etree.Element(f"{{{WSA}}}{name}") for _ in range(2)]
    with pytest.raises(BadAddressing) as caught:
        addressing.read(blocks)
    assert caught.value.subcode == "InvalidAddressingHeader"


@pytest.mark.parametrize("name", ["ReplyTo", "FaultTo"])
@pytest.mark.parametrize("target", ["http://evil.example/", ""])
def test_reply_elsewhere_is_refused(name: str, target: str) -> None:
    """The hub posts to no address that a message names."""
    block = etree.Element(f"{{{WSA}}}{name}")
    etree.SubElement(block, f"{{{WSA}}}Address").text = target
    with pytest.raises(BadAddressing) as caught:
        addressing.read([block])
    assert caught.value.subcode == "OnlyAnonymousAddressSupported"


def test_other_relationships_are_passed_over() -> None:
    """Only the reply relationship says which request is answered (Core §3.1)."""
    other = etree.Element(f"{{{WSA}}}RelatesTo", RelationshipType="urn:else")
    other.text = "urn:uuid:else"
    reply = etree.Element(f"{{{WSA}}}RelatesTo")
    reply.text = "urn:uuid:1"
    assert addressing.read([other, reply]).relates_to == "urn:uuid:1"
