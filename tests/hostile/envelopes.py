"""SOAP messages with WS-Security that were moved around, and tokens that must not count."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Iterator

from lxml import etree

from adapters.errors import Refused
from signing.xml import parse, serialize
from signing.xmlsig.wss import WSSE
from tests.hostile import forge
from tests.hostile.attack import Attack, Hostile
from tests.hostile.canary import canary
from tests.hostile.notes import ID, Change, find, honest, message, moved, receive, sign

_WRAPPER = "{urn:w}Wrapper"

# ---------------------------------------------------------------------- wrapping

_COVER = (
    "not covered by the signature|is not to the Body|must have one|SOAP envelope|WS-I|changed after signing"
)


def _false_body(root: etree._Element, identifier: str | None) -> etree._Element:
    false = copy.deepcopy(root[1])
    find(false, "Text").text = "giả mạo"
    if identifier is None:
        false.attrib.pop(ID)
    else:
        false.set(ID, identifier)
    return false


def _hide_body(
    root: etree._Element, place: Callable[[etree._Element], etree._Element], identifier: str | None
) -> None:
    true, false = root[1], _false_body(root, identifier)
    root.replace(true, false)
    place(root).append(true)


def _hide_part(root: etree._Element, name: str, place: Callable[[etree._Element], etree._Element]) -> None:
    """A header or the time-stamp moves away, and a forged one of another identifier stays."""
    true = find(root, name)
    false = copy.deepcopy(true)
    false.set(ID, "forged")
    if len(false):
        find(false, "Created").text = "2020-01-01T00:00:00Z"
    else:
        false.text = "urn:forged"
    parent = true.getparent()
    assert parent is not None
    parent.replace(true, false)
    place(root).append(true)


_PLACES: dict[str, Callable[[etree._Element], etree._Element]] = {
    "a header": lambda root: etree.SubElement(root[0], _WRAPPER),
    "the Security header": lambda root: etree.SubElement(find(root, "Security"), _WRAPPER),
    "the signature": lambda root: etree.SubElement(find(root, "Signature"), f"{{{forge.DS}}}Object"),
    "KeyInfo": lambda root: find(root, "KeyInfo"),
    "the Body": lambda root: root[1],
    "the document": lambda root: root[1][0],
    "another header": lambda root: find(root, "MessageID"),
    "the envelope": lambda root: root,
}


def _wrapping() -> Iterator[Hostile]:
    for place, at in _PLACES.items():
        for said, identifier in (("its", "id-3"), ("a new", "forged"), ("no", None)):
            yield moved(
                f"Body hidden in {place}, forged one with {said} identifier",
                _COVER,
                lambda root, at=at, identifier=identifier: _hide_body(root, at, identifier),  # type: ignore[misc]
            )
        for name in ("Timestamp", "To", "Action", "MessageID"):
            if (place, name) != ("another header", "MessageID"):
                yield moved(
                    f"{name} hidden in {place}",
                    _COVER,
                    lambda root, name=name, at=at: _hide_part(root, name, at),  # type: ignore[misc]
                )
    copies: dict[str, Change] = {
        "Body twice": lambda root: root.append(copy.deepcopy(root[1])),
        "forged Body first": lambda root: root.insert(1, _false_body(root, "forged")),
        "forged Body last": lambda root: root.append(_false_body(root, "forged")),
        "Header twice": lambda root: root.insert(0, copy.deepcopy(root[0])),
        "empty Header first": lambda root: root.insert(0, etree.Element(root[0].tag)),
        "Header after the Body": lambda root: root.append(root[0]),
        "Security twice": lambda root: root[0].append(copy.deepcopy(find(root, "Security"))),
        "empty Security first": lambda root: root[0].insert(0, etree.Element(f"{{{WSSE}}}Security")),
        "Security in the envelope": lambda root: root.insert(0, find(root, "Security")),
        "Security in the Body": lambda root: root[1].append(find(root, "Security")),
        "Signature twice": lambda root: find(root, "Security").append(copy.deepcopy(find(root, "Signature"))),
        "Timestamp twice": lambda root: find(root, "Security").insert(
            0, copy.deepcopy(find(root, "Timestamp"))
        ),
        "token twice": lambda root: find(root, "Security").append(
            copy.deepcopy(find(root, "BinarySecurityToken"))
        ),
        "token in a header": lambda root: root[0].append(find(root, "BinarySecurityToken")),
        "token in KeyInfo": lambda root: find(root, "KeyInfo").append(find(root, "BinarySecurityToken")),
        "Envelope in an envelope": _nest,
        "two documents in the Body": lambda root: root[1].append(copy.deepcopy(root[1][0])),
        "text in the Body": lambda root: root[1].__setattr__("text", "x"),
        "attribute of the Body": lambda root: root[1].set("x", "y"),
        "identifier of the Body used twice": lambda root: etree.SubElement(root[0], _WRAPPER).set(
            "Id", root[1].get(ID) or ""
        ),
        "identifier of the Body in another namespace": lambda root: etree.SubElement(root[0], _WRAPPER).set(
            "ID", root[1].get(ID) or ""
        ),
        "trailer after the Body": lambda root: etree.SubElement(root, _WRAPPER),
    }
    for said, change in copies.items():
        yield moved(said, f"{_COVER}|must belong to one element", change)


def _nest(root: etree._Element) -> None:
    inner = copy.deepcopy(root)
    root[1][:] = [inner]


# ---------------------------------------------------------------------- tokens

_TOKEN = "security token|certificate|must have one|does not match"


def _tokens() -> Iterator[Hostile]:
    token = "BinarySecurityToken"
    changes: dict[str, Change] = {
        "token of another type": lambda root: find(root, token).set("ValueType", "urn:x"),
        "token of PKCS#7": lambda root: find(root, token).set("ValueType", f"{_X509}#PKCS7"),
        "token of a path": lambda root: find(root, token).set("ValueType", f"{_X509}#X509PKIPathv1"),
        "token in hexadecimal": lambda root: find(root, token).set("EncodingType", f"{_SOAP}#HexBinary"),
        "token of another partner": lambda root: find(root, token).__setattr__("text", forge.encoded("bhxh")),
        "token of a stranger": lambda root: find(root, token).__setattr__("text", forge.encoded("stranger")),
        "token without identifier": lambda root: find(root, token).attrib.pop(ID),
        "empty token": lambda root: find(root, token).__setattr__("text", ""),
        "no token": lambda root: find(root, "Security").remove(find(root, token)),
        "pointer elsewhere": lambda root: _pointer(root).set("URI", "#elsewhere"),
        "pointer to the Body": lambda root: _pointer(root).set("URI", "#id-3"),
        "pointer to a server": lambda root: _pointer(root).set("URI", f"{canary().url}/token"),
        "pointer to a file": lambda root: _pointer(root).set("URI", "file:///etc/hostname"),
        "pointer without address": lambda root: _pointer(root).attrib.pop("URI"),
        "two pointers": lambda root: find(root, "SecurityTokenReference").append(
            copy.deepcopy(_pointer(root))
        ),
        "certificate in KeyInfo": _enclosed,
        "key value in KeyInfo": lambda root: find(root, "KeyInfo").clear(),
        "identifier beside the token": _identified,
        "identifier of nobody": lambda root: (
            _identified(root),
            find(root, "Security").remove(find(root, token)),
        ),
    }
    for said, change in changes.items():
        yield moved(said, _TOKEN, change)
    for name in ("stranger", "expired", "not-yet", "wrong-usage", "late-issue", "weak", "ca", "bhxh"):
        yield Hostile(
            f"signed by {name}",
            lambda name=name: serialize(sign(message(), name)) if name != "ca" else _by_authority(),  # type: ignore[misc]
            "vouches for it|expired|valid only from|key usage|neither RSA|authority|only cutru signs",
        )


_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_X509, _SOAP = f"{_OASIS}x509-token-profile-1.0", f"{_OASIS}soap-message-security-1.0"


def _pointer(root: etree._Element) -> etree._Element:
    return find(root, "SecurityTokenReference")[0]


def _enclosed(root: etree._Element) -> None:
    info = find(root, "KeyInfo")
    info[:] = [
        parse(f'<ds:KeyInfo xmlns:ds="{forge.DS}">{forge.certificates("cutru")}</ds:KeyInfo>'.encode())[0]
    ]


def _identified(root: etree._Element) -> None:
    named = etree.SubElement(find(root, "SecurityTokenReference"), f"{{{WSSE}}}KeyIdentifier")
    named.set("ValueType", f"{_X509}#X509SubjectKeyIdentifier")
    named.text = base64.b64encode(bytes(20)).decode()
    find(root, "SecurityTokenReference").remove(_pointer(root))


def _by_authority() -> bytes:
    return serialize(sign(message(), "ca"))


WRAPPING = Attack(_wrapping, receive, Refused, honest=honest)
TOKENS = Attack(_tokens, receive, Refused, honest=honest)
