"""Signed SOAP messages that are addressed to somewhere else, or presented at the wrong time."""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Iterator

from lxml import etree

from adapters import soap
from adapters.addressing import WSA
from adapters.errors import Refused
from signing.xml import canonicalize, serialize
from tests.hostile import forge
from tests.hostile.attack import Attack, Hostile
from tests.hostile.canary import canary
from tests.hostile.notes import DOOR, ID, Change, find, honest, message, moved, receive, sign, signed

_OLD_WSA = "http://schemas.xmlsoap.org/ws/2004/08/addressing"

# ---------------------------------------------------------------------- addressing


def _addressing() -> Iterator[Hostile]:
    addressed = "not covered by the signature|changed after signing|occurs twice|is not to the Body"
    forged: dict[str, Change] = {
        **{
            f"{name} changed": lambda root, name=name: find(root, name).__setattr__("text", "urn:x")  # type: ignore[misc]
            for name in ("To", "Action", "MessageID")
        },
        **{
            f"{name} removed": lambda root, name=name: root[0].remove(find(root, name))  # type: ignore[misc]
            for name in ("Action", "MessageID")
        },
        **{
            f"{name} twice": lambda root, name=name: root[0].append(copy.deepcopy(find(root, name)))  # type: ignore[misc]
            for name in ("To", "Action", "MessageID", "ReplyTo")
        },
        **{
            f"{name} added": lambda root, name=name: _add(root, name)  # type: ignore[misc]
            for name in ("FaultTo", "From", "RelatesTo", "ReferenceParameters", "Anything")
        },
        **{
            f"{name} of the older standard": lambda root, name=name: _add(root, name, _OLD_WSA)  # type: ignore[misc]
            for name in ("To", "ReplyTo", "FaultTo", "Action")
        },
        "ReplyTo changed": lambda root: find(find(root, "ReplyTo"), "Address").__setattr__(
            "text", canary().url
        ),
    }
    for said, change in forged.items():
        yield moved(said, addressed, change)
    unsigned = "not covered by the signature: "
    for name in ("To", "Action", "MessageID", "ReplyTo"):
        yield Hostile(f"{name} not signed", lambda name=name: _unsigned(name), unsigned + name)  # type: ignore[misc]
    yield from _signed_addressing()


def _add(root: etree._Element, name: str, space: str = WSA) -> None:
    block = etree.SubElement(root[0], f"{{{space}}}{name}")
    etree.SubElement(block, f"{{{space}}}Address").text = canary().url


def _unsigned(name: str) -> bytes:
    """A message whose signer left a header out."""
    envelope = message()
    block = find(envelope, name)
    envelope[0].remove(block)
    root = sign(envelope)
    root[0].append(block)
    return serialize(root)


def _signed_addressing() -> Iterator[Hostile]:
    """What a partner itself has signed, and what must not be followed for all that."""
    url = canary().url
    elsewhere = {
        "To of another service": lambda: message(to="https://hub.test/agency/other"),
        "To of another system": lambda: message(to="urn:another-hub"),
        "To inside of our network": lambda: message(to=f"{url}/agency/other"),
        "To of a file": lambda: message(to=f"file://{DOOR}"),
        "To that is no address": lambda: message(to="http://["),
        "Action of another operation": lambda: message(action="ask"),
        "ReplyTo a server": lambda: _replying("ReplyTo", f"{url}/reply"),
        "ReplyTo a file": lambda: _replying("ReplyTo", "file:///etc/passwd"),
        "ReplyTo the metadata of a cloud": lambda: _replying("ReplyTo", "http://169.254.169.254/latest"),
        "FaultTo a server": lambda: _replying("FaultTo", f"{url}/fault"),
        "ReplyTo nothing": lambda: _replying("ReplyTo", ""),
        "no Action": lambda: _lacking("Action"),
        "no MessageID": lambda: _lacking("MessageID"),
    }
    why = "another service|wsa:Action is not|must be anonymous|are demanded"
    for said, make in elsewhere.items():
        yield Hostile(f"signed {said}", lambda make=make: serialize(sign(make())), why)  # type: ignore[misc]
    envelope = message()
    etree.SubElement(envelope[0], "{urn:x}Mandatory").set(f"{{{soap.SOAP_12}}}mustUnderstand", "true")
    yield Hostile("a header that must be understood", lambda: serialize(sign(envelope)), "not understood")


