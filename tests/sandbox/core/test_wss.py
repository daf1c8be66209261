"""WS-Security, also against the hub's own implementation."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest
from lxml import etree

import signing.xml
from sandbox import SOAP11, SOAP12, ManualClock
from sandbox.core import wss
from sandbox.core.dsig import BadSignature
from sandbox.core.keys import Identity
from sandbox.core.soap import Version, envelope
from sandbox.core.xml import parse, serialize
from signing.keys import FileKey
from signing.trust import Trust
from signing.xmlsig.wss import sign_envelope, verify_envelope

BOTH = pytest.mark.parametrize("version", [SOAP11, SOAP12], ids=["1.1", "1.2"])
Change = Callable[[etree._Element], None]


def unsigned(version: Version) -> etree._Element:
    """A message with an addressing header."""
    to = etree.Element(f"{{{wss.WSA}}}To")
    to.text = "urn:agency"
    return envelope(version, parse('<a xmlns="urn:x">Thủy</a>'.encode()), [to])


def signed(version: Version, keys: Identity, clock: ManualClock) -> etree._Element:
    """The same message signed, as its receiver reads it."""
    counter = itertools.count()
    made = wss.sign(unsigned(version), version, keys, now=clock(), new_id=lambda: f"n{next(counter)}")
    return parse(serialize(made))


@BOTH
def test_signed_message_verifies(version: Version, keys: Identity, clock: ManualClock) -> None:
    """The security header is mandatory for its reader."""
    message = signed(version, keys, clock)
    wss.verify(message, version, keys.certificate, clock())
    security = message.find(f"{version.tag('Header')}/{wss.SECURITY}")
    assert security is not None
    assert security.get(version.tag("mustUnderstand")) in ("1", "true")


def change_body(message: etree._Element) -> None:
    """Another value."""
    message[-1][0].text = "Thùy"


def change_address(message: etree._Element) -> None:
    """Another addressee."""
    message[0][0].text = "urn:other"


def add_address(message: etree._Element) -> None:
    """An unsigned addressing header beside the signed one."""
    etree.SubElement(message[0], f"{{{wss.WSA}}}ReplyTo").text = "urn:evil"


def wrap_body(message: etree._Element) -> None:
    """The signed body moves into a header; another takes its place."""
    body = message[-1]
    etree.SubElement(message[0], "wrapper").append(body)
    etree.SubElement(etree.SubElement(message, str(body.tag)), "evil")


def double_security(message: etree._Element) -> None:
    """Two security headers."""
    etree.SubElement(message[0], wss.SECURITY)


def drop_security(message: etree._Element) -> None:
    """None at all."""
    message[0].remove(message[0][-1])


@BOTH
@pytest.mark.parametrize(
    "change", [change_body, change_address, add_address, wrap_body, double_security, drop_security]
)
def test_changes_are_noticed(version: Version, keys: Identity, clock: ManualClock, change: Change) -> None:
    """Body, addressing headers and their places are what was signed, or the message is refused."""
    message = signed(version, keys, clock)
    change(message)
    with pytest.raises(BadSignature):
        wss.verify(message, version, keys.certificate, clock())


@pytest.mark.parametrize("minutes", [-11, 11])
def test_messages_have_their_time(keys: Identity, clock: ManualClock, minutes: int) -> None:
    """Too old or from the future, beyond five minutes of difference between clocks."""
    message = signed(SOAP12, keys, clock)
    with pytest.raises(BadSignature, match="valid until"):
        wss.verify(message, SOAP12, keys.certificate, clock() + timedelta(minutes=minutes))


@BOTH
def test_hub_verifies_what_agencies_sign(version: Version, keys: Identity, clock: ManualClock) -> None:
    """Two implementations agree: ours signs, the hub's verifies."""
    message = signing.xml.parse(serialize(signed(version, keys, clock)))
    assert verify_envelope(message, Trust({"agency": [keys.certificate]}), clock()).partner == "agency"


@BOTH
def test_agencies_verify_what_the_hub_signs(version: Version, keys: Identity, clock: ManualClock) -> None:
    """Two implementations agree: the hub's signs, ours verifies."""
    message = signing.xml.parse(serialize(unsigned(version)))
    counter = itertools.count()
    sign_envelope(
        message,
        FileKey(keys.key, [keys.certificate]),
        created=clock(),
        ttl=timedelta(minutes=5),
        new_id=lambda: f"n{next(counter)}",
    )
    wss.verify(parse(signing.xml.serialize(message)), version, keys.certificate, clock())
