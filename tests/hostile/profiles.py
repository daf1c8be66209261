"""Signature wrapping in XAdES and in the two-reference profile of the insurance gateway."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import datetime

from lxml import etree

from signing.stamps import timestamp
from signing.xml import parse, serialize
from signing.xmlsig import xades
from signing.xmlsig.xmldsig import sign_two_reference, verify_two_reference
from tests import pki
from tests.hostile import forge
from tests.hostile.attack import Attack, Hostile
from tests.hostile.forge import DS
from tests.hostile.wrapping import FORMS, OTHERS, SIGNATURE, WHY, moved, object_of

# ---------------------------------------------------------------------- XAdES


def _signed_xades() -> etree._Element:
    root = forge.declaration()
    xades.sign_enveloped(root, pki.signer("hub"), at=pki.NOW)
    return parse(serialize(root))


def _properties_wrapped(root: etree._Element) -> etree._Element:
    """The signed properties move away, forged ones take their place."""
    twin = copy.deepcopy(root)
    properties = next(twin.iter("{*}SignedProperties"))
    false = copy.deepcopy(properties)
    next(false.iter("{*}SigningTime")).text = "2020-01-01T00:00:00Z"
    holder = properties.getparent()
    assert holder is not None
    holder.replace(properties, false)
    signature = twin.find(SIGNATURE)
    assert signature is not None
    object_of(signature).append(properties)
    return twin


def _properties_twice(root: etree._Element) -> etree._Element:
    """Two sets of properties in one signature."""
    twin = copy.deepcopy(root)
    holder = next(twin.iter("{*}QualifyingProperties")).getparent()
    assert holder is not None
    signature = twin.find(SIGNATURE)
    assert signature is not None
    signature.append(copy.deepcopy(holder))
    return twin


def _properties_of_another(root: etree._Element) -> etree._Element:
    """Properties that say they are about another signature."""
    twin = copy.deepcopy(root)
    next(twin.iter("{*}QualifyingProperties")).set("Target", "#another")
    return twin


def _unsigned_first(root: etree._Element) -> etree._Element:
    """Unsigned properties under the name of signed ones."""
    twin = copy.deepcopy(root)
    qualifying = next(twin.iter("{*}QualifyingProperties"))
    false = copy.deepcopy(qualifying[0])
    next(false.iter("{*}SigningTime")).text = "2020-01-01T00:00:00Z"
    qualifying.insert(0, false)
    return twin


def _time_changed(root: etree._Element) -> etree._Element:
    """Another signing time."""
    twin = copy.deepcopy(root)
    next(twin.iter("{*}SigningTime")).text = "2020-01-01T00:00:00Z"
    return twin


def _content_format_changed(root: etree._Element) -> etree._Element:
    """Another media type of the signed content."""
    twin = copy.deepcopy(root)
    next(twin.iter("{*}MimeType")).text = "text/html"
    return twin


def _time_stamp_added(root: etree._Element) -> etree._Element:
    """A time-stamp of rubbish."""
    twin = copy.deepcopy(root)
    signature = twin.find(SIGNATURE)
    assert signature is not None
    xades.add_timestamp(signature, b"\x30\x03\x02\x01\x00")
    return twin


def _xades() -> Iterator[Hostile]:
    root = _signed_xades()
    for move in (*FORMS, *OTHERS):
        yield moved(move, root, "XAdES")
    own = (_properties_wrapped, _properties_twice, _properties_of_another, _unsigned_first, _time_changed)
    for move in (*own, _content_format_changed, _time_stamp_added):
        yield Hostile(
            move.__name__.strip("_"),
            lambda move=move: serialize(move(root)),
            f"{WHY}|token|properties|signed data",
        )  # type: ignore[misc]


def _stamped(token: bytes, data: bytes) -> datetime:
    return timestamp.verify(token, data, []).at


def advanced(data: bytes) -> object:
    """A XAdES signature of one of two partners, whose time-stamps nobody has made."""
    return xades.verify_enveloped(parse(data), pki.trust("hub", "cutru"), pki.NOW, stamped=_stamped)


# ---------------------------------------------------------------------- two references

_CERTIFICATE = (
    '<HSDLGCS><GIAYCHUNGSINH Id="Id-7"><TEN_CON>Nguyễn Văn An</TEN_CON><MA_CT/></GIAYCHUNGSINH>'
    "<CHUKYDONVI/></HSDLGCS>"
).encode()
_NAMES = {"payload": "GIAYCHUNGSINH", "holder": "CHUKYDONVI"}


def _certified() -> etree._Element:
    root = parse(_CERTIFICATE)
    sign_two_reference(root, pki.signer("bhxh"), at=pki.NOW, **_NAMES)
    return parse(serialize(root))


def _false_payload(root: etree._Element, identifier: str | None) -> etree._Element:
    false = copy.deepcopy(root[0])
    false[0].text = "Trần Thị Bình"
    if identifier is None:
        false.attrib.pop("Id")
    else:
        false.set("Id", identifier)
    return false


def _two(name: str, move: Callable[[etree._Element], object]) -> Hostile:
    def make() -> bytes:
        root = _certified()
        move(root)
        return serialize(root)

    return Hostile(name, make, WHY)


def _places(root: etree._Element) -> dict[str, etree._Element]:
    """Where a signed payload can be hidden."""
    signature = root[1][0]
    return {
        "the holder": root[1],
        "the signature": signature,
        "its Object": signature.find(f"{{{DS}}}Object"),  # type: ignore[dict-item]
        "its KeyInfo": signature.find(f"{{{DS}}}KeyInfo"),  # type: ignore[dict-item]
        "the forged payload": root[0],
        "a new element": etree.SubElement(root, "GHICHU"),
    }


def _hide(root: etree._Element, place: str, identifier: str | None) -> None:
    true, false = root[0], _false_payload(root, identifier)
    root.replace(true, false)
    _places(root)[place].append(true)
    if place != "a new element":
        root.remove(root[-1])


def _copies(root: etree._Element, where: int) -> None:
    root.insert(where, _false_payload(root, "Id-8"))


def _rename(root: etree._Element, name: str) -> None:
    root[0].tag = name


def _two_references() -> Iterator[Hostile]:
    for place in _places(_certified()):
        for said, identifier in (("the same", "Id-7"), ("a new", "Id-8"), ("no", None)):
            yield _two(
                f"payload hidden in {place}, {said} identifier",
                lambda root, place=place, identifier=identifier: _hide(root, place, identifier),  # type: ignore[misc]
            )
    yield _two("forged payload before it", lambda root: _copies(root, 0))
    yield _two("forged payload between", lambda root: _copies(root, 1))
    yield _two("forged payload behind", lambda root: _copies(root, 2))
    yield _two("payload under another name", lambda root: _rename(root, "GIAYBAOTU"))
    yield _two("content changed", lambda root: root[0][0].__setattr__("text", "Trần Thị Bình"))
    yield _two("attribute added", lambda root: root[0].set("loai", "2"))
    yield _two("signing time changed", _retime)
    yield _two("Object exchanged", _objects)
    yield _two("identifier used twice", lambda root: root[0][1].set("ID", "Id-7"))
    yield _two("identifiers exchanged", _exchange)
    yield _two("signature twice", lambda root: root[1].append(copy.deepcopy(root[1][0])))
    yield _two("holder twice", lambda root: root.append(copy.deepcopy(root[1])))
    yield _two("reference dropped", lambda root: _references(root).remove(_references(root)[3]))
    yield _two(
        "reference repeated", lambda root: _references(root).append(copy.deepcopy(_references(root)[3]))
    )
    yield _two("signature removed", lambda root: root[1].remove(root[1][0]))


def _references(root: etree._Element) -> etree._Element:
    return root[1][0][0]


def _retime(root: etree._Element) -> None:
    next(root.iter("{*}SigningTime")).text = "2020-01-01T00:00:00+00:00"


def _objects(root: etree._Element) -> None:
    signature = root[1][0]
    true = signature.find(f"{{{DS}}}Object")
    assert true is not None
    false = copy.deepcopy(true)
    signature.replace(true, false)
    object_of(false).append(true)
    next(false.iter("{*}SigningTime")).text = "2020-01-01T00:00:00+00:00"


def _exchange(root: etree._Element) -> None:
    holder = root[1][0].find(f"{{{DS}}}Object")
    assert holder is not None
    first, second = root[0].get("Id") or "", holder.get("Id") or ""
    root[0].set("Id", second)
    holder.set("Id", first)


def gateway(data: bytes) -> object:
    """A document in the profile of the insurance gateway."""
    return verify_two_reference(parse(data), pki.trust("bhxh", "yte"), pki.NOW, **_NAMES)


XADES = Attack(_xades, advanced, honest=lambda: serialize(_signed_xades()))
TWO_REFERENCES = Attack(_two_references, gateway, honest=lambda: serialize(_certified()))