def _replying(name: str, address: str) -> etree._Element:
    envelope = message()
    for block in envelope[0].findall(f"{{{WSA}}}{name}"):
        envelope[0].remove(block)
    block = etree.SubElement(etree.SubElement(envelope[0], f"{{{WSA}}}{name}"), f"{{{WSA}}}Address")
    block.text = address
    return envelope


def _lacking(name: str) -> etree._Element:
    envelope = message()
    envelope[0].remove(find(envelope, name))
    return envelope


# ---------------------------------------------------------------------- time

_TIMES = {
    "no time": ("", "not a time"),
    "a word": ("soon", "not a time"),
    "without a zone": ("2026-09-01T08:30:00", "no time zone"),
    "a date": ("2026-09-01", "not a time"),
    "a week": ("2026-W36-2T08:30:00Z", "not a time"),
    "a number": ("1788251400", "not a time"),
    "the year ten thousand": ("10000-01-01T00:00:00Z", "not a time"),
    "the year nought": ("0000-01-01T00:00:00Z", "not a time"),
    "the first minute": ("0001-01-01T00:00:00+23:59", "not a time"),
    "the last minute": ("9999-12-31T23:59:59-23:59", "not a time"),
    "a leap second": ("2026-09-01T08:29:60Z", "not a time"),
    "the 25th hour": ("2026-09-01T25:30:00Z", "not a time"),
    "a zone of two days": ("2026-09-01T08:30:00+48:00", "not a time"),
    "other digits": ("２０２６-09-01T08:30:00Z", "not a time"),
    "kilobytes of digits": ("2026-09-01T08:30:00." + "0" * 100_000 + "Z", "not a time"),
    "a comma": ("2026-09-01T08:30:00,5Z; 2020-01-01", "not a time"),
}


def _times() -> Iterator[Hostile]:
    spans = {
        "from the future": (60.0, 5.0, "created in the future"),
        "a year from the future": (525_600.0, 5.0, "created in the future"),
        "expired": (-60.0, 5.0, "expired at"),
        "expired a year ago": (-525_600.0, 5.0, "expired at"),
        "valid for a day": (0.0, 1_440.0, "valid for at most"),
        "valid for a hundred years": (0.0, 52_560_000.0, "valid for at most"),
        "expires when it is created": (0.0, 0.0, "valid for at most"),
        "expires before it is created": (4.0, -5.0, "valid for at most"),
    }
    for said, (minutes, ttl, why) in spans.items():
        yield Hostile(said, lambda m=minutes, t=ttl: serialize(sign(message(), minutes=m, ttl=t)), why)  # type: ignore[misc]
    for said, (text, why) in _TIMES.items():
        for name in ("Created", "Expires"):
            yield Hostile(
                f"{name} is {said}",
                lambda name=name, text=text: serialize(_timed(name, text)),  # type: ignore[misc]
                why,
            )
    yield Hostile("Created twice", lambda: serialize(_timed("Created", None)), "must have one")
    yield Hostile("Expires twice", lambda: serialize(_timed("Expires", None)), "must have one")
    for name in ("Created", "Expires"):
        yield Hostile(f"no {name}", lambda name=name: serialize(_untimed(name)), "must have one")  # type: ignore[misc]


def _timed(name: str, text: str | None) -> etree._Element:
    """A message whose signer wrote another text into the time-stamp, or the same one twice."""
    root = signed()
    stamp = find(root, "Timestamp")
    if text is None:
        stamp.append(copy.deepcopy(find(stamp, name)))
    else:
        find(stamp, name).text = text
    return _resigned(root, stamp)


def _untimed(name: str) -> etree._Element:
    root = signed()
    stamp = find(root, "Timestamp")
    stamp.remove(find(stamp, name))
    return _resigned(root, stamp)


def _resigned(root: etree._Element, part: etree._Element) -> etree._Element:
    """Digest and value computed anew, by the partner."""
    for reference in root.iter(f"{{{forge.DS}}}Reference"):
        if reference.get("URI") == f"#{part.get(ID)}":
            digest = hashlib.sha256(canonicalize(part)).digest()
            find(reference, "DigestValue").text = base64.b64encode(digest).decode()
    value = forge.raw("cutru")(canonicalize(find(root, "SignedInfo")))
    find(root, "SignatureValue").text = base64.b64encode(value).decode()
    return root


ADDRESSING = Attack(_addressing, receive, Refused, honest=honest)
TIMES = Attack(_times, receive, Refused, honest=honest)
